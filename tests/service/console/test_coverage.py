"""The coverage map: the same places for everybody, and areas that are shares."""

from __future__ import annotations

import numpy as np
import pytest

from detectors.features.codebook import CELLS, default
from service.console.coverage import LARGEST, SIZE, drawn


def _counts(**cells: int) -> np.ndarray[tuple[int], np.dtype[np.uint32]]:
    found = np.zeros(CELLS, np.uint32)
    for name, count in cells.items():
        found[int(name[1:])] = count
    return found


def test_areas_are_shares() -> None:
    """A topic with a quarter of the prompts of the fullest has half its radius; each benign account counts alike."""
    found = drawn([_counts(c3=1000), _counts(c3=1, c9=1)], _counts(c3=1, c200=4))
    radius = {cell.number: (cell.benign, cell.own) for cell in found.cells}
    assert radius[200] == (0.0, LARGEST)
    assert radius[3][1] == pytest.approx(LARGEST / 2)
    assert {cell.number: cell.benign_share for cell in found.cells} == {3: 0.75, 9: 0.25, 200: 0.0}


def test_what_lies_alone_is_told() -> None:
    """The share where no benign prompt was seen, and how many topics were visited."""
    found = drawn([_counts(c3=5)], _counts(c3=1, c200=3))
    assert (found.alone, found.visited, found.accounts) == (0.75, 2, 1)
    assert found.version == default().version


def test_places_are_fixed() -> None:
    """A topic stands at the same place within the drawing whoever is looked at."""
    first = {cell.number: (cell.x, cell.y) for cell in drawn([_counts(c1=1, c7=1)], None).cells}
    second = {cell.number: (cell.x, cell.y) for cell in drawn([], _counts(c7=9, c255=1)).cells}
    assert first[7] == second[7]
    assert all(0 <= x <= SIZE and 0 <= y <= SIZE for x, y in (*first.values(), *second.values()))


def test_nothing_known_is_an_empty_map() -> None:
    """Without any prompt there is nothing to draw, and no number that is none."""
    found = drawn([], None)
    assert (found.cells, found.visited, found.alone) == ((), 0, 0.0)
