"""Observations: rows taken from a batch are what they are in it, and what is derived is worked out once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from detectors.core.observation import Observations
from tests.detectors.factories import observations

if TYPE_CHECKING:
    from numpy.typing import NDArray

BATCH = observations(9, seed=3, continues=np.arange(9) % 3 == 0, copied=np.linspace(0, 1, 9))


@pytest.mark.parametrize("rows", [slice(2, 7), np.array([8, 1, 4, 0])], ids=["slice", "places"])
def test_rows_of_rows(rows: slice | NDArray[np.intp]) -> None:
    """Rows taken twice over have the columns and the derived columns of the batch at their places."""
    places = np.arange(9)[rows][1:3]
    taken = BATCH.take(rows).take(slice(1, 3))
    assert len(taken) == 2
    for name in ("time", "prompt", "embedding", "fresh", "new_tokens"):
        np.testing.assert_array_equal(getattr(taken, name), getattr(BATCH, name)[places], err_msg=name)


def test_rows_by_a_slice_can_be_filled() -> None:
    """What is written into rows taken by a slice stands in the batch: the extractor fills one row so."""
    batch = Observations.empty(4)
    batch.take(slice(2, 3)).cell[0] = 7
    assert batch.cell.tolist() == [0, 0, 7, 0]


def test_derived_once() -> None:
    """However many parts of a batch ask for a derived column, it is worked out once and for all rows."""
    asked: list[int] = []

    def squares(rows: Observations) -> NDArray[Any]:
        asked.append(len(rows))
        return np.square(rows.input_tokens)

    parts = [BATCH.take(slice(start, start + 3)) for start in (0, 3, 6)]
    found = np.concatenate([part.derived(squares) for part in parts])
    np.testing.assert_array_equal(found, np.square(BATCH.input_tokens))
    assert asked == [9]


def test_no_other_columns() -> None:
    """Rows have the columns of observations and no others."""
    with pytest.raises(AttributeError, match="colour"):
        getattr(BATCH.take(slice(1, 2)), "colour")  # noqa: B009 - the type checker knows that it is not there
