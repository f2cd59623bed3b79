"""Ablation: how much is lost when a signal is left out, everything else as it was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from detectors.core.combiner import clearing
from detectors.core.registry import by_scope
from service.bench.episodes.resample import Sample, area, found
from service.bench.suite import Table
from service.model.entity import Scope

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from service.bench.episodes.known import Known
    from service.bench.episodes.measure import Measured, Moment


@dataclass(frozen=True, slots=True)
class Reading:
    """What the combiner was given at one moment of an account."""

    p_values: Mapping[str, float]
    cleared: Mapping[str, float]
    queries: int

    def score(self, known: Known, without: str) -> float:
        """The score without one signal."""
        return known.combiner.score(
            {name: p for name, p in self.p_values.items() if name != without},
            {name: share for name, share in self.cleared.items() if name != without},
            self.queries,
        )


def table(measured: Sequence[Measured], known: Sequence[Known], *, fpr: float) -> Table:
    """Found at a false-positive rate at full and half share, and AUROC, without each signal that has a weight."""
    shown = [m for m in measured if not m.episode.attack or m.episode.share >= 0.5]
    readings = [[_reading(moment, known[m.episode.fold]) for moment in m.moments] for m in shown]
    weighed = sorted({name for held in known for name in held.combiner.names})

    def scores(without: str) -> list[float]:
        return [
            max((reading.score(known[m.episode.fold], without) for reading in held), default=0.0)
            for m, held in zip(shown, readings, strict=True)
        ]

    rows = [_row(name, shown, scores(name), fpr) for name in weighed]
    # Those that are missed most come first.
    rows.sort(key=lambda row: float(row[3]))
    return Table(
        "Ablation: what is left without a signal",
        ("left out", "#found, full share", "#found, half share", "#AUROC, full share"),
        [_row("none", shown, scores(""), fpr), *rows],
        "Nothing is fitted anew: the signal is treated as one that was not measured. Signals without a weight in any "
        "fold change nothing and are not listed.",
    )


def _reading(moment: Moment, known: Known) -> Reading:
    baseline = known.baselines.of(Scope.ACCOUNT, moment.queries)
    specs = [item for detector in by_scope(Scope.ACCOUNT) for item in detector.signals.items()]
    p_values = {
        name: baseline.p_value(name, moment.values[name], spec.tail)
        for name, spec in specs
        if spec.tail is not None and name in moment.values and name in known.combiner.names
    }
    return Reading(p_values, clearing(moment.values, specs), moment.queries)


def _row(name: str, measured: Sequence[Measured], scores: Sequence[float], fpr: float) -> tuple[str, ...]:
    def sample(*, attack: bool, share: float = 1.0) -> Sample:
        return Sample.of(
            [
                (score, m.episode.kind, m.source)
                for m, score in zip(measured, scores, strict=True)
                if m.episode.attack == attack and m.episode.share == share
            ]
        )

    benign, full, half = sample(attack=False), sample(attack=True), sample(attack=True, share=0.5)
    even = np.ones(len(benign))
    shares = (found(s, benign, fpr, np.ones(len(s)), even) for s in (full, half))
    return (name, *(f"{100 * share:.1f} %" for share in shares), f"{area(full, benign, np.ones(len(full)), even):.4f}")
