"""Judge: from what a detector measured to its score, against what is benign. One way for all detectors."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from detectors.core.detector import Measurement, Score, Signal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from detectors.core.baseline import Baseline
    from detectors.core.detector import SignalSpec


def rounded(value: float) -> float:
    """The value to 6 significant digits: sums in another order differ by 1e-12, and no rank may hang on that."""
    return float(f"{value:.6g}")


def quantity(value: float, unit: str) -> str:
    """The number as a person reads it, with its unit: ``41 %``, ``12,300 tokens``, ``3.2 dimensions``."""
    if unit == "%":
        return f"{100 * value:.0f} %" if value >= 0.1 or value == 0 else f"{100 * value:.1f} %"
    number = f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.3g}"
    return f"{number} {unit}".rstrip()


def judge(specs: Mapping[str, SignalSpec], measured: Measurement, baseline: Baseline) -> Score:
    """The score of a measurement: one minus its smallest p-value times the number of signals looked at."""
    signals = tuple(
        _signal(name, measured.values[name], spec, baseline)
        for name, spec in specs.items()
        if spec.tail is not None and name in measured.values
    )
    smallest = min((signal.p_value for signal in signals), default=1.0)
    against = {name: text + _benign(baseline.median(name), specs[name].unit) for name, text in measured.against.items()}
    return Score(1.0 - min(1.0, max(len(signals), 1) * smallest), signals, against, measured.values)


def _signal(name: str, value: float, spec: SignalSpec, baseline: Baseline) -> Signal:
    assert spec.tail is not None  # noqa: S101 - for the type checker; judge leaves context out
    said = spec.words.format(value=quantity(value, spec.unit))
    reference = baseline.reference(name)
    if reference is None:
        return Signal(name, value, spec.unit, 1.0, None, None, 0, said)
    median = reference.quantile(0.5)
    return Signal(
        name=name,
        value=value,
        unit=spec.unit,
        p_value=reference.p_value(value, spec.tail),
        median=median,
        p99=reference.p99(spec.tail),
        n=reference.n,
        text=said + _benign(median, spec.unit),
    )


@lru_cache(4096)
def _benign(median: float | None, unit: str) -> str:
    return "" if median is None else f" (benign median {quantity(median, unit)})"
