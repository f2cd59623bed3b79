"""Combiner: less likely is never less suspicious, what clears never convicts, and a file is whole or refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.core.combiner import CUT, Combiner, CombinerError, strength
from detectors.core.registry import all_detectors

if TYPE_CHECKING:
    from pathlib import Path

SHIPPED = Combiner.default()
SPECS = {name: spec for detector in all_detectors() for name, spec in detector.signals.items()}
p_values = st.floats(1e-6, 1.0)
shares = st.floats(0.0, 1.0)


@given(st.dictionaries(st.sampled_from(sorted(SHIPPED.names)), p_values, min_size=1), st.data())
def test_a_smaller_p_value_never_lowers_the_score(known: dict[str, float], data: st.DataObject) -> None:
    """The shipped weights count evidence up."""
    name = data.draw(st.sampled_from(sorted(known)))
    lower = known | {name: data.draw(st.floats(1e-6, known[name]))}
    assert SHIPPED.score(known, {}, 80) <= SHIPPED.score(lower, {}, 80)


@given(st.dictionaries(st.sampled_from(sorted(SHIPPED.names)), shares, min_size=1), st.data())
def test_more_of_what_clears_never_raises_the_score(known: dict[str, float], data: st.DataObject) -> None:
    """The shipped weights count clearance down."""
    name = data.draw(st.sampled_from(sorted(known)))
    more = known | {name: data.draw(st.floats(known[name], 1.0))}
    assert SHIPPED.score({}, known, 80) >= SHIPPED.score({}, more, 80)


def test_evidence_counts_decades() -> None:
    """A tenth counts one, a hundredth two, and nothing beyond a thousandth counts more than three."""
    assert [strength(p) for p in (1.0, 0.1, 0.01)] == [0.0, 1.0, 2.0]
    assert strength(1e-9) == CUT == 3.0


def test_few_queries_count_less() -> None:
    """The same evidence from 20 queries says less than from 2,000, on either side; at ``HALF`` it counts for half."""
    made = Combiner({"volume.a": 2.0, "volume.b": 3.0}, 0.0, {})
    convicting = [made.score({"volume.a": 0.01}, {}, queries) for queries in (20, 75, 2_000)]
    assert convicting == sorted(convicting)
    assert convicting[1] == pytest.approx(1 / (1 + np.exp(-2.0)))
    clearing = [made.score({}, {"volume.b": 1.0}, queries) for queries in (20, 75, 2_000)]
    assert clearing == sorted(clearing, reverse=True)


def test_what_may_decide_alone_is_not_outweighed() -> None:
    """The higher of the two sums counts: neither does the other's absence lower it, nor do both add up."""
    made = Combiner({"volume.a": 2.0, "volume.b": 3.0}, -2.0, {}, {"interface.c": 8.0}, -4.0)
    alone = made.score({"volume.a": 1.0, "interface.c": 0.01}, {"volume.b": 1.0}, 75)
    assert alone == pytest.approx(1 / (1 + np.exp(-(8.0 * 2 / 2 - 4.0))))
    assert made.score({"volume.a": 0.1, "interface.c": 0.01}, {}, 75) == alone
    assert made.score({"volume.a": 0.1, "interface.c": 1.0}, {}, 75) == made.score({"volume.a": 0.1}, {}, 75)


def test_shipped_weights_are_of_signals_that_exist() -> None:
    """Every weight belongs to evidence or to what clears; context has none."""
    assert SHIPPED.weights
    assert [n for n in SHIPPED.names if n not in SPECS or not (SPECS[n].tail or SPECS[n].clears)] == []
    assert all(SPECS[name].alone for name in SHIPPED.alone)


def test_both_sides_are_weighed() -> None:
    """The fit found use for evidence of three groups at least, and for something that clears."""
    groups = {d.group for d in all_detectors() for name in d.signals if SPECS[name].tail and name in SHIPPED.weights}
    assert len(groups) >= 3
    assert any(SPECS[name].clears for name in SHIPPED.weights)


def test_file_gives_back_what_was_saved(tmp_path: Path) -> None:
    """Weights, constant and version survive the file."""
    made = Combiner({"volume.a": 0.25, "content.b": 1.5}, -2.0, {"seed": 3}, {"interface.c": 4.0}, -5.0)
    made.save(tmp_path / "c.npz")
    read = Combiner.load(tmp_path / "c.npz")
    assert (read.weights, read.constant, read.version) == (made.weights, -2.0, made.version)
    assert (read.alone, read.alone_constant) == ({"interface.c": 4.0}, -5.0)
    assert read.about["seed"] == 3


def test_a_negative_weight_is_refused() -> None:
    """A weight below zero would turn evidence into its opposite."""
    with pytest.raises(CombinerError, match=r"volume\.a"):
        Combiner({"volume.a": -0.1}, 0.0, {})


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    """A file of another kind, or none, is named with what to do."""
    np.savez(tmp_path / "c.npz", about=np.array("{}"))
    for path in (tmp_path / "c.npz", tmp_path / "none.npz"):
        with pytest.raises(CombinerError, match="reinstall"):
            Combiner.load(path)
