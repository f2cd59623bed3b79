"""One segment being written: whole groups of blocks or nothing."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from service.backends.spool.files import Files


def disk_full(error: OSError) -> bool:
    """Whether the disk, or our share of it, is used up."""
    return error.errno in {errno.ENOSPC, errno.EDQUOT}


class WriteSegment:
    """An open segment. After ``spoilt`` nothing may be written to it: what the kernel holds of it is unknown."""

    def __init__(self, path: Path, descriptor: int, files: Files) -> None:
        self.path = path
        self.size = 0
        """Bytes written and synced."""
        self.spoilt = False
        self._descriptor = descriptor
        self._files = files

    @classmethod
    def create(cls, path: Path, files: Files) -> Self:
        """A file that did not exist before, its name on the disk."""
        segment = cls(path, files.create(path), files)
        try:
            files.sync_folder(path.parent)
        except OSError:
            segment.close()
            raise
        return segment

    def put(self, blocks: Sequence[bytes]) -> None:
        """Write and sync, or raise with the file as it was before.

        A full disk leaves the segment usable where a partial block could be cut off and no whole one was written:
        a reader that has taken a block stands behind it. A failed sync never does: the kernel may have
        dropped the pages and would call the next sync a success.
        """
        data = blocks[0] if len(blocks) == 1 else b"".join(blocks)
        view, offset = memoryview(data), self.size
        try:
            while view:
                written = self._files.write(self._descriptor, view, offset)
                view, offset = view[written:], offset + written
        except OSError as error:
            self.spoilt = not disk_full(error) or len(blocks) > 1
            self._cut()
            raise
        try:
            self._files.sync(self._descriptor)
        except OSError:
            self.spoilt = True
            self._cut()
            raise
        self.size = offset

    def close(self) -> None:
        """End the file; one that holds nothing is removed."""
        try:
            self._files.close(self._descriptor)
            if self.size == 0:
                self._files.remove(self.path)
        except OSError:
            return

    def _cut(self) -> None:
        try:
            self._files.truncate(self._descriptor, self.size)
        except OSError:
            self.spoilt = True
