"""Fusion: no score rests on one group, and less likely is never less suspicious."""

from __future__ import annotations

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from detectors.core.baseline import Baselines
from detectors.core.detector import Score, Signal
from detectors.core.fusion import combine, fuse, fused_score, group_p_values
from detectors.core.registry import all_detectors
from tests.detectors.factories import START, a_baseline, observations

p_values = st.floats(1e-6, 1.0)


def a_signal(name: str, p_value: float) -> Signal:
    """A signal of which only the p-value matters."""
    return Signal(name, 1.0, "", p_value, None, None, 100, name)


def a_score(*signals: Signal, **against: str) -> Score:
    """A detector's score with these signals."""
    return Score(0.5, signals, against)


def test_one_group_is_never_enough() -> None:
    """However extreme a single group is, it adds nothing while the others are as benign ones are."""
    assert combine({"volume": 1e-9}) == 0.0
    assert combine({"volume": 1e-9, "content": 1.0, "response": 1.0}) == 0.0
    assert combine({"volume": 1e-9, "content": 0.5}) == combine({"volume": 0.5, "content": 0.5})


def test_two_groups_by_hand() -> None:
    """Of two groups the weaker one counts: one minus its p-value. Of three, Fisher's tail of the weaker two."""
    assert combine({"volume": 0.001, "content": 0.02}) == pytest.approx(0.98)
    product = 0.02 * 0.01
    assert combine({"volume": 0.001, "content": 0.02, "response": 0.01}) == pytest.approx(
        1 - product * (1 - math.log(product))
    )


@given(st.lists(p_values, min_size=2, max_size=6), st.data())
def test_monotone(values: list[float], data: st.DataObject) -> None:
    """A p-value that falls never lowers the score."""
    at = data.draw(st.integers(0, len(values) - 1))
    lower = [*values[:at], data.draw(st.floats(1e-6, values[at])), *values[at + 1 :]]
    groups = [{str(i): p for i, p in enumerate(listed)} for listed in (values, lower)]
    assert 0.0 <= combine(groups[0]) <= combine(groups[1]) + 1e-12 <= 1.0 + 1e-12


@given(st.dictionaries(st.sampled_from("abcdef"), p_values, min_size=2), st.randoms())
def test_order_does_not_matter(groups: dict[str, float], random) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    """The groups in another order combine to the same number."""
    names = list(groups)
    assume(len(names) > 1)
    random.shuffle(names)
    assert combine({name: groups[name] for name in names}) == combine(groups)


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
        }
    )
    assert fused is not None
    assert [signal.name for signal in fused.signals] == ["diversity.a", "volume.a", "coverage.a"]
    assert fused.groups == {"volume": pytest.approx(0.2), "content": pytest.approx(0.02)}
    assert fused.against == {"rerun": "many re-runs", "narrow": "one topic"}
    assert fused.score == pytest.approx(0.8)


def test_nothing_to_fuse() -> None:
    """No detector with enough data is no score, not a score of 0."""
    assert fuse({}) is None


def test_scored_and_fitted_alike() -> None:
    """The fit's score from values alone is the live score to the bit."""
    detectors = all_detectors()
    baseline = a_baseline([0.01 * k for k in range(1, 3000)])
    batch = observations(60)
    scores = {d.name: d.score(d.update(d.empty(), batch), baseline, START + 60) for d in detectors}
    live = fuse({name: score for name, score in scores.items() if score})
    values = {name: value for score in scores.values() if score for name, value in score.values.items()}
    assert live is not None
    assert live.score == fused_score(values, baseline, detectors)
    assert 0.0 < live.score < 1.0
    assert fused_score(values, Baselines.empty().of("account", 60), detectors) == 0.0
