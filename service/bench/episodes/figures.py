"""Figures: what the accounts suite says in numbers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from service.bench.episodes import plan
from service.bench.episodes.held import FPR, sample
from service.bench.episodes.resample import Sample, area, found, interval, median
from service.bench.figure import Figure, Target, at_least, at_most, rate

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from service.bench.episodes.held import Held
    from service.bench.episodes.judge import Verdict

WANTED = {1.0: 0.8, 0.5: 0.5, 0.25: 0.2}
"""Share of the harvest -> share of accounts that is to be found."""


def figures(held: Held) -> Iterator[Figure]:
    """Found by share, AUROC, queries to flag, and alerts at the budget."""
    benign = sample(held.benign)
    for share in sorted(plan.SHARES, reverse=True):
        target = at_least(WANTED[share]) if share in WANTED else None
        yield _found(f"found at 0.5 % FPR, {share:.0%} share", held.at(share), benign, held, target)
    full = held.at(1.0)
    for name, hard, bound in (("ordinary", False, 0.98), ("hard", True, 0.96)):
        against = sample(held.against(hard=hard))
        yield _area(f"AUROC at full share, against {name}", sample(full), against, held, at_least(bound))
    yield _median("median queries to flag at full share", full, held, at_most(150))
    yield _alerts("benign accounts with an alert", held.benign, held.budget)
    for share in (1.0, 0.5, 0.25):
        yield _alerts(f"harvests with an alert, {share:.0%} share", held.at(share), held.budget)


def declared_figures(held: Held) -> Iterator[Figure]:
    """Found by share, where evaluations and synthetic data were announced by those who make them."""
    benign = sample(held.benign)
    for share in sorted(WANTED, reverse=True):
        yield _found(f"found at 0.5 % FPR, {share:.0%} share, jobs declared", held.at(share), benign, held, None)
    yield _median("median queries to flag at full share, jobs declared", held.at(1.0), held, None)
    yield _alerts("benign accounts with an alert, jobs declared", held.benign, held.budget)


def _alerts(name: str, verdicts: Sequence[Verdict], budget: float) -> Figure:
    note = f"a flag of medium or above at a budget of {budget:g} per account-day; exact interval over accounts"
    return rate(name, sum(v.alerts > 0 for v in verdicts), len(verdicts), note=note)


def _found(name: str, verdicts: Sequence[Verdict], benign: Sample, held: Held, target: Target | None) -> Figure:
    attack = sample(verdicts)
    return Figure(
        name=name,
        value=found(attack, benign, FPR, np.ones(len(attack)), np.ones(len(benign))),
        n=len(attack),
        interval=interval(
            attack, benign, lambda a, b: found(attack, benign, FPR, a, b), seed=held.seed, rounds=held.rounds
        ),
        target=target,
    )


def _area(name: str, attack: Sample, benign: Sample, held: Held, target: Target) -> Figure:
    return Figure(
        name=name,
        value=area(attack, benign, np.ones(len(attack)), np.ones(len(benign))),
        n=len(attack) + len(benign),
        interval=interval(attack, benign, lambda a, b: area(attack, benign, a, b), seed=held.seed, rounds=held.rounds),
        unit="",
        target=target,
        note="n is of both sides",
    )


def _median(name: str, verdicts: Sequence[Verdict], held: Held, target: Target | None) -> Figure:
    threshold = held.threshold
    reached = Sample.of(
        [(float(v.queries_to(threshold) or math.inf), v.measured.episode.kind, v.measured.source) for v in verdicts]
    )
    nobody = Sample.of([(0.0, "", "")])
    low, high = interval(reached, nobody, lambda a, _: median(reached.scores, a), seed=held.seed, rounds=held.rounds)
    value = median(reached.scores, np.ones(len(reached)))
    return Figure(
        name=name,
        value=value if math.isfinite(value) else math.nan,
        n=len(reached),
        interval=(low, high) if math.isfinite(high) else None,
        unit="queries",
        target=target,
        note="over all harvests, those never flagged counted as never; evaluated at the 20th, 40th, 80th ... query and "
        "at the close of every hour",
    )
