"""Fusion: from the signals of all detectors to one combined score, without a weight set by hand.

Signals of one group are not independent, so a group's p-value is the
Bonferroni-corrected smallest of its signals'. Across groups the question is
not whether *one* group is out of line (every heavy customer is, somewhere)
but whether *at least two* are: the partial conjunction hypothesis [^1],
tested by Fisher's combination of all groups' p-values but the smallest. So a
score never rests on one group, however extreme, and it rises with every
p-value that falls (each order statistic is monotone in each of them).

Groups of one account are dependent, hence the combined p-value is only a
statistic: what a score is worth is said by the calibration on benign
account-days, which holds under any dependence.

References
----------
[^1]: Benjamini, Y., Heller, R., 2008. Screening for Partial Conjunction
      Hypotheses. Biometrics 64(4).

"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from detectors.core.registry import all_detectors

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from detectors.core.baseline import Baseline
    from detectors.core.detector import Detector, Score, Signal


@dataclass(frozen=True, slots=True)
class Fused:
    """All detectors' scores of one entity as one."""

    score: float
    """In [0, 1]: one minus the combined p-value."""
    groups: Mapping[str, float]
    """Group -> p-value."""
    signals: tuple[Signal, ...]
    """Most telling first."""
    against: Mapping[str, str]


def combine(groups: Mapping[str, float]) -> float:
    """The combined score of these groups' p-values; 0 where fewer than two groups are known."""
    weaker = sorted(groups.values())[1:]
    if not weaker:
        return 0.0
    # Fisher: minus the sum of n logs follows an Erlang law of shape n, whose upper tail this is.
    x = -sum(math.log(p) for p in weaker)
    tail = math.exp(-x) * sum(x**k / math.factorial(k) for k in range(len(weaker)))
    return 1.0 - min(1.0, tail)


def group_p_values(p_values: Mapping[str, Iterable[float]]) -> dict[str, float]:
    """Group -> Bonferroni-corrected smallest p-value of its signals; groups without a signal are left out."""
    listed = {group: tuple(values) for group, values in p_values.items()}
    return {group: min(1.0, len(values) * min(values)) for group, values in sorted(listed.items()) if values}


def fuse(scores: Mapping[str, Score], detectors: Iterable[Detector] | None = None) -> Fused | None:
    """All detectors' scores of one entity as one; None where no detector had enough data.

    Parameters
    ----------
    scores
        Detector name -> score; detectors without enough data are left out.
    detectors
        Where the groups of those names are looked up; all of the folder by default.

    """
    if not scores:
        return None
    groups = {detector.name: str(detector.group) for detector in (detectors or all_detectors())}
    p_values: dict[str, list[float]] = {}
    for name, score in sorted(scores.items()):
        p_values.setdefault(groups[name], []).extend(signal.p_value for signal in score.signals)
    grouped = group_p_values(p_values)
    signals = sorted((s for score in scores.values() for s in score.signals), key=lambda s: (s.p_value, s.name))
    against = {key: text for _, score in sorted(scores.items()) for key, text in score.against.items()}
    return Fused(combine(grouped), grouped, tuple(signals), against)


def fused_score(values: Mapping[str, float], baseline: Baseline, detectors: Iterable[Detector]) -> float:
    """The combined score that these values have under a baseline: what :func:`fuse` gives, without the words."""
    p_values: dict[str, list[float]] = {}
    for detector in detectors:
        for name, spec in detector.signals.items():
            if spec.tail is not None and name in values:
                p_values.setdefault(str(detector.group), []).append(baseline.p_value(name, values[name], spec.tail))
    return combine(group_p_values(p_values))
