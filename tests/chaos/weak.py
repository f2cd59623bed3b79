"""Deliberately weak variants of a role, to prove that the harness sees what they lose or count twice.

``python -m tests.chaos.weak VARIANT ROLE`` runs the role with one promise broken. Nothing of it is in the product.
"""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from typing import TYPE_CHECKING

from service import roles
from service.backends.spool import SpoolReader, SpoolWriter
from service.backends.sql.checkpoint import SqlCheckpoint
from service.ports import Commit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from service.model.query import Record
    from service.ports import Sourced

BUFFER = 0.3
"""Seconds that records stay in memory in the variant that acknowledges from there."""
EARLY = 0.5
"""Seconds between reading and the checkpoint in the variant that deletes between the two."""
APART = 2.0
"""Seconds between two savings of the positions in the variant that stores them apart."""


def memory() -> None:
    """Acknowledge from memory; write a little later."""
    append = SpoolWriter.append

    def at_once(self: SpoolWriter, record: Record) -> asyncio.Future[bool]:
        loop = asyncio.get_running_loop()
        loop.call_later(BUFFER, append, self, record)
        answer: asyncio.Future[bool] = loop.create_future()
        answer.set_result(True)
        return answer

    SpoolWriter.append = at_once  # type: ignore[method-assign]


def early() -> None:
    """Delete what was read, before a checkpoint covers it."""
    read = SpoolReader.read

    def and_release(self: SpoolReader, after: Mapping[str, int], limit: int) -> Sequence[Sourced]:
        taken = read(self, after, limit)
        self._retain = 0.0
        self.release({**after, **{item.source: item.sequence for item in taken}})
        return taken

    SpoolReader.read = and_release  # type: ignore[method-assign]
    whole = SqlCheckpoint.commit

    def later(self: SqlCheckpoint, commit: Commit) -> None:
        time.sleep(EARLY)
        whole(self, commit)

    SqlCheckpoint.commit = later  # type: ignore[method-assign]


def apart() -> None:
    """Store the positions apart from the states, now and then."""
    whole = SqlCheckpoint.commit
    newest = Commit()
    lock = threading.Lock()

    def without_positions(self: SqlCheckpoint, commit: Commit) -> None:
        nonlocal newest
        with lock:
            begun = bool(newest.positions)
            newest = Commit(positions=commit.positions, logged=commit.logged)
            commit.positions, commit.logged = {}, {}
            whole(self, commit)
        if not begun:
            threading.Thread(target=save, args=(self,), daemon=True).start()

    def save(checkpoint: SqlCheckpoint) -> None:
        while True:
            time.sleep(APART)
            with lock:
                whole(checkpoint, newest)

    SqlCheckpoint.commit = without_positions  # type: ignore[method-assign]


VARIANTS: dict[str, Callable[[], None]] = {"memory": memory, "early": early, "apart": apart}

if __name__ == "__main__":
    VARIANTS[sys.argv.pop(1)]()
    roles.main()
