"""The gateway's sink: an ``EventSink`` that never blocks the event loop and never raises for a broken disk.

``append`` puts a record in a queue bounded in bytes. One thread takes what has gathered, writes and syncs it as one
group, and resolves the group's futures with one call into the loop. While the disk syncs, the next group gathers.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import queue
import threading
from collections import deque
from typing import TYPE_CHECKING, Self

import structlog

from service.backends.spool import format as layout
from service.backends.spool.crypto import Cipher
from service.backends.spool.files import Files
from service.backends.spool.folder import claim, new_boot
from service.backends.spool.gaps import Ledger, gap_of
from service.backends.spool.journal import PROBE, Journal
from service.backends.spool.reserve import Reserve, open_ledger
from service.metrics import NOT_LOGGED
from service.model.query import Start

if TYPE_CHECKING:
    from pathlib import Path

    from service.model.query import Record

log = structlog.get_logger(__name__)

LINGER = 0.004
"""Seconds that an end waits for a start to share its sync with; nobody waits for an end."""
GROUP_BYTES = 4 * 1024 * 1024
MIB = 1024 * 1024

_Waiting = tuple["Record", int, "asyncio.Future[bool]"]


class SpoolWriter:
    """One boot's writer. Make it with ``open``; use it from one event loop."""

    def __init__(self, boot: str, journal: Journal, ledger: Ledger, *, lock: int, queue_bytes: int) -> None:
        self.source = boot
        """Name of this boot, the source of its records."""
        self._journal = journal
        self._ledger = ledger
        self._lock = lock
        self._queue_bytes = queue_bytes
        self._queued = 0
        self._waiting: deque[_Waiting] = deque()
        # A C queue waits without holding the interpreter's lock.
        self._bell: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._rung = False
        self._lingering = False
        self._closing = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._run, name="spool", daemon=True)
        self._thread.start()

    @classmethod
    def open(
        cls,
        folder: Path,
        key: bytes,
        *,
        segment_bytes: int = 8 * MIB,
        reserve_bytes: int = 16 * MIB,
        queue_bytes: int = 64 * MIB,
        files: Files | None = None,
    ) -> Self:
        """Begin a boot in the folder; ``key`` is the installation's spool key of 32 bytes.

        Raises
        ------
        SpoolError
            The folder is not ours, not writable, or in use by another gateway.

        """
        files = files or Files()
        lock = claim(folder)
        try:
            with contextlib.suppress(OSError):
                # The folder's own name; where the disk is that broken, its segments say so.
                files.sync_folder(folder.parent)
            boot = new_boot(folder)
            cipher = Cipher(key, boot)
            reserve = Reserve(folder, reserve_bytes, files)
            descriptor = open_ledger(folder, boot, files)
            if descriptor is None:
                log.error(
                    "spool.ledger_missing", folder=str(folder), reason="no space: counts last until the next stop"
                )
            ledger = Ledger(descriptor, cipher.check, files)
            journal = Journal(
                folder, boot, cipher=cipher, ledger=ledger, reserve=reserve, files=files, segment=segment_bytes
            )
        except BaseException:
            os.close(lock)
            raise
        return cls(boot, journal, ledger, lock=lock, queue_bytes=queue_bytes)

    def append(self, record: Record) -> asyncio.Future[bool]:
        """Queue a record; the answer is whether it is synced. See ``ports.EventSink``."""
        loop = self._loop or self._bind()
        future: asyncio.Future[bool] = loop.create_future()
        weight = layout.weight(record)
        if self._closing or self._queued + weight > self._queue_bytes:
            self._refuse(record)
            future.set_result(False)
            return future
        self._queued += weight
        self._waiting.append((record, weight, future))
        if not self._rung:
            if isinstance(record, Start):
                self._ring()
            elif not self._lingering:
                self._lingering = True
                loop.call_later(LINGER, self._linger_over)
        return future

    async def close(self) -> None:
        """Sync what is queued, end the segment, and give the folder free. More than once is harmless."""
        if not self._closing:
            self._closing = True
            self._bell.put(None)
        await asyncio.get_running_loop().run_in_executor(None, self._thread.join)

    def _bind(self) -> asyncio.AbstractEventLoop:
        self._loop = asyncio.get_running_loop()
        return self._loop

    def _refuse(self, record: Record) -> None:
        gap = gap_of(record)
        self._ledger.add(gap)
        _count(gap.starts, gap.ends)

    def _ring(self) -> None:
        self._rung = True
        self._bell.put(None)

    def _linger_over(self) -> None:
        self._lingering = False
        if self._waiting and not self._rung:
            self._ring()

    # The thread's side

    def _run(self) -> None:
        try:
            while not (self._closing and not self._waiting):
                self._wait()
                self._rung = False
                while group := self._gather():
                    self._commit(group)
            self._journal.close()
        finally:
            self._ledger.close()
            os.close(self._lock)

    def _wait(self) -> None:
        try:
            self._bell.get(timeout=PROBE if self._journal.troubled else None)
        except queue.Empty:
            self._journal.mend()

    def _gather(self) -> list[_Waiting]:
        group: list[_Waiting] = []
        size = 0
        while self._waiting and size < GROUP_BYTES:
            item = self._waiting.popleft()
            size += item[1]
            group.append(item)
        return group

    def _commit(self, group: list[_Waiting]) -> None:
        written = self._journal.commit([item[0] for item in group])
        for (record, _, _), ok in zip(group, written, strict=True):
            if not ok:
                gap = gap_of(record)
                _count(gap.starts, gap.ends)
        try:
            if self._loop:
                self._loop.call_soon_threadsafe(self._resolve, group, written)
        except RuntimeError:
            # The loop is closed: nobody waits any more, and the records are where they should be.
            return

    def _resolve(self, group: list[_Waiting], written: list[bool]) -> None:
        for (_, weight, future), ok in zip(group, written, strict=True):
            self._queued -= weight
            if not future.done():
                future.set_result(ok)


def _count(starts: int, ends: int) -> None:
    if starts:
        NOT_LOGGED.labels("start").inc(starts)
    if ends:
        NOT_LOGGED.labels("end").inc(ends)
