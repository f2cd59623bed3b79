"""Disk space set aside: the reserve for records without text, and spare ledgers for boots on a full disk."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from service.backends.spool.folder import RESERVE, ledger_name
from service.backends.spool.gaps import FILE_SIZE

if TYPE_CHECKING:
    from pathlib import Path

    from service.backends.spool.files import Files

SPARES = 4
"""Restarts that a full disk allows with counts that outlive the process."""


class Reserve:
    """A file that only holds space, given back to the disk when it is full."""

    def __init__(self, folder: Path, size: int, files: Files) -> None:
        self._path = folder / RESERVE
        self._folder = folder
        self._size = size
        self._files = files

    def make(self, *, slack: int = 0) -> bool:
        """Whether the space is set aside now; made only where ``slack`` bytes stay free beside it."""
        if self._size == 0:
            return self._files.free(self._folder) >= slack
        try:
            if self._path.exists() and self._path.stat().st_blocks * 512 >= self._size:
                return True
            if self._files.free(self._folder) < self._size + slack:
                return False
            self._files.remove(self._path)
            _allocate(self._path, self._size, self._files)
        except OSError:
            self.release()
            return False
        return True

    def release(self) -> None:
        """Give the space back."""
        try:
            self._files.remove(self._path)
        except OSError:
            return


def open_ledger(folder: Path, boot: str, files: Files) -> int | None:
    """An allocated file for the boot's ledger, a spare one where there is one; None where the disk has no room."""
    path = folder / ledger_name(boot)
    spares = [folder / f"spare-{number}" for number in range(SPARES)]
    for spare in spares:
        try:
            if spare.stat().st_size >= FILE_SIZE:
                files.rename(spare, path)
                break
        except OSError:
            continue
    try:
        if not path.exists():
            _allocate(path, FILE_SIZE, files)
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return None
    for spare in spares:
        try:
            if not spare.exists():
                _allocate(spare, FILE_SIZE, files)
        except OSError:
            break
    return descriptor


def _allocate(path: Path, size: int, files: Files) -> None:
    descriptor = files.create(path)
    try:
        files.allocate(descriptor, size)
        files.sync(descriptor)
    except OSError:
        files.remove(path)
        raise
    finally:
        files.close(descriptor)
