"""Figure: one measured number, with what it stands on and what it should have been."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from detectors.core.calibration import clopper_pearson

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Target:
    """What a figure is to reach."""

    bound: float
    at_least: bool
    """True: the value must not be below the bound; False: not above it."""

    def met(self, value: float) -> bool:
        """Whether the value reaches the bound; what could not be measured never does."""
        if math.isnan(value):
            return False
        return value >= self.bound if self.at_least else value <= self.bound


def at_least(bound: float) -> Target:
    """The value is to be the bound or more."""
    return Target(bound, at_least=True)


def at_most(bound: float) -> Target:
    """The value is to be the bound or less."""
    return Target(bound, at_least=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A measured number."""

    name: str
    """What was measured, unique within its suite."""
    value: float
    """Shares in [0, 1]; NaN where nothing could be measured."""
    n: int
    """Independent trials behind it: windows, accounts, texts; see ``note`` for which."""
    interval: tuple[float, float] | None = None
    """95 % interval; None where none can be stated, which ``note`` explains."""
    unit: str = "%"
    """``%`` for shares, empty for bare numbers."""
    target: Target | None = None
    note: str = ""
    """What one has to know to read it: unit of n, how the interval was made, what was left out."""

    @property
    def met(self) -> bool | None:
        """Whether the target is reached; None where there is none."""
        return None if self.target is None else self.target.met(self.value)

    def document(self) -> dict[str, Any]:
        """The figure as JSON; what is not a number is null."""
        return {
            "name": self.name,
            "value": None if math.isnan(self.value) else self.value,
            "n": self.n,
            "interval": list(self.interval) if self.interval else None,
            "unit": self.unit,
            "target": {"at_least" if self.target.at_least else "at_most": self.target.bound} if self.target else None,
            "met": self.met,
            "note": self.note,
        }


def rate(name: str, hits: int, n: int, *, target: Target | None = None, note: str = "") -> Figure:
    """The share of ``hits`` among ``n`` independent trials, with its exact (Clopper-Pearson) interval."""
    found = clopper_pearson(hits, n)
    value = found.estimate if n else math.nan
    return Figure(name=name, value=value, n=n, interval=(found.low, found.high), target=target, note=note)


def shown(value: float, unit: str) -> str:
    """The number as a person reads it."""
    if math.isnan(value):
        return "-"
    if unit == "%":
        return f"{100 * value:.1f} %" if abs(value) >= 0.01 or value == 0 else f"{100 * value:.2f} %"
    number = f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return f"{number} {unit}".rstrip()


def row(figure: Figure) -> Sequence[str]:
    """A figure as cells: name, value, interval, n, target, verdict."""
    interval = " to ".join(shown(edge, figure.unit) for edge in figure.interval) if figure.interval else "-"
    target = figure.target
    sought = f"{'≥' if target.at_least else '≤'} {shown(target.bound, figure.unit)}" if target else ""
    verdict = {None: "", True: "met", False: "not met"}[figure.met]
    return figure.name, shown(figure.value, figure.unit), interval, f"{figure.n:,}", sought, verdict
