"""Ablation: how much is lost when a signal is left out, everything else as it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from detectors.core.registry import all_detectors
from service.bench.episodes.crossing import held_out
from service.bench.episodes.resample import Sample, area, found
from service.bench.suite import Table
from service.model.entity import Scope

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.bench.episodes.crossing import Known
    from service.bench.episodes.judge import Verdict
    from service.bench.episodes.measure import Measured


def signals() -> list[str]:
    """Every signal of the account scope that is evidence."""
    return sorted(
        name
        for detector in all_detectors()
        if Scope.ACCOUNT in detector.scopes
        for name, spec in detector.signals.items()
        if spec.tail is not None or spec.clears
    )


def table(measured: Sequence[Measured], known: Sequence[Known], *, fpr: float) -> Table:
    """Found at a false-positive rate at full and half share, and AUROC, without each signal."""
    shown = [m for m in measured if not m.episode.attack or m.episode.share >= 0.5]
    whole = _row("none", _values(held_out(shown, known, budget=0.0), fpr))
    rows = [
        _row(name, _values(held_out(shown, known, budget=0.0, without=frozenset({name})), fpr)) for name in signals()
    ]
    # Those that are missed most come first.
    rows.sort(key=lambda row: float(row[3]))
    return Table(
        "Ablation: what is left without a signal",
        ("left out", "#found, full share", "#found, half share", "#AUROC, full share"),
        [whole, *rows],
        "Nothing is fitted anew: the signal is treated as one that was not measured.",
    )


def _values(verdicts: Sequence[Verdict], fpr: float) -> tuple[float, float, float]:
    def sample(rows: list[Verdict]) -> Sample:
        return Sample.of([(v.score, v.measured.episode.kind, v.measured.source) for v in rows])

    benign = sample([v for v in verdicts if not v.measured.episode.attack])
    full, half = (
        sample([v for v in verdicts if v.measured.episode.attack and v.measured.episode.share == share])
        for share in (1.0, 0.5)
    )
    even = np.ones(len(benign))
    return (
        found(full, benign, fpr, np.ones(len(full)), even),
        found(half, benign, fpr, np.ones(len(half)), even),
        area(full, benign, np.ones(len(full)), even),
    )


def _row(name: str, values: tuple[float, float, float]) -> tuple[str, ...]:
    return (name, f"{100 * values[0]:.1f} %", f"{100 * values[1]:.1f} %", f"{values[2]:.4f}")
