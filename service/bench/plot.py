"""Plot: curves over two axes, and the usual ones of the bench."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

POINTS = 200
"""Points kept of a curve, so that a page of many stays small."""


@dataclass(frozen=True, slots=True)
class Axis:
    """What is plotted, and from where to where."""

    label: str
    low: float
    high: float
    log: bool = False
    percent: bool = False
    """Values are shares, ticks are shown in per cent."""


@dataclass(frozen=True, slots=True)
class Curve:
    """Points joined by straight lines, or by steps."""

    name: str
    points: Sequence[tuple[float, float]]
    steps: bool = False
    emphasis: bool = False
    """Ours, among the others."""


@dataclass(frozen=True, slots=True)
class Plot:
    """Curves over two axes."""

    title: str
    x: Axis
    y: Axis
    curves: Sequence[Curve]
    caption: str
    """What is shown, with n."""


def roc_points(attack: Iterable[float], benign: Iterable[float]) -> list[tuple[float, float]]:
    """False-positive and true-positive rate at every threshold, from (0, 0) to (1, 1); high scores are suspicious."""
    positive, negative = _sorted(attack), _sorted(benign)
    thresholds = np.unique(np.concatenate([positive, negative]))[::-1]
    fpr = 1.0 - np.searchsorted(negative, thresholds, "left") / max(len(negative), 1)
    tpr = 1.0 - np.searchsorted(positive, thresholds, "left") / max(len(positive), 1)
    return [(0.0, 0.0), *thinned(list(zip(fpr.tolist(), tpr.tolist(), strict=True))), (1.0, 1.0)]


def roc(title: str, curves: Sequence[Curve], caption: str) -> Plot:
    """A ROC plot; low false-positive rates are what matters, hence the logarithmic axis."""
    return Plot(
        title,
        Axis("false-positive rate", 1e-3, 1.0, log=True, percent=True),
        Axis("true-positive rate", 0.0, 1.0, percent=True),
        curves,
        caption,
    )


def detection_by_budget(title: str, curves: Sequence[Curve], caption: str) -> Plot:
    """Share found over the false alarms that are accepted."""
    return Plot(
        title,
        Axis("false alarms accepted, per benign trial", 1e-4, 0.1, log=True, percent=True),
        Axis("share found", 0.0, 1.0, percent=True),
        curves,
        caption,
    )


def time_to_flag(
    title: str, curves: Sequence[Curve], caption: str, *, unit: str = "queries", most: float = 2000
) -> Plot:
    """Share flagged by the time so many queries were sent."""
    return Plot(title, Axis(unit, 0.0, most), Axis("share flagged", 0.0, 1.0, percent=True), curves, caption)


def cumulative(values: Iterable[float], total: int) -> list[tuple[float, float]]:
    """Share of ``total`` with a value at most x, as steps; those without a value are left out of ``values``."""
    ordered = _sorted(values)
    return thinned([(0.0, 0.0), *((x, (i + 1) / total) for i, x in enumerate(ordered.tolist()))])


def thinned(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """At most ``POINTS`` of the points, ends included."""
    if len(points) <= POINTS:
        return list(points)
    return [points[i] for i in np.unique(np.linspace(0, len(points) - 1, POINTS).astype(int))]


def _sorted(values: Iterable[float]) -> NDArray[np.float64]:
    return np.sort(np.fromiter(values, np.float64))
