"""Footprints as bytes."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

from detectors.coordination.footprints import KINDS, ROW, Footprints, salted
from tests.detectors.coordination.factories import some


def test_they_come_back_as_they_were() -> None:
    """Every array of them."""
    rows = some(17)
    back = Footprints.load(rows.dump())
    assert len(rows.dump()) == 17 * ROW
    for field in fields(rows):
        np.testing.assert_array_equal(getattr(back, field.name), getattr(rows, field.name))


def test_what_is_cut_short_is_refused() -> None:
    """Before anything is read from it."""
    with pytest.raises(ValueError, match="no whole rows"):
        Footprints.load(some(3).dump()[:-1])


def test_one_text_in_two_places_is_two_keys() -> None:
    """And no text is none."""
    keys = salted(np.array([[7] * len(KINDS), [0] * len(KINDS)], np.uint64))
    assert len(set(keys[0].tolist())) == len(KINDS)
    assert keys[1].tolist() == [0] * len(KINDS)
