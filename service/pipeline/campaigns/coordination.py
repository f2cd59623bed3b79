"""Coordination: footprints of all accounts go in, flags of campaigns come out.

Footprints are folded slot by slot of event time, a slot when the stream's time has passed its end, so it does not
matter how the stream was cut. What was folded is written whole once in so many footprints; until then the checkpoint
keeps the footprints themselves, and whoever resumes folds them again: to the same groups, and flags of the same ids.
"""

from __future__ import annotations

import sys
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

import numpy as np

from detectors.coordination.footprints import Footprints
from detectors.coordination.group import measure
from detectors.coordination.judge import default
from service.model.flag import Severity
from service.pipeline.campaigns import memory
from service.pipeline.campaigns.clusters import members
from service.pipeline.campaigns.prints import by_slot, pack, unpack
from service.pipeline.campaigns.telling import Found, Teller
from service.ports import SLOT

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from detectors.coordination.judge import Judge
    from detectors.core.observation import Observations
    from detectors.features import Extractor
    from service.model.flag import Flag
    from service.model.query import QueryEvent
    from service.pipeline.campaigns.clusters import Cluster
    from service.ports import Checkpoint, Commit, Resume

WHOLE, MOST = 50_000, 200_000
"""Footprints between two times that all of it is written, at least and at most: half as many as there is to write, so
that writing costs each footprint the same however much is held. 200,000 are some 20 MB to keep, and ten seconds to fold
again."""
GROWN, MORE = 1.1, 8
"""A campaign is told of again when it has so many times the members that it had, and so many more,"""
LATEST = 6 * 3600 * 1_000_000
"""or, so many microseconds after it was told of last, when it has any more."""
LEAST = 2
"""Members without which it is no campaign: what one account does by itself is told of the account."""
LOOKED = 1.05
"""Times the accounts of its groups, all added up, from which on a campaign's members are looked at anew."""
PART = 0.1
"""Of the budget that campaigns have: one in error accuses all its members at once. Within the whole of it a campaign is
worth a flag that nobody is asked to look at."""


class Coordination:
    """Finds campaigns among the accounts of all partitions.

    Every partition commits its footprints. The first one gathers them, and folds a slot when the time of every
    partition has passed its end; so which partition an account is of makes no difference.

    Parameters
    ----------
    checkpoint, resume
        Of the partition, and what it holds.
    budget
        Share of honest groups that may raise an alert.
    versions
        Of everything that decides a flag.
    judge
        The one that ships by default.

    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        resume: Resume,
        *,
        extractor: Extractor,
        budget: float,
        versions: Mapping[str, str],
        judge: Judge | None = None,
    ) -> None:
        self._extractor = extractor
        self._judge = judge or default()
        self._budget = budget
        self._index, self._clusters, self._names = memory.load(resume.meta.get("coordination", b""))
        self._teller = Teller(self._index, self._names, self._judge, {**versions, "campaigns": self._judge.version})
        self._checkpoint = checkpoint
        self._gathers = checkpoint.partition == 0
        self._number = max([int.from_bytes(resume.meta.get("time", b""), "big"), *resume.footprints])
        """Of its last footprints. By event time, so that they rise even where all before were folded and are gone."""
        self._pending: list[tuple[int, int, int, Footprints]] = []
        """Footprints that are not folded, with their slot, partition and number, in that order."""
        self._taken: dict[int, int] = {}
        """Other partition -> number of its last footprints that were gathered."""
        self._folded: dict[int, int] = {}
        """Partition -> number of its last footprints that were folded."""
        self._closed = 0
        """Slots before it are folded."""
        self._since = 0
        """Footprints folded since all of it was written."""
        if self._gathers:
            for number, (slot, data) in sorted(resume.footprints.items()):
                self._hold(slot, 0, number, *unpack(data))

    def see(self, events: Sequence[QueryEvent], rows: Observations, into: Commit, *, now: int) -> None:
        """Take a batch, in order of completion, and judge the slots that every partition's time has passed."""
        for slot, seen, names in by_slot(events, rows, self._extractor):
            into.footprints[self.keep(slot, seen, names)] = (slot, pack(seen, names))
        self._go_on(into, now)

    def take(self, packed: Iterable[tuple[int, bytes]], into: Commit, *, now: int) -> None:
        """As :meth:`see`, of footprints that were made and packed before, with the slot of each."""
        for slot, data in packed:
            into.footprints[self.keep(slot, *unpack(data))] = (slot, data)
        self._go_on(into, now)

    def _go_on(self, into: Commit, now: int) -> None:
        upto = now // SLOT
        if self._gathers and upto > self._closed:
            self._closed = min(upto, self._gather())
            self.close(self._closed, into)

    def _gather(self) -> int:
        """Take what other partitions saw; the first slot that one of them may still see something of."""
        found = self._checkpoint.gathered(self._taken)
        for slot, partition, number, data in found.footprints:
            self._taken[partition] = number
            self._hold(slot, partition, number, *unpack(data))
        if found.footprints:
            self._pending.sort(key=itemgetter(0, 1, 2))
        return min((time // SLOT for time in found.times.values()), default=sys.maxsize)

    def finish(self, into: Commit) -> None:
        """Fold and judge the slots that are still open: the stream has ended."""
        self.close(self._pending[-1][0] + 1 if self._pending else 0, into)

    def keep(self, slot: int, seen: Footprints, names: Mapping[int, str]) -> int:
        """Take footprints of a slot that is not closed, with the names of their accounts; the number they have."""
        self._number = max(self._number + 1, round(float(seen.time[-1]) * 1e6))
        if self._gathers:
            self._hold(slot, 0, self._number, seen, names)
        return self._number

    def _hold(self, slot: int, partition: int, number: int, seen: Footprints, names: Mapping[int, str]) -> None:
        self._pending.append((slot, partition, number, seen))
        self._names.update(names)

    def close(self, upto: int, into: Commit) -> None:
        """Fold and judge each slot before ``upto``; write all that is folded once there is enough of it."""
        while self._pending and self._pending[0][0] < upto:
            slot = self._pending[0][0]
            closed = next(list(some) for _, some in groupby(self._pending, itemgetter(0)))
            del self._pending[: len(closed)]
            rows = Footprints.concat([seen for *_, seen in closed])
            if closed[0][1] != closed[-1][1]:
                rows = rows.take(np.argsort(rows.time, kind="stable"))
            self._folded |= {partition: number for _, partition, number, _ in closed}
            touched = self._index.fold(rows)
            into.flags += self._judged(touched, (slot + 1) * SLOT)
            self._since += len(rows)
            if self._since >= max(WHOLE, min(MOST, self._index.held // 2)):
                self._since = 0
                into.folded = dict(self._folded)
                into.meta["coordination"] = self._dump()

    def _dump(self) -> bytes:
        waiting = {account for *_, seen in self._pending for account in seen.account.tolist()}
        for account in self._names.keys() - self._index.accounts.keys() - waiting:
            del self._names[account]
        self._clusters.forget(self._index)
        return memory.dump(self._index, self._clusters, self._names)

    def _judged(self, keys: Sequence[int], at: int) -> list[Flag]:
        """Flags of the campaigns that groups with these keys are of, at the close of the slot in which they grew."""
        found = {}
        for key in self._index.due(keys):
            group = self._index.groups[key]
            measures = measure(group, self._index.whole(group))
            score = self._judge.score(measures)
            severity = self._severity(self._judge.tail(score))
            if severity is not None:
                found[key] = Found(key, measures, score, severity)
        told = []
        grown = self._clusters.grow(list(found), self._index)
        self._clusters.count(keys, self._index)
        of: dict[str, list[Found]] = {}
        for key, one in found.items():
            of.setdefault(self._clusters.by_key[key].id, []).append(one)
        for cluster in grown:
            worst = min(of[cluster.id], key=lambda it: (self._judge.p_value(it.score), it.key))
            severity = max(worst.severity, cluster.severity, key=lambda severity: severity.rank)
            if self._has_grown(cluster, severity, at):
                accounts = members(self._index, cluster.keys)
                if self._is_news(cluster, severity, len(accounts), at):
                    told.append(self._teller.flag(cluster, worst, accounts, at))
        return told

    def _has_grown(self, cluster: Cluster, severity: Severity, at: int) -> bool:
        """Whether its members are to be looked at anew; noted on the campaign."""
        least = 1.0 if at - cluster.looked_at >= LATEST else LOOKED
        if severity is cluster.severity and cluster.accounts <= least * cluster.looked:
            return False
        cluster.looked, cluster.looked_at = cluster.accounts, at
        return True

    def _severity(self, rate: float) -> Severity | None:
        """In units of the budget, as far as there are honest groups enough to tell; None where it is worth no flag."""
        for part, severity in ((0.01, Severity.CRITICAL), (0.1, Severity.HIGH), (1.0, Severity.MEDIUM)):
            if rate <= part * PART * self._budget:
                return severity
        return Severity.LOW if rate <= self._budget else None

    @staticmethod
    def _is_news(cluster: Cluster, severity: Severity, size: int, at: int) -> bool:
        """Whether it is more severe than it was told of, or has grown; noted on the campaign.

        Its severity never falls: the honest groups too were taken at the highest score that they ever had.
        """
        many = max(GROWN * cluster.members, cluster.members + MORE)
        late = size > cluster.members and at - cluster.told_at >= LATEST
        if size < LEAST or (severity is cluster.severity and size < many and not late):
            return False
        cluster.severity, cluster.members, cluster.told_at = severity, size, at
        return True
