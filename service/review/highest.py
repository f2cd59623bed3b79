"""The accounts that set the threshold, as they were found at the last learning, and what was decided about each."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from service.model.account_day import AccountDay
from service.model.decision import Kind
from service.model.entity import Scope
from service.ports import Learnt

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from service.model.decision import Decision
    from service.ports import Decisions, LearntBaselines

NAME = "own-highest"
"""Of their own in the register of baselines: account ids have no place in a file that may be handed on."""
SHOWN = 20
"""Rows that people are shown, and the honest ones in a row after which one may stop looking."""


class Vouching(enum.StrEnum):
    """What the decisions about an account say of it to the next learning; those that are over count too."""

    VOUCHED = "vouched"
    """It is allowed, not just simulated: learnt from, whatever else is decided about it."""
    LEFT_OUT = "left_out"
    """Another decision is about it, simulated or not: not learnt from."""
    OPEN = "open"
    """Nothing is decided: learnt from, while it is not flagged."""

    @property
    def words(self) -> str:
        """For people."""
        return {"vouched": "vouched for", "left_out": "left out at the next learning"}.get(self.value, "not looked at")


@dataclass(frozen=True, slots=True)
class Row:
    """An account-day and where its account stands now."""

    day: AccountDay
    standing: Vouching


@dataclass(frozen=True, slots=True)
class Highest:
    """Those of one learning, highest first, an account once."""

    version: str
    """Of the baseline that was learnt."""
    learnt: int
    """When, in microseconds since the epoch."""
    rows: tuple[Row, ...]


def save(baselines: LearntBaselines, version: str, days: Sequence[AccountDay], now: int) -> None:
    """Keep the account-days beside the baseline of that version. Raises StoreUnavailable."""
    baselines.save(NAME, Learnt(version=version, body=msgspec.json.encode(days), created=now))


def highest(baselines: LearntBaselines, decisions: Decisions) -> Highest | None:
    """Those of the last learning; None where nothing was learnt yet. Raises StoreUnavailable."""
    found = baselines.newest(NAME)
    if found is None:
        return None
    days = msgspec.json.decode(found.body, type=list[AccountDay])
    standings = _standings(decisions.all())
    rows = (Row(day, standings.get(day.account, Vouching.OPEN)) for day in days)
    return Highest(found.version, found.created, tuple(rows))


def _standings(decisions: Iterable[Decision]) -> dict[str, Vouching]:
    """Account -> its standing, as ``Records.benign`` takes it; those that nothing is decided about are left out."""
    found: dict[str, Vouching] = {}
    for made in decisions:
        if made.entity.scope is not Scope.ACCOUNT:
            continue
        if made.kind is not Kind.ALLOW:
            found.setdefault(made.entity.value, Vouching.LEFT_OUT)
        elif not made.simulated:
            found[made.entity.value] = Vouching.VOUCHED
    return found
