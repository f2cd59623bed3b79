"""Fusion: signals become one score by the combiner, groups become p-values, and nothing is lost on the way."""

from __future__ import annotations

import pytest

from detectors.core.baseline import Baselines
from detectors.core.combiner import Combiner
from detectors.core.detector import Score, Signal
from detectors.core.fusion import fuse, fused_score, group_p_values
from detectors.core.registry import all_detectors
from tests.detectors.factories import START, a_baseline, observations

COMBINER = Combiner({"volume.a": 1.0, "diversity.a": 2.0, "volume.rerun_share": 4.0}, -1.0, {})
"""Evidence of two groups, and something that clears."""


def a_signal(name: str, p_value: float) -> Signal:
    """A signal of which only the p-value matters."""
    return Signal(name, 1.0, "", p_value, None, None, 100, name)


def a_score(*signals: Signal, **against: str) -> Score:
    """A detector's score with these signals."""
    return Score(0.5, signals, against)


def test_a_group_pays_for_what_it_looks_at() -> None:
    """Bonferroni: three signals, the smallest times three, at most 1."""
    assert group_p_values({"a": [0.01, 0.5, 0.9], "b": [0.6, 0.7], "c": []}) == {"a": pytest.approx(0.03), "b": 1.0}


def test_fuse_puts_the_most_telling_first() -> None:
    """Signals by p-value, groups by their detectors, and everything that speaks against."""
    fused = fuse(
        {
            "volume": a_score(a_signal("volume.a", 0.2), rerun="many re-runs"),
            "coverage": a_score(a_signal("coverage.a", 0.5)),
            "diversity": a_score(a_signal("diversity.a", 0.01), narrow="one topic"),
        },
        100,
    )
    assert fused is not None
    assert [signal.name for signal in fused.signals] == ["diversity.a", "volume.a", "coverage.a"]
    assert fused.groups == {"volume": pytest.approx(0.2), "content": pytest.approx(0.02)}
    assert fused.against == {"rerun": "many re-runs", "narrow": "one topic"}


def test_the_score_is_the_combiners() -> None:
    """Half (75 queries) of 1 · 1 (p = 0.1) + 2 · 2 (p = 0.01) - 4 · 0.5 (half re-runs), less 1: 0.5, as odds."""
    volume = Score(0.5, (a_signal("volume.a", 0.1),), {}, {"volume.a": 7.0, "volume.rerun_share": 0.5})
    fused = fuse({"volume": volume, "diversity": a_score(a_signal("diversity.a", 0.01))}, 75, combiner=COMBINER)
    assert fused is not None
    assert fused.score == pytest.approx(0.622459, abs=1e-6)


def test_nothing_to_fuse() -> None:
    """No detector with enough data is no score, not a score of 0."""
    assert fuse({}, 100) is None


def test_scored_and_fitted_alike() -> None:
    """The fit's score from values alone is the live score to the bit."""
    detectors = all_detectors()
    baseline = a_baseline([0.01 * k for k in range(1, 3000)])
    batch = observations(60)
    scores = {d.name: d.score(d.update(d.empty(), batch), baseline, START + 60) for d in detectors}
    live = fuse({name: score for name, score in scores.items() if score}, 60)
    values = {name: value for score in scores.values() if score for name, value in score.values.items()}
    assert live is not None
    assert live.score == fused_score(values, 60, baseline, detectors)
    assert 0.0 < live.score < 1.0
    assert fused_score(values, 60, Baselines.empty().of("account", 60), detectors) < live.score
