from __future__ import annotations

import math
from functools import cache

import numpy as np
import pytest

from detectors.core.observation import EMBEDDING
from service.bench.peers.deviation import Deviation
from service.bench.peers.every import every
from service.bench.peers.mmd import MMD, bandwidth, kernel
from service.bench.peers.peer import Calls, Peer
from tests.detectors.factories import START, observations

PEERS = [peer.name for peer in every()]


def an_account(seed: int, *, queries: int = 150, topics: int = 40, spread: float = 0.5, **given: object) -> Calls:
    """An account whose queries lie around some of 40 topics that all accounts share."""
    random = np.random.default_rng(seed)
    centres = np.random.default_rng(0).normal(size=(40, EMBEDDING))
    points = centres[random.integers(0, topics, queries)] + spread * random.normal(size=(queries, EMBEDDING))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    rows = observations(queries, seed=seed, **{"embedding": points, "time": START + 60 * np.arange(queries), **given})
    return Calls(rows, [f"question {seed} {i}" for i in range(queries)])


BENIGN = [an_account(seed) for seed in range(25)]


def fitted_anew(name: str) -> Peer:
    """The peer of that name, fitted on the benign accounts."""
    (peer,) = [peer for peer in every(seed=1) if peer.name == name]
    peer.fit(BENIGN)
    return peer


fitted = cache(fitted_anew)


ODD = {
    "MMD": an_account(900, topics=1, spread=0.1),
    "Mahalanobis": an_account(900, spread=5.0),
    "PRADA": an_account(900, topics=1, spread=0.0, queries=300),
    "SEAT": an_account(900, topics=1, spread=0.1),
    "LSH coverage": an_account(900, topics=1, spread=0.01),
    "counters": an_account(900, time=START + np.arange(150)),
    "phrase list": Calls(observations(50), ["Think step by step: what is this?"] * 50),
    "volume": an_account(900, output_tokens=5000),
}
"""An account that each is made to find."""


@pytest.mark.parametrize("name", PEERS)
def test_finds_what_it_was_made_for(name: str) -> None:
    """What the paper has in mind scores above every one of twenty benign accounts that were not fitted on."""
    peer = fitted(name)
    benign = [peer.score(an_account(seed)) for seed in range(100, 120)]
    assert peer.score(ODD[name]) > max(benign)


@pytest.mark.parametrize("name", PEERS)
def test_says_nothing_of_nothing(name: str) -> None:
    """An account of no or of few queries has a finite score, and says where the method comes from."""
    peer = fitted(name)
    empty = Calls(observations(0), [])
    assert peer.score(empty) == 0.0
    assert math.isfinite(peer.score(an_account(7).first(3)))
    assert peer.reference


@pytest.mark.parametrize("name", PEERS)
def test_is_reproducible(name: str) -> None:
    """Fitted twice on the same accounts, it gives the same score."""
    assert fitted(name).score(BENIGN[5]) == fitted_anew(name).score(BENIGN[5])


def test_mmd_is_unbiased() -> None:
    """Accounts of the pool's own law score zero on average, whatever their size."""
    peer = MMD(seed=1)
    peer.fit(BENIGN)
    for queries in (30, 200):
        scores = [peer.score(an_account(seed, queries=queries)) for seed in range(200, 220)]
        assert abs(np.mean(scores)) < 3 * np.std(scores) / math.sqrt(len(scores)) + 1e-3


def test_kernel_is_the_mean_of_four() -> None:
    """The powers of the widest kernel are the narrower ones."""
    random = np.random.default_rng(1)
    a, b = random.normal(size=(5, 8)), random.normal(size=(4, 8))
    sigma = bandwidth(random.normal(size=(50, 8)))
    squared = ((a[:, None] - b) ** 2).sum(axis=2)
    expected = np.mean([np.exp(-squared / (2 * (s * sigma) ** 2)) for s in (0.5, 1, 2, 4)], axis=0)
    np.testing.assert_allclose(kernel(a, b, sigma), expected)


def test_deviation_has_two_sides() -> None:
    """The tenth most extreme value on either side is at 1, whatever the skew; nothing known is not suspicious."""
    usual = Deviation.of([*np.linspace(0, 1, 101), *np.linspace(1, 11, 101), math.nan])
    low, high = np.quantile([*np.linspace(0, 1, 101), *np.linspace(1, 11, 101)], [0.1, 0.9])
    assert usual(float(low)) == pytest.approx(1.0)
    assert usual(float(high)) == pytest.approx(1.0)
    assert usual(math.nan) == 0.0
