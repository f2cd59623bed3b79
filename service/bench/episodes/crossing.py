"""Crossing: for each fold, what is learnt from the accounts of the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from detectors.core import fit as fitting
from detectors.core.combiner_fit import Example, fit_combiner
from detectors.core.fit import fit
from service.bench.episodes.folds import FOLDS
from service.bench.episodes.judge import verdicts
from service.bench.episodes.known import Known
from service.model.entity import Scope

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from detectors.core.combiner import Combiner
    from service.bench.episodes.judge import Verdict
    from service.bench.episodes.measure import Measured

EXAMPLES = 4
"""Each so-manieth benign account is an example for the combiner; the others make the baseline."""


def named(account: Measured) -> str:
    """A name that no other account has."""
    episode = account.episode
    return f"{episode.kind}-{episode.seed}-{episode.number}"


def rows(measured: Sequence[Measured]) -> Iterator[fitting.Measured]:
    """Evaluations as the fit takes them."""
    for account in measured:
        for moment in account.moments:
            yield fitting.Measured(Scope.ACCOUNT, named(account), moment.day, moment.queries, moment.values)


def calibrated(benign: Sequence[Measured], combiner: Combiner, *, seed: int) -> Known:
    """A baseline of accounts that are taken as benign, under a combiner that is known."""
    return Known(fit(rows(benign), provenance={"source": "bench"}, seed=seed, combiner=combiner), combiner)


def learnt(benign: Sequence[Measured], harvests: Sequence[Measured], *, seed: int) -> Known:
    """Baseline and combiner: some of the benign accounts are examples for the one, the others make the other."""
    shown = [m for i, m in enumerate(benign) if i % EXAMPLES == 0]
    kept = [m for i, m in enumerate(benign) if i % EXAMPLES]
    references = fit(rows(kept), provenance={"source": "bench"}, seed=seed, halves=False)
    combiner = fit_combiner([*examples(shown), *examples(harvests)], references, about={"source": "bench"})
    return calibrated(kept, combiner, seed=seed)


def examples(measured: Sequence[Measured]) -> Iterator[Example]:
    """Evaluations as the fit of a combiner takes them."""
    for account in measured:
        kind, attack = account.episode.kind, account.episode.attack
        for moment in account.moments:
            yield Example(named(account), kind, attack, Scope.ACCOUNT, moment.queries, moment.values)


def affordable(budget: float, known: Sequence[Known]) -> float:
    """The budget, or the finest that every one of them supports where it is too fine for them."""
    return max(budget, 1.0 / (min(held.days for held in known) + 1))


def crossed(benign: Sequence[Measured], harvests: Sequence[Measured], *, seed: int) -> list[Known]:
    """For each fold, what is learnt from the accounts of all others."""
    return [learnt(_outside(benign, fold), _outside(harvests, fold), seed=seed) for fold in range(FOLDS)]


def _outside(measured: Sequence[Measured], fold: int) -> list[Measured]:
    return [held for held in measured if held.episode.fold != fold]


def held_out(
    measured: Sequence[Measured], known: Sequence[Known], *, budget: float, without: frozenset[str] = frozenset()
) -> list[Verdict]:
    """Every account by what has seen neither its kind nor its sources."""
    return [
        verdict
        for fold, held in enumerate(known)
        for verdict in verdicts([m for m in measured if m.episode.fold == fold], held, budget=budget, without=without)
    ]
