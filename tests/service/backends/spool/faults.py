"""A disk that fails on demand."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from tests.service.backends.spool.factories import NoSync

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class FailingFiles(NoSync):
    """Each call on a segment that ``failing`` says yes to gets an I/O error instead."""

    def __init__(self, failing: Callable[[str], bool]) -> None:
        self.failing = failing
        self.calls: list[tuple[str, int]] = []
        self.synced_after_failure: set[int] = set()
        self._failed: set[int] = set()
        self.segments: set[int] = set()

    def create(self, path: Path) -> int:
        self._check("create")
        descriptor = super().create(path)
        if path.suffix == ".seg":
            self.segments.add(descriptor)
            self._failed.discard(descriptor)
        return descriptor

    def write(self, descriptor: int, data: bytes | memoryview, offset: int) -> int:
        if descriptor in self.segments and self.failing("write"):
            # As a real disk does: a part gets through before the error.
            super().write(descriptor, data[: len(data) // 2], offset)
            raise OSError(errno.EIO, "Input/output error")
        return super().write(descriptor, data, offset)

    def sync(self, descriptor: int) -> None:
        if descriptor in self._failed:
            self.synced_after_failure.add(descriptor)
        if descriptor in self.segments and self.failing("sync"):
            self._failed.add(descriptor)
            raise OSError(errno.EIO, "Input/output error")

    def truncate(self, descriptor: int, size: int) -> None:
        self._check("truncate")
        super().truncate(descriptor, size)

    def close(self, descriptor: int) -> None:
        self.segments.discard(descriptor)
        self._failed.discard(descriptor)
        super().close(descriptor)

    def _check(self, call: str) -> None:
        if self.failing(call):
            raise OSError(errno.EIO, "Input/output error")


class SmallDisk(NoSync):
    """A disk of ``size`` bytes: full is full, also in the middle of a block."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._files: dict[int, Path] = {}
        self._used: dict[Path, int] = {}

    @property
    def used(self) -> int:
        """Bytes taken."""
        return sum(self._used.values())

    def create(self, path: Path) -> int:
        descriptor = super().create(path)
        self._files[descriptor] = path
        self._used[path] = 0
        return descriptor

    def write(self, descriptor: int, data: bytes | memoryview, offset: int) -> int:
        path = self._files.get(descriptor)
        if path is None:
            return super().write(descriptor, data, offset)
        room = max(self.size - self.used + self._used[path] - offset, 0)
        if room == 0 and len(data) > 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        written = super().write(descriptor, data[:room], offset)
        self._used[path] = max(self._used[path], offset + written)
        return written

    def truncate(self, descriptor: int, size: int) -> None:
        super().truncate(descriptor, size)
        self._used[self._files[descriptor]] = size

    def allocate(self, descriptor: int, size: int) -> None:
        if size > self.size - self.used:
            raise OSError(errno.ENOSPC, "No space left on device")
        super().allocate(descriptor, size)
        self._used[self._files[descriptor]] = size

    def free(self, folder: Path) -> int:  # noqa: ARG002 - the disk has one folder
        return self.size - self.used

    def rename(self, path: Path, new: Path) -> None:
        super().rename(path, new)
        if path in self._used:
            self._used[new] = self._used.pop(path)

    def remove(self, path: Path) -> None:
        super().remove(path)
        self._used.pop(path, None)

    def close(self, descriptor: int) -> None:
        super().close(descriptor)
        self._files.pop(descriptor, None)
