"""Fusion: from the signals of all detectors to one score and to the groups that speak.

The score is the combiner's: fitted weights over the p-values of all evidence,
and over what clears. Beside it stand the *groups*. Signals of one group are not
independent, so a group's p-value is the Bonferroni-corrected smallest of its
signals'; the severity asks how many groups are out of line, and says nothing
above ``info`` while that is one [^1].

References
----------
[^1]: Benjamini, Y., Heller, R., 2008. Screening for Partial Conjunction
      Hypotheses. Biometrics 64(4).

"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from detectors.core.combiner import Combiner, clearing
from detectors.core.registry import all_detectors

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from detectors.core.baseline import Baseline
    from detectors.core.detector import Detector, Score, Signal


@dataclass(frozen=True, slots=True)
class Fused:
    """All detectors' scores of one entity as one."""

    score: float
    """In [0, 1], by the combiner."""
    groups: Mapping[str, float]
    """Group -> p-value."""
    signals: tuple[Signal, ...]
    """Most telling first."""
    against: Mapping[str, str]


def group_p_values(p_values: Mapping[str, Iterable[float]]) -> dict[str, float]:
    """Group -> Bonferroni-corrected smallest p-value of its signals; groups without a signal are left out."""
    listed = {group: tuple(values) for group, values in p_values.items()}
    return {group: min(1.0, len(values) * min(values)) for group, values in sorted(listed.items()) if values}


def fuse(
    scores: Mapping[str, Score],
    queries: int,
    *,
    detectors: Iterable[Detector] | None = None,
    combiner: Combiner | None = None,
) -> Fused | None:
    """All detectors' scores of one entity as one; None where no detector had enough data.

    Parameters
    ----------
    scores
        Detector name -> score; detectors without enough data are left out.
    queries
        That the entity has sent so far.
    detectors
        Where the groups and signals of those names are looked up; all of the folder by default.
    combiner
        The one that ships by default.

    """
    if not scores:
        return None
    known = {detector.name: detector for detector in (detectors or all_detectors())}
    grouped: dict[str, list[float]] = {}
    cleared: dict[str, float] = {}
    for name, score in sorted(scores.items()):
        grouped.setdefault(str(known[name].group), []).extend(signal.p_value for signal in score.signals)
        cleared |= clearing(score.values, known[name].signals.items())
    signals = sorted((s for score in scores.values() for s in score.signals), key=lambda s: (s.p_value, s.name))
    against = {key: text for _, score in sorted(scores.items()) for key, text in score.against.items()}
    total = (combiner or Combiner.default()).score({s.name: s.p_value for s in signals}, cleared, queries)
    return Fused(total, group_p_values(grouped), tuple(signals), against)


def fused_score(
    values: Mapping[str, float],
    queries: int,
    baseline: Baseline,
    detectors: Iterable[Detector],
    combiner: Combiner | None = None,
) -> float:
    """The score that these values of so many queries have under a baseline: what :func:`fuse` gives, without words."""
    p_values: dict[str, float] = {}
    cleared: dict[str, float] = {}
    for detector in detectors:
        cleared |= clearing(values, detector.signals.items())
        for name, spec in detector.signals.items():
            if spec.tail is not None and name in values:
                p_values[name] = baseline.p_value(name, values[name], spec.tail)
    return (combiner or Combiner.default()).score(p_values, cleared, queries)
