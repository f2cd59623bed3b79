"""Crossing: a baseline for each fold, learnt from the accounts of the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from detectors.core import fit as fitting
from detectors.core.fit import fit
from service.bench.episodes.folds import FOLDS
from service.bench.episodes.judge import verdicts
from service.model.entity import Scope

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from detectors.core.baseline import Baselines
    from service.bench.episodes.judge import Verdict
    from service.bench.episodes.measure import Measured


def rows(measured: Sequence[Measured]) -> Iterator[fitting.Measured]:
    """Evaluations as the fit takes them."""
    for account in measured:
        name = f"{account.episode.seed}-{account.episode.number}"
        for moment in account.moments:
            yield fitting.Measured(Scope.ACCOUNT, name, moment.day, moment.queries, moment.values)


def learnt(measured: Sequence[Measured], *, seed: int) -> Baselines:
    """The baseline of accounts that are taken as benign."""
    return fit(rows(measured), provenance={"source": "bench"}, seed=seed)


def affordable(budget: float, baselines: Sequence[Baselines]) -> float:
    """The budget, or the finest that every one of the baselines supports where it is too fine for them."""
    smallest = min(held.calibration(Scope.ACCOUNT).n for held in baselines)
    return max(budget, 1.0 / (smallest + 1))


def crossed(known: Sequence[Measured], *, seed: int) -> list[Baselines]:
    """For each fold, the baseline of the accounts of all others."""
    return [learnt([held for held in known if held.episode.fold != fold], seed=seed) for fold in range(FOLDS)]


def held_out(
    measured: Sequence[Measured], baselines: Sequence[Baselines], *, budget: float, without: Collection[str] = ()
) -> list[Verdict]:
    """Every account against the baseline that has seen neither its kind nor its sources."""
    return [
        verdict
        for fold, baseline in enumerate(baselines)
        for verdict in verdicts(
            [held for held in measured if held.episode.fold == fold], baseline, budget=budget, without=without
        )
    ]
