"""What every detector must hold. A new file in the folder is checked here without a line added."""

from __future__ import annotations

import inspect
import math
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.core.detector import Detector, Group
from detectors.core.registry import all_detectors, by_scope
from detectors.core.state import dump, load
from tests.detectors.factories import START, a_baseline, observations

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from detectors.core.observation import Observations
    from detectors.core.state import State

BYTES_AN_ACCOUNT = 16 * 1024
DETECTORS = all_detectors()
every_detector = pytest.mark.parametrize("detector", DETECTORS, ids=[detector.name for detector in DETECTORS])


@st.composite
def batches(draw: st.DrawFn) -> Observations:
    """Queries of every kind: repeated, continued, failed, without text, hours apart."""
    rows = draw(st.integers(0, 40))
    random = np.random.default_rng(draw(st.integers(0, 2**32)))

    def coin(share: float) -> NDArray[np.bool_]:
        return random.random(rows) < share

    return observations(
        rows,
        seed=int(random.integers(2**32)),
        time=START + np.sort(random.exponential(draw(st.sampled_from([1.0, 3600.0, 1e6])), rows)),
        prompt=random.integers(0, draw(st.sampled_from([3, 2**64])), rows, np.uint64, endpoint=False),
        input_tokens=random.integers(0, 5000, rows),
        output_tokens=random.integers(0, 5000, rows),
        has_text=coin(0.9),
        continues=coin(0.3),
        rerun=coin(0.2),
        retry=coin(0.1),
        ok=coin(0.9),
    )


def assert_same(a: State, b: State) -> None:
    """Registers and integers exactly, sums to 1e-9."""
    assert a.dtype == b.dtype
    for name in a.dtype.names or ():
        if a.dtype[name].base.kind == "f":
            np.testing.assert_allclose(a[name], b[name], rtol=1e-9, atol=1e-9, err_msg=name)
        else:
            np.testing.assert_array_equal(a[name], b[name], err_msg=name)


def folded(detector: Detector, *parts: Observations) -> State:
    """The state after these batches."""
    state = detector.empty()
    for part in parts:
        state = detector.update(state, part)
    return state


@every_detector
@given(a=batches(), b=batches(), c=batches())
@settings(max_examples=25)
def test_merge_laws(detector: Detector, a: Observations, b: Observations, c: Observations) -> None:
    """Merging is associative and commutative, with empty() as identity."""
    x, y, z = (folded(detector, batch) for batch in (a, b, c))
    assert_same(detector.merge(detector.merge(x, y), z), detector.merge(x, detector.merge(y, z)))
    assert_same(detector.merge(x, y), detector.merge(y, x))
    assert_same(detector.merge(x, detector.empty()), x)
    assert_same(detector.merge(detector.empty(), x), x)


@every_detector
@given(batch=batches(), cut=st.integers(0, 40))
@settings(max_examples=25)
def test_splits_do_not_matter(detector: Detector, batch: Observations, cut: int) -> None:
    """A batch in one piece, in two pieces, and merged from two states is the same."""
    head, tail = batch.take(slice(0, cut)), batch.take(slice(cut, None))
    whole = folded(detector, batch)
    assert_same(folded(detector, head, tail), whole)
    assert_same(detector.merge(folded(detector, head), folded(detector, tail)), whole)


@every_detector
@given(batch=batches(), seed=st.integers(0, 2**32))
@settings(max_examples=25)
def test_order_does_not_matter(detector: Detector, batch: Observations, seed: int) -> None:
    """The rows of a batch in another order give the same state."""
    order = np.random.default_rng(seed).permutation(len(batch))
    assert_same(folded(detector, batch.take(order)), folded(detector, batch))


@every_detector
@given(a=batches(), b=batches())
@settings(max_examples=10)
def test_arguments_are_left_alone(detector: Detector, a: Observations, b: Observations) -> None:
    """update, merge, measure and score change neither their states nor their batch."""
    x, y = folded(detector, a), folded(detector, b)
    before = dump(x), dump(y), a.prompt.copy(), a.embedding.copy()
    detector.update(x, a)
    detector.merge(x, y)
    detector.score(x, a_baseline(), START)
    assert (dump(x), dump(y)) == before[:2]
    np.testing.assert_array_equal(a.prompt, before[2])
    np.testing.assert_array_equal(a.embedding, before[3])


@every_detector
@given(batch=batches(), more=batches())
@settings(max_examples=25)
def test_scores_are_in_range_and_survive_storage(detector: Detector, batch: Observations, more: Observations) -> None:
    """A score lies in [0, 1], its signals are finite and declared, and dump and load change nothing."""
    state = folded(detector, batch, more)
    at = START + 1e7
    score = detector.score(state, a_baseline(), at)
    assert detector.score(load(dump(state), detector.empty()), a_baseline(), at) == score
    if score is None:
        return
    assert 0.0 <= score.value <= 1.0
    assert set(score.values) == set(detector.signals)
    assert all(math.isfinite(value) for value in score.values.values())
    assert {signal.name for signal in score.signals} == {n for n, s in detector.signals.items() if s.tail is not None}
    assert all(0.0 < signal.p_value <= 1.0 and signal.text for signal in score.signals)


@every_detector
def test_too_little_is_none(detector: Detector) -> None:
    """Without data there is no score, which is not the same as a score of 0."""
    assert detector.score(detector.empty(), a_baseline(), START) is None
    assert detector.score(folded(detector, observations(5)), a_baseline(), START) is None


@every_detector
def test_enough_is_a_score(detector: Detector) -> None:
    """Forty fresh, answered queries are enough for every detector."""
    assert detector.score(folded(detector, observations(40)), a_baseline(), START + 40) is not None


@every_detector
def test_reads_no_clock(detector: Detector, monkeypatch: pytest.MonkeyPatch) -> None:
    """Time comes in with the events: a day later by the clock, the score is the same."""
    state = folded(detector, observations(40))
    before = detector.score(state, a_baseline(), START + 40)
    for name in ("time", "monotonic", "perf_counter", "time_ns", "monotonic_ns"):
        monkeypatch.setattr(time, name, lambda: START + 86400)
    assert detector.score(folded(detector, observations(40)), a_baseline(), START + 40) == before


@every_detector
def test_size_is_fixed(detector: Detector) -> None:
    """A state takes the same space after ten thousand queries as after none."""
    assert len(dump(folded(detector, observations(10_000)))) == len(dump(detector.empty()))


@every_detector
def test_says_what_it_is(detector: Detector) -> None:
    """Its module names method, weakness and papers; its signals carry its name; its group is known."""
    text = inspect.getmodule(type(detector)).__doc__ or ""
    assert "Weakness" in text
    assert "References\n----------" in text
    assert isinstance(detector, Detector)
    assert isinstance(detector.group, Group)
    assert detector.version >= 1
    assert all(name.startswith(f"{detector.name}.") for name in detector.signals)
    assert all("{value}" in spec.words for spec in detector.signals.values())


@pytest.mark.parametrize("scope", ["account", "org", "end_user"])
def test_an_accounts_states_are_bounded(scope: str) -> None:
    """All detectors' states of one entity together fit in 16 KiB."""
    assert by_scope(scope)
    assert sum(len(dump(detector.empty())) for detector in by_scope(scope)) <= BYTES_AN_ACCOUNT


def test_the_registry_finds_the_files() -> None:
    """Volume, diversity and coverage are there, by name in order, each once."""
    names = [detector.name for detector in all_detectors()]
    assert {"volume", "diversity", "coverage"} <= set(names)
    assert names == sorted(set(names))
