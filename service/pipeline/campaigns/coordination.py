"""Coordination: footprints of all accounts go in, flags of campaigns come out.

Footprints are folded slot by slot of event time, a slot when the stream's time has passed its end, so it does not
matter how the stream was cut. What was folded is written whole once an hour of event time; until then the checkpoint
keeps the footprints themselves, and whoever resumes folds them again: to the same groups, and flags of the same ids.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

from detectors.coordination.footprints import Footprints
from detectors.coordination.group import MEASURES, measure
from detectors.coordination.judge import default
from detectors.core.detector import Signal
from service.model.entity import Entity, Scope
from service.model.flag import Flag, Rate, Severity
from service.pipeline.campaigns import memory
from service.pipeline.campaigns.clusters import members
from service.pipeline.campaigns.prints import SLOT, footprints
from service.pipeline.campaigns.words import UNITS, against, reason, shared

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from detectors.coordination.judge import Judge, Verdict
    from detectors.core.observation import Observations
    from detectors.features import Extractor
    from service.model.query import QueryEvent
    from service.pipeline.campaigns.clusters import Cluster
    from service.ports import Commit, Resume

HOUR = 12
"""Slots between two times that all of it is written."""
GROWN = 2
"""A campaign is told of again when it has so many times the members that it had."""
TECHNIQUES = ("AML.T0024.002", "AML.T0040")


class Coordination:
    """Finds campaigns among the accounts of one partition."""

    def __init__(
        self,
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
        self._versions = {**versions, "campaigns": self._judge.version}
        held = memory.load(resume.meta.get("coordination", b""))
        self._index, self._clusters, self._names, self._number = held
        self._pending: list[tuple[int, Footprints]] = []
        """Footprints that are not folded, with their slot."""
        self._folded = self._number
        for number, (slot, data) in sorted(resume.footprints.items()):
            self._number = number
            self._pending.append((slot, Footprints.load(data)))

    def see(self, events: Sequence[QueryEvent], rows: Observations, into: Commit, *, now: int) -> None:
        """Take a batch, in order of completion, and judge what slots the stream's time has passed."""
        for event in events:
            self._names[self._extractor.digest(event.account)] = event.account
        slots = np.array([event.done // SLOT for event in events], np.int64)
        for slot in np.unique(slots).tolist():
            some = np.flatnonzero(slots == slot)
            seen = footprints([events[i] for i in some.tolist()], rows.take(some), self._extractor)
            if len(seen):
                self._number += 1
                self._pending.append((slot, seen))
                into.footprints[self._number] = (slot, seen.dump())
        self._close(now // SLOT, into)

    def _close(self, upto: int, into: Commit) -> None:
        """Fold and judge each slot before ``upto``."""
        for slot in sorted({slot for slot, _ in self._pending if slot < upto}):
            rows = Footprints.concat([seen for at, seen in self._pending if at == slot])
            self._pending = [item for item in self._pending if item[0] != slot]
            touched = self._index.fold(rows.take(np.argsort(rows.time, kind="stable")))
            into.flags += self._judged(touched, (slot + 1) * SLOT)
            if slot % HOUR == HOUR - 1 and not self._pending:
                self._names = {a: self._names[a] for a in self._index.accounts if a in self._names}
                into.meta["coordination"] = memory.dump(self._index, self._clusters, self._names, self._number)
                into.folded = self._number

    def _judged(self, keys: Sequence[int], at: int) -> list[Flag]:
        verdicts = {}
        for key in dict.fromkeys(keys):
            group = self._index.groups[key]
            measures = measure(group, self._index.totals(group))
            verdict = self._judge.judge(measures)
            if self._severity(verdict) is not None:
                verdicts[key] = (verdict, measures)
        found = []
        for cluster in self._clusters.grow(list(verdicts), self._index):
            best = min(
                (key for key in cluster.keys if key in verdicts), key=lambda key: (verdicts[key][0].p_value, key)
            )
            flag = self._flag(cluster, best, *verdicts[best], at)
            if flag is not None:
                found.append(flag)
        return found

    def _severity(self, verdict: Verdict) -> Severity | None:
        """In units of the budget; none where an honest group in a hundred is as much like a campaign."""
        for part, severity in ((0.01, Severity.CRITICAL), (0.1, Severity.HIGH), (1.0, Severity.MEDIUM)):
            if verdict.p_value <= self._budget * part and verdict.n + 1 >= 1 / (self._budget * part):
                return severity
        return Severity.LOW if verdict.p_value <= 10 * self._budget else None

    def _flag(
        self, cluster: Cluster, key: int, verdict: Verdict, measures: NDArray[np.float64], at: int
    ) -> Flag | None:
        """What is said of a campaign; None where nothing changed since it was told of."""
        severity = self._severity(verdict)
        accounts = members(self._index, cluster.keys)
        if severity is None or not accounts:
            return None
        if severity.rank <= cluster.raised and len(accounts) < GROWN * cluster.members:
            return None
        cluster.raised, cluster.members = max(cluster.raised, severity.rank), len(accounts)
        uses = [self._index.groups[k].uses[a] for k in cluster.keys if k in self._index.groups for a in accounts
                if a in self._index.groups[k].uses]  # fmt: skip
        whole = f"{cluster.id}|{at}|{severity}|{sorted(self._versions.items())}"
        return Flag(
            id=hashlib.blake2b(whole.encode(), digest_size=10).hexdigest(),
            entity=Entity(Scope.CAMPAIGN, cluster.id),
            severity=severity,
            score=verdict.score,
            flagged_at=at,
            first_seen=round(min(use.first for use in uses) * 1e6),
            last_seen=round(max(use.last for use in uses) * 1e6),
            queries=sum(accounts.values()),
            window=(at - SLOT) // 1_000_000,
            reasons=self._reasons(key, verdict, measures),
            against=against(measures),
            false_positive_rate=Rate(verdict.p_value, 0.0, verdict.p_value, verdict.n),
            techniques=TECHNIQUES,
            versions=self._versions,
            members=tuple(sorted(self._names[account] for account in accounts if account in self._names)),
        )

    def _reasons(self, key: int, verdict: Verdict, measures: NDArray[np.float64]) -> tuple[Signal, ...]:
        medians = np.median(self._judge.shown, axis=0) if len(self._judge.shown) else measures
        tops = np.quantile(self._judge.shown, 0.99, axis=0) if len(self._judge.shown) else measures
        what = shared(self._index.kinds[key])
        signals = [
            Signal(f"coordination.{name}", float(f"{value:.6g}"), UNITS[name], rarity, float(median), float(top),
                   verdict.n, reason(name, float(value), float(median), what))
            for name, value, rarity, median, top in zip(MEASURES, measures, verdict.rarity, medians, tops, strict=True)
        ]  # fmt: skip
        return tuple(sorted(signals, key=lambda signal: (signal.p_value, signal.name)))
