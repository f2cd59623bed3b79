"""Index: which content keys are followed, in bounded memory.

A key is *sighted* with the accounts that used it until it has been used by ``ACTORS`` actors; from then on it is a
followed group. Both tables are bounded: the longest unused go first, so that a template that is used goes on being
known however many are used once.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from detectors.coordination.footprints import KINDS
from detectors.coordination.group import Group

if TYPE_CHECKING:
    from collections.abc import Iterable

    from detectors.coordination.footprints import Footprints, Turn

ACTORS = 8
"""Actors from which a key is followed."""
SIGHTED, FOLLOWED, ACCOUNTS = 1 << 17, 1 << 12, 1 << 18
"""Keys that are sighted and followed, and accounts whose queries are counted, at most."""
USES = 1 << 19
"""Accounts of all followed groups, at most: an account counts once in each."""


@dataclass(slots=True)
class Sighting:
    """A key before it is followed."""

    last: float
    actors: set[int] = field(default_factory=set)

    @property
    def rank(self) -> tuple[bool, float]:
        """What rises goes last: first what one actor alone used, and most is such, then by time."""
        return len(self.actors) > 1, self.last


@dataclass(slots=True)
class Tally:
    """All queries of one account."""

    queries: int = 0
    last: float = 0.0

    @property
    def rank(self) -> float:
        """What rises goes last."""
        return self.last


@dataclass(slots=True)
class Index:
    """Groups by content key, and what is needed to find new ones."""

    groups: dict[int, Group] = field(default_factory=dict)
    kinds: dict[int, int] = field(default_factory=dict)
    """Followed key -> its column in ``KINDS``."""
    used: dict[int, float] = field(default_factory=dict)
    """Followed key -> when it was used last."""
    sighted: dict[int, Sighting] = field(default_factory=dict)
    accounts: dict[int, Tally] = field(default_factory=dict)
    uses: int = 0
    """Accounts of all groups, each once in each."""

    def fold(self, rows: Footprints) -> list[int]:
        """Add a slot's footprints, in order of time; the followed keys that they carry."""
        turns = rows.turns()
        self._count(turns)
        touched = [key for column in range(len(KINDS)) for key in self._column(turns, column)]
        self._bound()
        return touched

    def merge(self, other: Index) -> None:
        """Add what another index holds of other accounts."""
        for key, group in other.groups.items():
            self.groups.setdefault(key, Group()).merge(group)
            self.kinds[key] = other.kinds[key]
            self.used[key] = max(self.used.get(key, 0.0), other.used[key])
            self.sighted.pop(key, None)
        self.uses = sum(len(group.uses) for group in self.groups.values())
        for key, theirs in other.sighted.items():
            if key not in self.groups:
                ours = self.sighted.setdefault(key, Sighting(theirs.last))
                ours.last = max(ours.last, theirs.last)
                ours.actors |= theirs.actors
        for account, tally in other.accounts.items():
            mine = self.accounts.setdefault(account, Tally())
            mine.queries += tally.queries
            mine.last = max(mine.last, tally.last)
        self._bound()

    def whole(self, group: Group) -> int:
        """All queries of the group's accounts."""
        held = self.accounts
        return sum(
            max(held[account].queries, use.queries) if account in held else use.queries
            for account, use in group.uses.items()
        )

    def total(self, account: int) -> int:
        """All queries of an account."""
        tally = self.accounts.get(account)
        return tally.queries if tally else 0

    def due(self, keys: Iterable[int]) -> list[int]:
        """Those of them whose groups have grown enough to be measured, each once; they count as measured then."""
        found = []
        for key in dict.fromkeys(keys):
            group = self.groups.get(key)
            if group is not None and group.actors >= ACTORS and group.due:
                group.measured = group.queries
                found.append(key)
        return found

    def _count(self, turns: Iterable[Turn]) -> None:
        for turn in turns:
            tally = self.accounts.get(turn.account)
            if tally is None:
                tally = self.accounts[turn.account] = Tally()
            tally.queries += 1
            tally.last = turn.time

    def _column(self, turns: Iterable[Turn], column: int) -> list[int]:
        by_key: dict[int, list[Turn]] = {}
        for turn in turns:
            if key := turn.keys[column]:
                by_key.setdefault(key, []).append(turn)
        touched: list[int] = []
        for key, some in sorted(by_key.items()):
            if key in self.groups or self._sight(key, column, some):
                group = self.groups[key]
                before = len(group.uses)
                group.fold(some)
                self.uses += len(group.uses) - before
                self.used[key] = some[-1].time
                touched.append(key)
        return touched

    def _sight(self, key: int, column: int, turns: list[Turn]) -> bool:
        """Whether the key is followed from here on."""
        sighting = self.sighted.get(key)
        if sighting is None:
            sighting = self.sighted[key] = Sighting(0.0)
        sighting.last = turns[-1].time
        sighting.actors.update(turn.actor for turn in turns)
        if len(sighting.actors) < ACTORS:
            return False
        del self.sighted[key]
        self.groups[key], self.kinds[key] = Group(), column
        return True

    def _bound(self) -> None:
        for table, limit in ((self.sighted, SIGHTED), (self.accounts, ACCOUNTS)):
            if len(table) > limit:
                # A tenth at once, so that it is not sorted anew in every slot.
                old = sorted(table, key=lambda key, table=table: (table[key].rank, key))
                for key in old[: len(table) - limit + limit // 10]:
                    del table[key]
        if len(self.groups) > FOLLOWED or self.uses > USES:
            for key in sorted(self.groups, key=lambda key: (self.used[key], key)):
                if len(self.groups) <= FOLLOWED - FOLLOWED // 10 and self.uses <= USES - USES // 10:
                    break
                self.uses -= len(self.groups[key].uses)
                del self.groups[key], self.kinds[key], self.used[key]
