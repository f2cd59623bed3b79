"""The few calls by which the writer touches the disk, in one place so that a test can let each of them fail."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class Files:
    """The real disk. All of it may raise ``OSError``."""

    def create(self, path: Path) -> int:
        """Descriptor of a file that did not exist before."""
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)

    def write(self, descriptor: int, data: bytes | memoryview, offset: int) -> int:
        """Bytes written, which may be fewer than given."""
        return os.pwrite(descriptor, data, offset)

    def sync(self, descriptor: int) -> None:
        """Everything written so far is on the disk."""
        getattr(os, "fdatasync", os.fsync)(descriptor)

    def truncate(self, descriptor: int, size: int) -> None:
        os.ftruncate(descriptor, size)

    def allocate(self, descriptor: int, size: int) -> None:
        """Give the file ``size`` bytes of its own."""
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(descriptor, 0, size)
            return
        for offset in range(0, size, 1 << 20):
            os.pwrite(descriptor, bytes(min(1 << 20, size - offset)), offset)

    def free(self, folder: Path) -> int:
        """Bytes that an unprivileged process may still take."""
        status = os.statvfs(folder)
        return status.f_bavail * status.f_frsize

    def sync_folder(self, folder: Path) -> None:
        """Names made so far are on the disk."""
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def rename(self, path: Path, new: Path) -> None:
        path.rename(new)

    def remove(self, path: Path) -> None:
        path.unlink(missing_ok=True)

    def close(self, descriptor: int) -> None:
        os.close(descriptor)
