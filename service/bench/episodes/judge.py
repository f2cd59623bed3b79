"""Judge: measured values against a baseline, as the pipeline would have judged them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from detectors.core.detector import Measurement
from detectors.core.fusion import fuse
from detectors.core.judge import judge
from detectors.core.registry import all_detectors
from detectors.core.severity import severity
from service.model.entity import Scope
from service.model.flag import Severity

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from detectors.core.baseline import Baselines
    from service.bench.episodes.measure import Measured, Moment


@dataclass(frozen=True, slots=True)
class Judged:
    """What an account was held to be at one moment."""

    day: int
    queries: int
    score: float
    severity: str | None

    @property
    def alert(self) -> bool:
        """An analyst is asked to look."""
        return self.severity is not None and Severity(self.severity).rank >= Severity.MEDIUM.rank


@dataclass(frozen=True, slots=True)
class Verdict:
    """All judgements of one account."""

    measured: Measured
    judged: Sequence[Judged]

    @property
    def score(self) -> float:
        """The highest; 0 where it was never evaluated."""
        return max((held.score for held in self.judged), default=0.0)

    @property
    def alerts(self) -> int:
        """Days with an alert."""
        return len({held.day for held in self.judged if held.alert})

    def queries_to(self, threshold: float) -> int | None:
        """Queries after which its score was first above the threshold; None where it never was."""
        return next((held.queries for held in self.judged if held.score > threshold), None)


def verdicts(
    measured: Sequence[Measured], baselines: Baselines, *, budget: float, without: Collection[str] = ()
) -> Iterator[Verdict]:
    """Every account against one baseline.

    Parameters
    ----------
    budget
        False alerts per benign account-day that are accepted.
    without
        Signals left out, for an ablation.

    """
    for account in measured:
        yield Verdict(account, [_judged(moment, baselines, budget, without) for moment in account.moments])


def _judged(moment: Moment, baselines: Baselines, budget: float, without: Collection[str]) -> Judged:
    baseline = baselines.of(Scope.ACCOUNT, moment.queries)
    scores = {}
    for detector in all_detectors():
        values = {n: v for n in detector.signals if (v := moment.values.get(n)) is not None and n not in without}
        if values and Scope.ACCOUNT in detector.scopes:
            scores[detector.name] = judge(detector.signals, Measurement(values), baseline)
    fused = fuse(scores)
    if fused is None:
        return Judged(moment.day, moment.queries, 0.0, None)
    held = severity(fused, baselines.calibration(Scope.ACCOUNT), budget)
    return Judged(moment.day, moment.queries, fused.score, held)
