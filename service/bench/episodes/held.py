"""Held: all accounts of the suite as they were judged, and the threshold that they share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from service.bench.episodes.resample import Sample
from service.bench.statistics import threshold_at

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.bench.episodes.judge import Verdict

FPR = 0.005
"""Of all benign accounts, at the threshold."""


@dataclass(frozen=True, slots=True)
class Held:
    """Everything that was judged."""

    benign: Sequence[Verdict]
    attacks: Sequence[Verdict]
    seed: int
    budget: float
    rounds: int
    """Of resampling, for the intervals."""

    def at(self, share: float) -> list[Verdict]:
        """Attacks of one share."""
        return [verdict for verdict in self.attacks if verdict.measured.episode.share == share]

    @property
    def threshold(self) -> float:
        """What 0.5 % of the benign exceed."""
        return threshold_at([verdict.score for verdict in self.benign], FPR)

    def against(self, *, hard: bool) -> list[Verdict]:
        """The benign ones that are hard to tell, or the others."""
        return [verdict for verdict in self.benign if verdict.measured.episode.hard == hard]


def sample(verdicts: Sequence[Verdict], peer: str = "") -> Sample:
    """Their scores, or those that a published detector gave them."""
    return Sample.of(
        [(v.measured.peers[peer] if peer else v.score, v.measured.episode.kind, v.measured.source) for v in verdicts]
    )
