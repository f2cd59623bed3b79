"""Purpose: the words of a harvest lie above those of a customer, and a longer answer never speaks for the customer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from detectors.core.observation import Observations
from detectors.features import Extractor, Prompt
from detectors.features.purpose import PurposeError, default, load
from detectors.features.surface import LENGTH

if TYPE_CHECKING:
    from pathlib import Path

EXTRACTOR = Extractor(b"k" * 32)


def purpose(user: str, system: str = "") -> float:
    """Log-odds of one query by its words."""
    row = Observations.empty(1)
    EXTRACTOR.fill(row, [Prompt(system, user)])
    return float(row.purpose[0])


@pytest.mark.parametrize(
    ("harvest", "honest"),
    [
        pytest.param(
            "Come up with fifteen fresh instructions that resemble the seed tasks but cover other skills.",
            "can I change the delivery address of my parcel, it was sent yesterday",
            id="new-tasks",
        ),
        pytest.param(
            "Which of the two replies would a careful annotator prefer? Explain, then answer A or B.",
            "Which of the two tariffs is cheaper if I mostly call abroad?",
            id="preference",
        ),
        pytest.param(
            "Invent a persona who restores pianos, and a word problem in algebra that this persona meets.",
            "My piano has a key that sticks, what can I do about it?",
            id="persona",
        ),
    ],
)
def test_a_harvests_words_lie_above_a_customers(harvest: str, honest: str) -> None:
    """Sentences that the fit never saw, on the same subject."""
    assert purpose(harvest) > purpose(honest)


def test_a_system_prompt_counts_too() -> None:
    """The same question under an instruction to produce training rows lies higher."""
    asked = "How do bees find their way home?"
    assert purpose(asked, "You generate examples for instruction tuning.") > purpose(
        asked, "You are our shop's support."
    )


def test_longer_answers_never_speak_for_the_customer() -> None:
    """All else alike, more tokens of answer raise the odds of a harvest; a label lowers them most."""
    rows = Observations.empty(6)
    rows.output_tokens[:] = (0, 2, 20, 100, 400, 4000)
    rows.input_tokens[:], rows.surface[:, LENGTH] = 50, np.log1p(200)
    odds = default().harvest(rows)
    assert (np.diff(odds) >= 0).all()
    assert odds[3] > odds[1]


def test_a_copied_answer_is_no_answer() -> None:
    """What stands in the request already speaks as an empty answer does."""
    rows = Observations.empty(2)
    rows.output_tokens[:] = (400, 0)
    rows.copied[:] = (1, 0)
    assert default().harvest(rows)[0] == default().harvest(rows)[1]


def test_a_damaged_model_is_refused(tmp_path: Path) -> None:
    """A file of another kind, or none, is named with what to do."""
    np.savez(tmp_path / "p.npz", about=np.array("{}"))
    for path in (tmp_path / "p.npz", tmp_path / "none.npz"):
        with pytest.raises(PurposeError, match="reinstall"):
            load(path)
