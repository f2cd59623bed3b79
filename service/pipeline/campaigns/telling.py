"""Telling: what a flag says of a campaign."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from detectors.coordination.footprints import KINDS
from detectors.coordination.group import CELLS, MEASURES, measure
from detectors.coordination.ties import TIES, ties
from detectors.core.detector import Signal
from service.model.entity import Entity, Scope
from service.model.flag import Flag, Rate, Severity
from service.model.link import Link, LinkKind, Odometer
from service.pipeline.campaigns.words import UNITS, against, reason, shared, together
from service.ports import SLOT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from numpy.typing import NDArray

    from detectors.coordination.group import Group
    from detectors.coordination.index import Index
    from detectors.coordination.judge import Judge, Verdict
    from service.pipeline.campaigns.clusters import Cluster

DEVOTION, DISJOINT = MEASURES.index("devotion"), MEASURES.index("disjoint")
DEALT = 0.9
"""Share of payloads that one actor alone sent, from which a list counts as dealt out."""
RARE = 0.05
"""Share of honest groups that show as much of a tie, up to which it is told of."""
CORROBORATE = {
    "network": LinkKind.INFRASTRUCTURE, "client": LinkKind.INFRASTRUCTURE, "timing": LinkKind.TIMING,
    "topics": LinkKind.SLICES,
}  # fmt: skip
TECHNIQUES = ("AML.T0024.002", "AML.T0040")
"""MITRE ATLAS: extract an AI model through its inference API; inference API access."""


@dataclass(frozen=True, slots=True)
class Found:
    """A suspicious group of a campaign."""

    key: int
    measures: NDArray[np.float64]
    score: float
    severity: Severity


@dataclass(slots=True)
class Teller:
    """Puts what is known of a campaign into a flag."""

    index: Index
    names: Mapping[int, str]
    """Account digest -> account."""
    judge: Judge
    versions: Mapping[str, str]
    medians: list[float] = field(init=False)
    tops: list[float] = field(init=False)
    """Of each measure among honest groups."""

    def __post_init__(self) -> None:
        self.medians = np.median(self.judge.shown, axis=0).tolist()
        self.tops = np.quantile(self.judge.shown, 0.99, axis=0).tolist()

    def flag(self, cluster: Cluster, worst: Found, accounts: Mapping[int, int], at: int) -> Flag:
        """The flag of a campaign with these members at the close of a slot, by its most suspicious group."""
        groups = [self.index.groups[key] for key in cluster.keys if key in self.index.groups]
        # Of two views the shorter is gone through: a campaign may have many keys that few of its accounts use.
        uses = [group.uses[account] for group in groups for account in accounts.keys() & group.uses.keys()]
        whole = f"{cluster.id}|{at}|{cluster.severity}|{sorted(self.versions.items())}"
        verdict = self.judge.judge(worst.measures)
        return Flag(
            id=hashlib.blake2b(whole.encode(), digest_size=10).hexdigest(),
            entity=Entity(Scope.CAMPAIGN, cluster.id),
            severity=cluster.severity,
            score=verdict.score,
            flagged_at=at,
            first_seen=round(min(use.first for use in uses) * 1e6),
            last_seen=round(max(use.last for use in uses) * 1e6),
            queries=sum(accounts.values()),
            window=(at - SLOT) // 1_000_000,
            reasons=self._reasons(worst, verdict),
            against=against(worst.measures),
            false_positive_rate=Rate(*self.judge.rate(verdict.score)),
            techniques=TECHNIQUES,
            versions=dict(self.versions),
            members=self._named(accounts),
            joined=tuple(sorted(cluster.joined)),
            links=(*self._links(cluster, accounts), *self._corroborating(worst.key, accounts)),
            odometer=Odometer(
                sum(accounts.values()),
                # Of the key that most was taken with: a query may carry several.
                round(max(group.output_tokens for group in groups)),
                float(np.count_nonzero(np.sum([group.cells for group in groups], axis=0)) / CELLS),
            ),
        )

    def _named(self, accounts: Iterable[int]) -> tuple[str, ...]:
        return tuple(sorted(self.names[account] for account in accounts if account in self.names))

    def _links(self, cluster: Cluster, accounts: Mapping[int, int]) -> Iterator[Link]:
        """One for each content key, and one for each whose payloads are dealt out."""
        for key in sorted(cluster.keys & self.index.groups.keys()):
            group = self.index.groups[key]
            measures = measure(group, self.index.whole(group))
            rarity, n = self.judge.judge(measures).rarity, len(self.judge.benign)
            tied = self._named(accounts.keys() & group.uses.keys())
            column = self.index.kinds[key]
            for kind, which in ((LinkKind(KINDS[column]), DEVOTION), (LinkKind.SLICES, DISJOINT)):
                if len(tied) > 1 and (kind is not LinkKind.SLICES or measures[DISJOINT] >= DEALT):
                    said = reason(MEASURES[which], float(measures[which]), self.medians[which], shared(column))
                    yield Link(kind, tied, 1.0 - rarity[which], rarity[which], n, said)

    def _corroborating(self, key: int, accounts: Mapping[int, int]) -> Iterator[Link]:
        """One for each tie that few honest groups have as much of; by itself it makes no campaign."""
        group = self.index.groups[key]
        shares = ties(group)
        for name, share, rarity in zip(TIES, shares.tolist(), self.judge.tie_rarity(shares), strict=True):
            tied = self._named(_sharing(group, name) & accounts.keys())
            if share > 0 and rarity <= RARE and len(tied) > 1:
                said = together(name, share, float(np.median(self.judge.tied[:, TIES.index(name)])))
                yield Link(CORROBORATE[name], tied, 1.0 - rarity, rarity, len(self.judge.benign), said)

    def _reasons(self, worst: Found, verdict: Verdict) -> tuple[Signal, ...]:
        what = shared(self.index.kinds[worst.key])
        rows = zip(MEASURES, worst.measures.tolist(), verdict.rarity, self.medians, self.tops, strict=True)
        signals = (
            Signal(
                f"coordination.{name}", float(f"{value:.6g}"), UNITS[name], rarity, median, top, verdict.n,
                reason(name, value, median, what),
            )
            for name, value, rarity, median, top in rows
        )  # fmt: skip
        return tuple(sorted(signals, key=lambda signal: (signal.p_value, signal.name)))


def _sharing(group: Group, tie: str) -> set[int]:
    """Accounts that have it with another one; of timing and topics all, since it is the group that is in step."""
    if tie in ("timing", "topics"):
        return set(group.uses)
    places = {account: place for account, use in group.uses.items() if (place := getattr(use, tie))}
    several = {place for place, n in Counter(places.values()).items() if n > 1}
    return {account for account, place in places.items() if place in several}
