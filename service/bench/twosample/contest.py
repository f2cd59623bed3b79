"""Contest: both tests on the same windows of one benign corpus, whose texts are dealt into thirds in turn held out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from service.bench.twosample.published import Published
from service.bench.twosample.window import DRAWS, WindowTest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from service.bench.twosample.views import Views
    from service.bench.twosample.window import Read

SHARES = (0.05, 0.10, 0.25, 0.50, 1.0)
FOLDS = 3
REPEATS = 4
"""Windows of each share made from one held-out benign window, with other attackers each time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One window, judged by both tests."""

    attack: str
    """Corpus of the attackers, empty for a benign window."""
    share: float
    ours: float
    """Score over its threshold: an alarm above 1."""
    p_value: float
    theirs: float
    """Squared discrepancy."""
    published: float
    """Their published threshold."""
    leading: str
    """Of our statistics, the one that deviates most."""


@dataclass(frozen=True, slots=True, eq=False)
class _Held:
    """Texts that windows are made of, as both tests read them."""

    read: Read
    points: NDArray[np.float64]
    across: NDArray[np.float64]

    def take(self, rows: NDArray[np.intp]) -> _Held:
        return _Held(self.read.take(rows), self.points[rows], self.across[rows])


class Fold:
    """Both tests, fitted on what is not held out.

    Parameters
    ----------
    reference, calibration
        Our halves; together they are the pool of the published test.
    n
        Texts of a window.

    """

    def __init__(self, reference: Views, calibration: Views, n: int, *, seed: int, draws: int = DRAWS) -> None:
        self.n = n
        self._ours = WindowTest(reference, calibration, n, seed=seed, draws=draws)
        self._theirs = Published(np.concatenate([reference.embedding, calibration.embedding]), n, seed=seed)

    def hold(self, texts: Views) -> _Held:
        """Texts to make windows of."""
        return _Held(self._ours.read(texts), texts.embedding, self._theirs.read(texts.embedding))

    def judge(self, benign: _Held, attack: _Held | None = None, name: str = "") -> Seen:
        """The window of these together."""
        parts = [benign] if attack is None else [benign, attack]
        kept = [part for part in parts if part.read.n]
        verdict = self._ours.verdict(*(part.read for part in kept))
        points, across = (np.concatenate([getattr(p, f) for p in kept]) for f in ("points", "across"))
        return Seen(
            attack=name,
            share=attack.read.n / len(points) if attack else 0.0,
            ours=verdict.score / self._ours.threshold,
            p_value=verdict.p_value,
            theirs=self._theirs.score(points, across),
            published=self._theirs.threshold,
            leading=verdict.leading,
        )


def disjoint(
    benign: Views, attacks: Mapping[str, Views], n: int, *, seed: int, repeats: int = REPEATS, draws: int = DRAWS
) -> Iterator[Seen]:
    """Every disjoint window of a corpus, benign once and with every share of every attacker.

    No text is twice in one window, and no benign text in two; attackers are drawn anew for each window.
    """
    random = np.random.default_rng(seed)
    thirds = np.array_split(random.permutation(len(benign)), FOLDS)
    for held_out in range(FOLDS):
        windows = len(thirds[held_out]) // n
        if not windows:
            continue
        reference, calibration = (benign.take(third) for i, third in enumerate(thirds) if i != held_out)
        fold = Fold(reference, calibration, n, seed=seed, draws=draws)
        held = fold.hold(benign.take(thirds[held_out]))
        others = {name: fold.hold(views) for name, views in attacks.items()}
        for window in range(windows):
            rows = np.arange(window * n, (window + 1) * n)
            yield fold.judge(held.take(rows))
            for name, other in others.items():
                yield from _mixed(fold, held.take(rows), other, name=name, random=random, repeats=repeats)


def _mixed(
    fold: Fold, benign: _Held, attack: _Held, *, name: str, random: np.random.Generator, repeats: int
) -> Iterator[Seen]:
    for share in SHARES:
        count = round(share * fold.n)
        if count > attack.read.n:
            continue
        for _ in range(repeats):
            kept = benign.take(random.permutation(fold.n)[: fold.n - count])
            yield fold.judge(kept, attack.take(random.permutation(attack.read.n)[:count]), name)


def overlapping(benign: Views, attack: Views, n: int, *, seed: int, windows: int) -> Iterator[Seen]:
    """The protocol as published: 80 % pool, and windows that share most of their texts, drawn from the other 20 %.

    Held-out texts are fewer than two windows in most of the published pairs, so that rates from these have no honest
    interval. Where they are fewer than one, windows are as large as there are texts; nothing is drawn twice into one.
    """
    random = np.random.default_rng(seed)
    order = random.permutation(len(benign))
    cut = round(0.8 * len(order))
    fold = Fold(benign.take(order[: cut // 2]), benign.take(order[cut // 2 : cut]), n, seed=seed)
    held, other = fold.hold(benign.take(order[cut:])), fold.hold(attack)
    size = min(n, held.read.n, other.read.n)
    for _ in range(windows):
        yield fold.judge(held.take(random.permutation(held.read.n)[:size]))
        for share in SHARES:
            count = round(share * size)
            kept = held.take(random.permutation(held.read.n)[: size - count])
            yield fold.judge(kept, other.take(random.permutation(other.read.n)[:count]), "attack")
