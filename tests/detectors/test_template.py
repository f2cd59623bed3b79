"""Template: one frame with new fillings stands out, the same filling again does not."""

from __future__ import annotations

import numpy as np
import pytest

from detectors.template import BUCKETS, Template, commonest
from tests.detectors.factories import measured, observations

RANDOM = np.random.default_rng(2)
MANY = RANDOM.integers(1, 2**64, 200, np.uint64)
ONE = np.full(200, MANY[0])


def test_one_frame_and_ever_new_fillings() -> None:
    """One closing instruction under two hundred prompts of no common skeleton: all of it is one frame."""
    found = measured(Template(), observations(200, skeleton=MANY, head=MANY, tail=ONE))
    assert found["template.frame_share"] == pytest.approx(1.0)
    assert found["template.novel_filling"] == pytest.approx(1.0, abs=0.1)


def test_the_same_filling_again_is_not_novel() -> None:
    """A frame that is filled with ten texts in turn says little."""
    prompts = RANDOM.integers(0, 2**64, 10, np.uint64)[np.arange(200) % 10]
    found = measured(Template(), observations(200, skeleton=ONE, prompt=prompts))
    assert found["template.frame_share"] == pytest.approx(1.0)
    assert found["template.novel_filling"] == pytest.approx(0.05, abs=0.01)


def test_no_frame_is_near_zero() -> None:
    """Two hundred skeletons in 64 buckets share one by chance; that is taken off."""
    assert measured(Template(), observations(200, skeleton=MANY, head=MANY, tail=MANY))["template.frame_share"] < 0.05


def test_commonest_by_hand() -> None:
    """Sixty-three digests of one query each and one of a hundred and one: (101 - 1) / 164 of the queries."""
    counts = np.ones(BUCKETS, np.uint32)
    counts[5] = 101
    assert commonest(counts, 164) == pytest.approx(100 / 164)


def test_continued_queries_have_no_frame() -> None:
    """The frame is that of what is asked anew: a chat of a hundred turns has no two hundred frames."""
    assert Template().measure(Template().update(Template().empty(), observations(200, continues=True)), 0.0) is None
