"""Judge: measured values against a baseline, as the pipeline would have judged them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from detectors.core.detector import Measurement
from detectors.core.fusion import fuse, fused_score
from detectors.core.judge import judge
from detectors.core.registry import by_scope
from detectors.core.severity import severity
from service.model.entity import Scope
from service.model.flag import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from detectors.core.baseline import Baseline
    from detectors.core.detector import Score
    from service.bench.episodes.known import Known
    from service.bench.episodes.measure import Measured, Moment


@dataclass(frozen=True, slots=True)
class Judged:
    """What an account was held to be at one moment."""

    day: int
    queries: int
    score: float
    severity: str | None
    """None also where it does not reach the budget: what is below an alert is not asked for."""

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
    measured: Sequence[Measured], known: Known, *, budget: float, without: frozenset[str] = frozenset()
) -> Iterator[Verdict]:
    """Every account by what is known.

    Parameters
    ----------
    budget
        False alerts per benign account-day that are accepted.
    without
        Signals left out, for an ablation.

    """
    for account in measured:
        yield Verdict(account, judged(account.moments, known, budget=budget, without=without))


def highest(account: Measured, known: Known) -> float:
    """Its highest score; 0 where it was never evaluated."""
    return max((_score(moment.values, moment.queries, known) for moment in account.moments), default=0.0)


def judged(
    moments: Sequence[Moment], known: Known, *, budget: float, without: frozenset[str] = frozenset()
) -> list[Judged]:
    """What each moment of an account is held to be."""
    return [_judged(moment, known, budget, without) for moment in moments]


def _judged(moment: Moment, known: Known, budget: float, without: frozenset[str]) -> Judged:
    values = {name: value for name, value in moment.values.items() if name not in without}
    score = _score(values, moment.queries, known)
    calibration = known.baselines.calibration(Scope.ACCOUNT)
    if calibration.p_value(score) > budget:
        return Judged(moment.day, moment.queries, score, None)
    # Only here is it worth the words: what lies within the budget may be an alert.
    baseline = known.baselines.of(Scope.ACCOUNT, moment.queries)
    fused = fuse(dict(_scores(values, baseline)), moment.queries, combiner=known.combiner)
    held = severity(fused, calibration, budget) if fused is not None else None
    return Judged(moment.day, moment.queries, score, held)


def _score(values: Mapping[str, float], queries: int, known: Known) -> float:
    baseline = known.baselines.of(Scope.ACCOUNT, queries)
    return fused_score(values, queries, baseline, by_scope(Scope.ACCOUNT), known.combiner)


def _scores(values: Mapping[str, float], baseline: Baseline) -> Iterator[tuple[str, Score]]:
    for detector in by_scope(Scope.ACCOUNT):
        own = {name: value for name in detector.signals if (value := values.get(name)) is not None}
        if own:
            yield detector.name, judge(detector.signals, Measurement(own), baseline)
