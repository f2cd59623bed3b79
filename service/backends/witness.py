"""The witness: heads of the audit log, kept in a file outside the database.

A line a head, appended and synced: its number and digest. A copy of this file on another machine is the
protection against somebody who has both the database and this file.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from pathlib import Path

    from service.model.audit import Entry


log = structlog.get_logger(__name__)


class Witness:
    """Heads seen, in the order in which they were."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def note(self, entry: Entry) -> None:
        """Add a head. Where it cannot be written that is logged: the entry itself is stored, and the next is noted."""
        try:
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            try:
                os.write(descriptor, f"{entry.number} {entry.digest.hex()}\n".encode())
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        except OSError as error:
            log.error("audit.unwitnessed", number=entry.number, file=str(self._path), error=error.strerror)  # noqa: TRY400

    def heads(self) -> dict[int, bytes]:
        """Digest by number; empty where there is no file yet. A torn last line is passed over."""
        try:
            lines = self._path.read_text("ascii", "replace").splitlines()
        except FileNotFoundError:
            return {}
        found = {}
        for line in lines:
            number, _, digest = line.partition(" ")
            if number.isdigit() and len(digest) == 64:
                found[int(number)] = bytes.fromhex(digest)
        return found
