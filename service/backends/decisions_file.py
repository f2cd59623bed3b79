"""The snapshot of all decisions in one file: how they get from the control plane to every gateway.

Whoever changes a decision writes the file anew; gateways read it when it has
changed. So the guard needs no database, and an operator's block holds through
restarts and through the database's absence: what cannot be read leaves the last
good table in force.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import asdict
from dataclasses import fields as dataclass_fields
from typing import TYPE_CHECKING, Any

import structlog

from service.model.decision import Decision, Kind, Origin
from service.model.entity import Entity, Scope

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

log = structlog.get_logger(__name__)

VERSION = 1
KNOWN = frozenset(field.name for field in dataclass_fields(Decision))
_STRICTEST = (Kind.ALLOW, Kind.BLOCK, Kind.THROTTLE, Kind.ANNOTATE)
"""Which kind rules where several apply, first to last."""


@contextmanager
def publishing(path: Path) -> Iterator[None]:
    """Hold off other publishers.

    Taken before the decisions are read, so that of two processes that change one each, the one
    that writes last has read both.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path.with_name(f"{path.name}.lock"), os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def publish(path: Path, decisions: Sequence[Decision]) -> None:
    """Write the snapshot; readers see the old file or the new one, whole, whatever is killed.

    Raises
    ------
    OSError
        It could not be written; the old file is as it was.

    """
    write(path, encode(decisions))


def encode(decisions: Sequence[Decision]) -> bytes:
    """The snapshot's content; the same decisions in the same order give the same bytes."""
    return json.dumps({"v": VERSION, "decisions": [asdict(decision) for decision in decisions]}).encode()


def readable(document: bytes) -> bool:
    """Whether it is a snapshot that this version can obey."""
    try:
        _parse(document)
    except (ValueError, TypeError, KeyError):
        return False
    return True


def write(path: Path, document: bytes) -> None:
    """Write a snapshot as it is, whole or not at all. Raises OSError as ``publish``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(document)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(folder)  # the rename itself
    finally:
        os.close(folder)


class DecisionsFile:
    """``ports.DecisionTable`` over the snapshot.

    Parameters
    ----------
    path
        The snapshot; it need not be there yet.

    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._table: Mapping[Entity, Sequence[Decision]] = {}
        self._scopes: frozenset[Scope] = frozenset()
        self._seen: tuple[int, ...] | None = None
        self._sound = False
        self._read = -float("inf")
        self.refresh()

    def lookup(self, entities: Iterable[Entity], now: int) -> Decision | None:
        """The decision that rules over these entities, or None.

        Simulated ones rule only where no real one does: what is tried out must change nothing.
        """
        table = self._table
        if not table:
            return None
        ruling = None
        for entity in entities:
            for decision in table.get(entity, ()):
                if (
                    decision.since <= now
                    and (decision.until is None or decision.until > now)
                    and (ruling is None or _order(decision) < _order(ruling))
                ):
                    ruling = decision
        return ruling

    @property
    def scopes(self) -> frozenset[Scope]:
        """Scopes that any decision is about."""
        return self._scopes

    def refresh(self) -> bool:
        """Read the file if it has changed; whether it had. One ``stat`` where it has not.

        A file that is missing or damaged leaves the table as it is and is logged once.
        """
        seen = _signature(self._path)
        if seen == self._seen:
            if self._sound:
                self._read = time.monotonic()
            return False
        self._seen = seen
        try:
            self._take(_parse(self._path.read_bytes()))
            self._sound = True
        except (OSError, ValueError, TypeError, KeyError) as error:
            self._sound = False
            self._complain(error)
        return self._sound

    def all(self) -> Sequence[Decision]:
        """Every decision of the table."""
        return [decision for decisions in self._table.values() for decision in decisions]

    def age(self) -> float:
        """Seconds since the table was last known to be what the file says; infinite before the first time."""
        return time.monotonic() - self._read

    def _complain(self, error: Exception) -> None:
        if isinstance(error, FileNotFoundError) and not self._table:
            log.info("decisions.not_published", file=str(self._path))
            return
        log.warning(
            "decisions.unreadable",
            file=str(self._path),
            error=type(error).__name__,
            kept=sum(map(len, self._table.values())),
            hint="the last decisions read stay in force; starting the control plane writes the file anew",
        )

    def _take(self, decisions: Sequence[Decision]) -> None:
        table: dict[Entity, list[Decision]] = defaultdict(list)
        for decision in decisions:
            table[decision.entity].append(decision)
        self._table = dict(table)
        self._scopes = frozenset(entity.scope for entity in table)
        self._read = time.monotonic()


def _signature(path: Path) -> tuple[int, ...]:
    """What changes when the file does; empty where there is none."""
    try:
        stat = path.stat()
    except OSError:
        return ()
    return stat.st_mtime_ns, stat.st_ino, stat.st_size, stat.st_ctime_ns


def _order(decision: Decision) -> tuple[bool, int]:
    return decision.simulated, _STRICTEST.index(decision.kind)


def _parse(body: bytes) -> list[Decision]:
    document = json.loads(body)
    if document["v"] != VERSION:
        raise ValueError(f"decisions of version '{document['v']}', expected {VERSION}")
    return [_decision(fields) for fields in document["decisions"]]


def _decision(fields: dict[str, Any]) -> Decision:
    entity = fields["entity"]
    typed = {
        "entity": Entity(Scope(entity["scope"]), entity["value"]),
        "kind": Kind(fields["kind"]),
        "origin": Origin(fields["origin"]),
    }
    # What a newer version adds is passed over: a gateway that is upgraded last obeys what it knows.
    return Decision(**({name: fields[name] for name in fields.keys() & KNOWN} | typed))
