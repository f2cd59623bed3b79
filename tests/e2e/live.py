"""Live equals replay: records through the running proxy, then the exported log through ``revenuer replay``."""

from __future__ import annotations

import asyncio
import gzip
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from service.bootstrap import replay
from service.bootstrap.stores import secrets, stores
from service.model.entity import Scope
from tests.e2e.resend import Resent, identity_map, resend
from tests.e2e.system import System, until

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from service.bootstrap.stores import Stores
    from service.model.entity import Entity
    from service.model.flag import Evaluation

LIMIT = 100_000
"""Evaluations asked for of one entity: more than there can be."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Live beside replayed."""

    resent: Resent
    logged: int
    live: dict[tuple[Any, ...], float]
    """Entity, window, trigger, time and count of each evaluation -> score."""
    replayed: dict[tuple[Any, ...], float]
    live_flags: set[str]
    replayed_flags: set[str]

    @property
    def same_flags(self) -> bool:
        """Whether the same flags were raised."""
        return self.live_flags == self.replayed_flags

    @property
    def furthest(self) -> float:
        """Largest difference of two scores of the same evaluation."""
        return max((abs(self.live[k] - self.replayed[k]) for k in self.live.keys() & self.replayed.keys()), default=0.0)


def read_traces(files: Iterable[Path]) -> list[dict[str, Any]]:
    """The records of the files, each file moved to begin at the same time."""
    merged: list[tuple[float, dict[str, Any]]] = []
    for file in files:
        with gzip.open(file, "rt") as lines:
            records = [json.loads(line) for line in lines]
        first = min(record["ts"] for record in records)
        merged += [(record["ts"] - first, {**record, "ts": record["ts"] - first}) for record in records]
    return [record for _, record in sorted(merged, key=lambda pair: pair[0])]


def compare(
    records: Sequence[dict[str, Any]], *, folder: Path, upstream: str, speed: float, longest_gap: float
) -> Comparison:
    """Send the records through a new installation with ``content: full``, export its log and replay it.

    Idle time of more than ``longest_gap`` seconds of sending is cut short: nobody waits a night for it.
    """
    system = System(folder, upstream, {"content": "full", "identity": {"map": str(folder / "keys.yaml")}})
    folder.mkdir(parents=True, exist_ok=True)
    pepper = secrets(system.settings).pepper
    identity_map(folder / "keys.yaml", {r["account"]: r.get("org", "") for r in records}, pepper)
    paced = _paced(records, longest_gap * speed)
    with system:
        resent = asyncio.run(resend(paced, url=f"http://127.0.0.1:{system.listen}", speed=speed))
        held = stores(system.settings)
        until(lambda: held.records.counts()["events"] >= resent.sent, "every query is in the log", 180)
        live = [e for entity in _entities(held) for e in held.records.evaluations(entity, LIMIT)]
        live_flags = {flag["id"] for flag in _flags(system)}
        exported = folder / "log.jsonl.gz"
        system.run("export", str(exported))
        logged = held.records.counts()["events"]
    replayed: list[Evaluation] = []
    result = replay.replay(replay.reader([exported]), system.settings, on_evaluation=replayed.append)
    return Comparison(resent, logged, _keyed(live), _keyed(replayed), live_flags, {flag.id for flag in result.flags})


def _paced(records: Sequence[dict[str, Any]], longest: float) -> list[dict[str, Any]]:
    shifted, last, cut = [], None, 0.0
    for record in records:
        at = record["ts"]
        if last is not None and at - last > longest:
            cut += at - last - longest
        last = at
        shifted.append({**record, "ts": at - cut})
    return shifted


def _keyed(evaluations: Iterable[Evaluation]) -> dict[tuple[Any, ...], float]:
    return {(str(e.entity), e.window, e.trigger, e.at, e.queries): e.score for e in evaluations}


def _entities(held: Stores) -> list[Entity]:
    found: list[Entity] = []
    for scope in (Scope.ACCOUNT, Scope.ORG, Scope.END_USER):
        after: str | None = None
        while True:
            page = held.records.accounts(scope, after, 500)
            found += [account.entity for account in page.items]
            after = page.next
            if after is None:
                break
    return found


def _flags(system: System) -> list[dict[str, Any]]:
    flags, cursor = [], ""
    while True:
        page = system.get(f"/api/v1/flags?limit=500{cursor}")
        flags += page["items"]
        if not page.get("next"):
            return flags
        cursor = f"&cursor={page['next']}"
