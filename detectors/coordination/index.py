"""Index: which content keys are followed, in bounded memory.

A key is *sighted* with the actors that used it until it has been used by ``ACTORS`` of them; from then on it is a
followed group. All tables are bounded: the longest unused go first, so that a template that is used goes on being
known however many are used once. What one actor alone used is in a table of its own, since most keys are such and
these go before the others. A table is kept in order of last use, by which no sort is needed to find the oldest.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from detectors.coordination.footprints import KINDS
from detectors.coordination.group import Group

if TYPE_CHECKING:
    from collections.abc import Iterable

    from detectors.coordination.footprints import Footprints, Turn

ACTORS = 8
"""Actors from which a key is followed."""
SIGHTED, FOLLOWED, ACCOUNTS = 1 << 17, 1 << 12, 1 << 18
"""Keys that are sighted, by one actor or several, and followed, and accounts whose queries are counted, at most."""
USES = 1 << 19
"""Accounts of all followed groups, at most: an account counts once in each."""


@dataclass(slots=True)
class Sighting:
    """A key before it is followed."""

    last: float
    actors: set[int] = field(default_factory=set)


@dataclass(slots=True)
class Tally:
    """All queries of one account."""

    queries: int = 0
    last: float = 0.0


@dataclass(slots=True)
class Index:
    """Groups by content key, and what is needed to find new ones."""

    groups: dict[int, Group] = field(default_factory=dict)
    kinds: dict[int, int] = field(default_factory=dict)
    """Followed key -> its column in ``KINDS``."""
    used: dict[int, float] = field(default_factory=dict)
    """Followed key -> when it was used last."""
    once: dict[int, tuple[float, int]] = field(default_factory=dict)
    """Key that one actor alone used -> when it did last, and the actor; longest unused first."""
    sighted: dict[int, Sighting] = field(default_factory=dict)
    """Keys of several actors that are not followed yet, longest unused first."""
    accounts: dict[int, Tally] = field(default_factory=dict)
    """Longest unused first."""
    uses: int = 0
    """Accounts of all groups, each once in each."""
    dropped: set[int] = field(default_factory=set)
    """Keys that were followed and are no more; whoever looks at them takes them out."""

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
        self.uses = sum(len(group.uses) for group in self.groups.values())
        for key, (last, actor) in other.once.items():
            self._seen_by({actor}, key, last)
        for key, theirs in other.sighted.items():
            self._seen_by(theirs.actors, key, theirs.last)
        self.once = {
            key: held for key, held in sorted(self.once.items(), key=itemgetter(1, 0)) if key not in self.groups
        }
        known = sorted(self.sighted.items(), key=lambda item: (item[1].last, item[0]))
        self.sighted = {key: held for key, held in known if key not in self.groups}
        for account, tally in other.accounts.items():
            mine = self.accounts.setdefault(account, Tally())
            mine.queries += tally.queries
            mine.last = max(mine.last, tally.last)
        self.accounts = dict(sorted(self.accounts.items(), key=lambda item: (item[1].last, item[0])))
        self._bound()

    @property
    def held(self) -> int:
        """Entries of its tables."""
        return self.uses + len(self.once) + len(self.sighted) + len(self.accounts)

    def whole(self, group: Group) -> int:
        """All queries of the group's accounts."""
        held, whole = self.accounts.get, 0
        # A loop: it is gone through for every group that grew, and takes half of what a generator does.
        for account, use in group.uses.items():
            tally, queries = held(account), use.queries
            whole += tally.queries if tally and tally.queries > queries else queries
        return whole

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
            # Taken out and put in again, so that it stands last.
            tally = self.accounts.pop(turn.account, None) or Tally()
            tally.queries += 1
            tally.last = turn.time
            self.accounts[turn.account] = tally

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
        if self._seen_by({turn.actor for turn in turns}, key, turns[-1].time) < ACTORS:
            return False
        del self.sighted[key]
        self.groups[key], self.kinds[key] = Group(), column
        return True

    def _seen_by(self, actors: set[int], key: int, last: float) -> int:
        """Note actors that used a key which is not followed, and put it last; how many it has now."""
        if first := self.once.pop(key, None):
            last, actors = max(last, first[0]), actors | {first[1]}
        elif known := self.sighted.pop(key, None):
            last, actors = max(last, known.last), actors | known.actors
        if len(actors) == 1:
            [actor] = actors
            self.once[key] = last, actor
        else:
            self.sighted[key] = Sighting(last, actors)
        return len(actors)

    def _bound(self) -> None:
        over = len(self.once) + len(self.sighted) - SIGHTED
        if over > 0:
            # A tenth at once, since what is taken out at the front of a table leaves a gap that is stepped over.
            over += SIGHTED // 10
            kept = max(0, over - len(self.once))
            _drop(self.once, over - kept)
            _drop(self.sighted, kept)
        if len(self.accounts) > ACCOUNTS:
            _drop(self.accounts, len(self.accounts) - ACCOUNTS + ACCOUNTS // 10)
        if len(self.groups) > FOLLOWED or self.uses > USES:
            for key in sorted(self.groups, key=lambda key: (self.used[key], key)):
                if len(self.groups) <= FOLLOWED - FOLLOWED // 10 and self.uses <= USES - USES // 10:
                    break
                self.uses -= len(self.groups[key].uses)
                self.dropped.add(key)
                del self.groups[key], self.kinds[key], self.used[key]


def _drop(table: dict[int, Any], count: int) -> None:
    """Take out the first so many."""
    for key in list(islice(table, count)):
        del table[key]
