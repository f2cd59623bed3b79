"""Records, journals and reading, each with defaults."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from service.backends.spool.crypto import Cipher
from service.backends.spool.files import Files
from service.backends.spool.folder import claim, new_boot
from service.backends.spool.gaps import Ledger
from service.backends.spool.journal import Journal
from service.backends.spool.reader import SpoolReader
from service.backends.spool.reserve import Reserve, open_ledger
from service.model.query import End, Gap, Outcome, Start

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from service.model.query import Record
    from service.ports import Sourced

KEY = bytes(range(32))
SEGMENT = 64 * 1024


class NoSync(Files):
    """The real disk without waiting for it: what is written is seen, as after a kill of the process."""

    def sync(self, descriptor: int) -> None:
        pass

    def sync_folder(self, folder: Path) -> None:
        pass


def a_start(number: int = 1, *, body: bytes = b'{"messages": []}', path: str = "/v1/chat/completions") -> Start:
    """A start record that its number tells from all others."""
    return Start(
        id=number.to_bytes(16, "big"),
        at=1_700_000_000_000_000 + number,
        account="acme",
        org="",
        ip_prefix="203.0.113.0/24",
        method="POST",
        path=path,
        headers={"user-agent": "client/1"},
        body=body,
        size=len(body),
        full=True,
        digest=b"",
    )


def an_end(number: int = 1, *, body: bytes = b'{"choices": []}') -> End:
    """The end record to ``a_start`` of the same number."""
    return End(
        id=number.to_bytes(16, "big"),
        at=1_700_000_000_500_000 + number,
        status=200,
        outcome=Outcome.OK,
        ttft=1000,
        encoding="",
        content_type="application/json",
        body=body,
        size=len(body),
        full=True,
    )


@dataclass(slots=True)
class ABoot:
    """A journal as a gateway would have it open, and what belongs to it."""

    journal: Journal
    name: str
    ledger: Ledger
    lock: int

    @classmethod
    def begin(cls, folder: Path, *, files: Files | None = None, segment: int = SEGMENT, reserve: int = 0) -> Self:
        """Open the folder."""
        files = files or NoSync()
        lock = claim(folder)
        name = new_boot(folder)
        cipher = Cipher(KEY, name)
        ledger = Ledger(open_ledger(folder, name, files), cipher.check, files)
        journal = Journal(
            folder,
            name,
            cipher=cipher,
            ledger=ledger,
            reserve=Reserve(folder, reserve, files),
            files=files,
            segment=segment,
        )
        return cls(journal, name, ledger, lock)

    def kill(self) -> None:
        """End without any of what an orderly end does: only the kernel's side of it happens."""
        if self.journal._segment:
            os.close(self.journal._segment._descriptor)
            self.journal._segment = None
        self.ledger.close()
        os.close(self.lock)


def drain(reader: SpoolReader, after: dict[str, int], *, limit: int = 1000) -> list[Sourced]:
    """Read until nothing comes, moving the positions ``after`` along."""
    taken: list[Sourced] = []
    while batch := reader.read(after, limit):
        for item in batch:
            assert item.sequence > after.get(item.source, 0)
            after[item.source] = item.sequence
        taken.extend(batch)
    return taken


def read_all(folder: Path) -> list[Record]:
    """All that a fresh reader finds."""
    return [item.record for item in drain(SpoolReader(folder, KEY), {})]


def queries(records: Iterable[Record]) -> list[Record]:
    """Without the gaps."""
    return [record for record in records if not isinstance(record, Gap)]


def lost(records: Iterable[Record]) -> int:
    """How many records the gaps tell of."""
    return sum(record.starts + record.ends for record in records if isinstance(record, Gap))
