"""The disk side of the writer: groups of records in, acknowledgements out. One thread uses it.

When a group cannot be written it is tried once more: in a new segment after an I/O error, without texts from the
reserve when the disk is full. What fails twice is counted. A sequence number, once it may have been seen in a
file, is never given to another record.
"""

from __future__ import annotations

import hashlib
import time
from typing import TYPE_CHECKING

import msgspec
import structlog

from service.backends.spool import format as layout
from service.backends.spool.folder import segment_name
from service.backends.spool.gaps import gap_of
from service.backends.spool.segment import WriteSegment, disk_full
from service.model.query import Gap, Mark, Start

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from service.backends.spool.crypto import Cipher
    from service.backends.spool.files import Files
    from service.backends.spool.gaps import Ledger
    from service.backends.spool.reserve import Reserve
    from service.model.query import Record

log = structlog.get_logger(__name__)

PROBE = 1.0
"""Seconds between looks whether a full disk has space again."""


class Journal:
    """The segments of one boot."""

    def __init__(
        self, folder: Path, boot: str, *, cipher: Cipher, ledger: Ledger, reserve: Reserve, files: Files, segment: int
    ) -> None:
        self._folder = folder
        self._boot = boot
        self._cipher = cipher
        self._ledger = ledger
        self._reserve = reserve
        self._files = files
        self._segment_bytes = segment
        self._segment: WriteSegment | None = None
        self._next = 1
        self._nonce = 0
        self._begun = self._attempt = 0
        self._probed = 0.0
        self._failing = False
        reserved = reserve.make()
        self._lean = not reserved and files.free(folder) < segment
        """The disk is full: records are written without their texts."""
        if not reserved:
            log.error("spool.reserve_missing", folder=str(folder), reason="no space", without_text=self._lean)

    @property
    def troubled(self) -> bool:
        """Whether ``mend`` has something to do."""
        return self._lean or self._ledger.untold

    def mend(self) -> None:
        """Look for space, and write down what could not be logged."""
        self.commit(())

    def commit(self, records: Sequence[Record]) -> list[bool]:
        """For each record whether it is synced now; the others are counted in the ledger."""
        if self._lean:
            self._probe()
        gap = None if self._lean else self._ledger.take(self._next)
        group = [gap, *records] if gap else records
        written = self._write_all(group) if group else []
        if gap:
            self._ledger.settle(told=written.pop(0))
        if not all(written):
            for record, ok in zip(records, written, strict=True):
                if not ok:
                    self._ledger.add(gap_of(record))
            self._ledger.sync()
        return written

    def close(self) -> None:
        """Write down what could not be logged, and end the segment."""
        if self.troubled:
            self._probed = 0.0
            self.mend()
        self._end_segment()

    def _write_all(self, records: Sequence[Record]) -> list[bool]:
        try:
            return self._write(records)
        except Exception:
            # Whatever it is, the thread must live: later groups may be written, and these are counted.
            log.exception("spool.not_logged", folder=str(self._folder), records=len(records))
            return [False] * len(records)

    def _write(self, records: Sequence[Record]) -> list[bool]:
        sound = [True] * len(records)
        try:
            blocks = self._blocks(records)
        except (ValueError, TypeError, OverflowError):
            sound = [_encodable(record) for record in records]
            records = [record for record, ok in zip(records, sound, strict=True) if ok]
            log.warning("spool.record_refused", records=sound.count(False), reason="has no MessagePack form")
            blocks = self._blocks(records)
        if records and not self._put(records, blocks):
            return [False] * len(sound)
        self._next += len(records)
        return sound

    def _put(self, records: Sequence[Record], blocks: list[bytes]) -> bool:
        try:
            self._append(blocks)
        except OSError as error:
            if disk_full(error) and not self._lean:
                self._go_lean()
                blocks = self._blocks(records)
            else:
                self._failed(error)
            return self._retry(blocks, len(records))
        return True

    def _retry(self, blocks: list[bytes], count: int) -> bool:
        if self._segment and self._segment.spoilt:
            self._end_segment()
        try:
            # Sealed anew only where it differs; the same bytes under the same nonce tell nobody anything.
            self._append(blocks)
        except OSError as error:
            self._failed(error)
            if self._segment and self._segment.spoilt:
                # A reader may have seen these numbers before the file was cut.
                self._next += count
                self._end_segment()
            return False
        return True

    def _failed(self, error: OSError) -> None:
        # Said once: a broken disk fails every group, and its log would fill the next disk.
        if not self._failing:
            self._failing = True
            log.warning("spool.write_failed", folder=str(self._folder), error=error.strerror)

    def _append(self, blocks: list[bytes]) -> None:
        if self._segment and self._segment.size >= self._segment_bytes:
            self._end_segment()
        if self._segment is None:
            self._segment = self._begin_segment()
        self._segment.put(blocks)
        if self._failing:
            self._failing = False
            log.info("spool.writes_again", folder=str(self._folder))

    def _begin_segment(self) -> WriteSegment:
        # A name is used once: a reader may still have the file open that bore it and was removed.
        self._attempt = self._attempt + 1 if self._begun == self._next else 0
        self._begun = self._next
        return WriteSegment.create(self._folder / segment_name(self._boot, self._next, self._attempt), self._files)

    def _end_segment(self) -> None:
        if self._segment:
            self._segment.close()
            self._segment = None

    def _blocks(self, records: Sequence[Record]) -> list[bytes]:
        if self._lean:
            records = [without_text(record) for record in records]
        first, parts = self._next, list[bytes]()
        for block in _split(records):
            self._nonce += 1
            count = len(block)
            sealed = self._cipher.seal(layout.encode(block), first=first, count=count, nonce=self._nonce)
            at = layout.time_of(block[0])
            parts.append(layout.pack(sealed, first=first, count=count, at=at, nonce=self._nonce))
            first += count
        return parts

    def _go_lean(self) -> None:
        self._lean = True
        self._reserve.release()
        self._probed = time.monotonic()
        log.error("spool.disk_full", folder=str(self._folder), reserve="records are logged without text from it")

    def _probe(self) -> None:
        if (now := time.monotonic()) - self._probed < PROBE:
            return
        self._probed = now
        try:
            self._lean = not self._reserve.make(slack=self._segment_bytes)
        except OSError:
            return
        if not self._lean:
            log.info("spool.disk_free", folder=str(self._folder))


def without_text(record: Record) -> Record:
    """The record as the reserve takes it: all but the body, whose digest and size stay known."""
    if isinstance(record, Gap | Mark) or not record.body:
        return record
    if isinstance(record, Start):
        digest = record.digest or hashlib.blake2b(record.body, digest_size=16).digest()
        return msgspec.structs.replace(record, body=b"", full=False, digest=digest)
    return msgspec.structs.replace(record, body=b"", full=False)


def _split(records: Sequence[Record]) -> Iterator[Sequence[Record]]:
    start = size = 0
    for index, record in enumerate(records):
        weight = layout.weight(record)
        if index > start and (size + weight > layout.BLOCK_BYTES or index - start >= layout.BLOCK_RECORDS):
            yield records[start:index]
            start, size = index, 0
        size += weight
    if start < len(records):
        yield records[start:]


def _encodable(record: Record) -> bool:
    try:
        layout.encode((record,))
    except (ValueError, TypeError, OverflowError):
        return False
    return True
