"""Evaluations to learn from, measured as real ones are."""

from __future__ import annotations

import numpy as np

from detectors.core.combiner import Combiner
from detectors.core.registry import all_detectors
from detectors.core.tail import Tail
from service.model.entity import Entity, Scope
from service.model.flag import Evaluation

DAY = 86_400_000_000
FIRST = 20_700 * DAY
"""The first day, in September 2026."""
COMBINER = Combiner.default()
TELLING = [
    (name, spec.tail)
    for detector in all_detectors()
    for name, spec in detector.signals.items()
    if spec.tail in (Tail.UPPER, Tail.LOWER) and COMBINER.weights.get(name) and name not in COMBINER.alone
]
"""Signals that have a suspicious side, and of which none makes the score by itself."""


def evaluation(account: str, at: int, *, out: float = 0.0, seed: int = 1, scope: Scope = Scope.ACCOUNT) -> Evaluation:
    """One of 320 queries whose every signal is standard normal, and so far out of line on its suspicious side."""
    noise = np.random.default_rng(seed).normal(size=len(TELLING))
    values = {
        name: float(value + (out if tail is Tail.UPPER else -out))
        for (name, tail), value in zip(TELLING, noise, strict=True)
    }
    return Evaluation(Entity(scope, account), 0, "close", at, 320, 0.5, 1.0, None, {}, (), {}, values)


def honest(accounts: int, days: int = 1) -> list[Evaluation]:
    """Two evaluations a day of so many accounts, in order of event time."""
    return [
        evaluation(
            f"acct-{number:04d}", FIRST + day * DAY + turn * DAY // 2 + number, seed=number * 1000 + day * 2 + turn
        )
        for day in range(days)
        for turn in (0, 1)
        for number in range(accounts)
    ]
