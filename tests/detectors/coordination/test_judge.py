"""The judge of groups: fitted, monotone, stored as numbers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from detectors.coordination.group import MEASURES
from detectors.coordination.judge import Judge, default, fit
from detectors.coordination.ties import TIES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


WIDTH = len(MEASURES) + len(TIES)


def made() -> Judge:
    """A judge of made-up groups: honest ones around 0, campaigns around 2."""
    rng = np.random.default_rng(1)
    honest = [rng.normal(0.0, 1.0, (3, WIDTH)) for _ in range(200)]
    harvests = [rng.normal(2.0, 1.0, (3, WIDTH)) for _ in range(50)]
    return fit(honest[:100], harvests, honest[100:], about={"seed": 1})


def test_campaigns_score_above_honest_groups() -> None:
    """With a p-value that says how rarely an honest group does."""
    judge = made()
    low, high = judge.judge(np.zeros(len(MEASURES))), judge.judge(np.full(len(MEASURES), 2.0))
    assert low.score < 0.5 < high.score
    assert low.n == high.n == 100
    assert high.p_value == 1 / 101
    assert low.p_value > 0.1


@pytest.mark.parametrize("source", [made, default], ids=["made", "shipped"])
def test_more_of_any_measure_never_clears(source: Callable[[], Judge]) -> None:
    """No weight is negative."""
    judge = source()
    assert (judge.weights >= 0).all()
    assert judge.weights.sum() > 0


def test_it_comes_back_from_its_file(tmp_path: Path) -> None:
    """With the same version and the same words."""
    judge = made()
    judge.save(tmp_path / "judge.npz")
    back = Judge.load(tmp_path / "judge.npz")
    assert back.version == judge.version
    assert back.judge(np.ones(len(MEASURES))) == judge.judge(np.ones(len(MEASURES)))


def test_how_rare_a_tie_is() -> None:
    """It is told beside honest groups, and moves no score."""
    judge = made()
    assert judge.tie_rarity(np.full(len(TIES), 99.0)) == (1 / 101,) * len(TIES)
    assert judge.tie_rarity(np.full(len(TIES), -99.0)) == (1.0,) * len(TIES)
    assert len(judge.weights) == len(MEASURES)


def test_another_set_of_measures_is_refused(tmp_path: Path) -> None:
    """Its weights would be of something else."""
    judge = made()
    odd = replace(judge, about={"measures": ["actors"]})
    odd.save(tmp_path / "judge.npz")
    with pytest.raises(ValueError, match="other measures"):
        Judge.load(tmp_path / "judge.npz")


def test_the_tail_goes_on_where_counts_end() -> None:
    """Scores whose log-odds fall off exponentially: a score of which one in 2,000 is seen is told from 1,000."""
    rng = np.random.default_rng(5)
    margins = rng.exponential(1.0, 1000)
    judge = replace(made(), benign=np.sort(1.0 / (1.0 + np.exp(-margins))))
    rare = 1.0 / (1.0 + 1.0 / 2000)
    assert judge.tail(0.6) == judge.p_value(0.6)
    assert 1 / 6000 < judge.tail(rare) < 1 / 700
    assert judge.tail(1.0) == 1 / 10_010


def test_the_tail_never_rises() -> None:
    """Whoever scores more is as rare or rarer, from counts to tail too."""
    judge = made()
    shares = [judge.tail(score) for score in np.linspace(0.0, 1.0, 500)]
    assert shares == sorted(shares, reverse=True)
