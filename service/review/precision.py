"""Precision: of what reviewers judged, how much each detector was right about. Pure functions.

A verdict on an alert is a label of every detector that gave a reason for one of its flags. Labels of insufficient
data, duplicates and tests say nothing about a detector and are left out. What was never flagged has no label, so
this is precision and says nothing of recall.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from detectors.core.calibration import clopper_pearson
from service.model.alert import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable

    from detectors.core.calibration import Interval
    from service.model.flag import Flag

RIGHT = frozenset({Verdict.TRUE_POSITIVE})
WRONG = frozenset({Verdict.FALSE_POSITIVE, Verdict.BENIGN})
EVERY = "all"
"""The row over every alert, whichever detectors spoke."""


@dataclass(frozen=True, slots=True)
class Precision:
    """How often a detector was right, with its exact 95 % interval."""

    detector: str
    interval: Interval
    """Estimate, low, high, and the labelled alerts behind them; (1, 0, 1, 0) without any, which is no knowledge."""
    verdicts: dict[str, int]
    """Every verdict of alerts that it spoke for, those without a say too."""


def detectors(flags: Iterable[Flag]) -> frozenset[str]:
    """Detectors that gave a reason for one of the flags: a signal's name up to the dot."""
    return frozenset(reason.name.partition(".")[0] for flag in flags for reason in flag.reasons)


def precision(labelled: Iterable[tuple[Verdict, frozenset[str]]]) -> list[Precision]:
    """Precision over all alerts, then of each detector by name.

    Parameters
    ----------
    labelled
        Of each closed alert its verdict and the detectors behind it.

    """
    counts: dict[str, Counter[Verdict]] = {EVERY: Counter()}
    for verdict, behind in labelled:
        for name in (EVERY, *behind):
            counts.setdefault(name, Counter())[verdict] += 1
    return [_row(name, counts[name]) for name in (EVERY, *sorted(counts.keys() - {EVERY}))]


def _row(name: str, verdicts: Counter[Verdict]) -> Precision:
    right, wrong = (sum(verdicts[verdict] for verdict in kinds) for kinds in (RIGHT, WRONG))
    return Precision(name, clopper_pearson(right, right + wrong), {str(v): n for v, n in sorted(verdicts.items())})
