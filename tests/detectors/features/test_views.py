"""Surface, n-grams, skeleton and codebook: each view by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from detectors.core.observation import SURFACE
from detectors.features import codebook, skeleton
from detectors.features.ngrams import Spelling
from detectors.features.ngrams import ngrams as ngrams_of
from detectors.features.surface import NAMES, surface

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


def features(text: str) -> dict[str, float]:
    """Surface features by name."""
    (found,) = surface([text], Spelling.of([text]), [text.lower().split()], [len(text)])
    return dict(zip(NAMES, found.tolist(), strict=True))


def ngrams(text: str) -> NDArray[np.float32]:
    """The n-grams of one text."""
    (found,) = ngrams_of(Spelling.of([text]))
    return np.asarray(found)


def test_every_feature_has_a_name() -> None:
    """Fourteen names for fourteen columns."""
    assert len(set(NAMES)) == SURFACE


def test_surface_by_hand() -> None:
    """Shares are of characters, not bytes."""
    found = features("Why AÉ1?\n")
    assert found["log_characters"] == pytest.approx(np.log(10))
    assert found["upper_share"] == pytest.approx(2 / 9)
    assert found["digit_share"] == pytest.approx(1 / 9)
    assert found["non_ascii_share"] == pytest.approx(1 / 9)
    assert found["newline_share"] == pytest.approx(1 / 9)
    assert found["word_length"] == pytest.approx(7 / 2)
    assert found["asks"] == 1.0
    assert found["starts_upper"] == 1.0
    assert found["distinct_words_share"] == 1.0


@pytest.mark.parametrize(("text", "asks"), [("how so", 1.0), ("Really?", 1.0), ("List three.", 0.0), ("", 0.0)])
def test_question_form(text: str, asks: float) -> None:
    """A question word in front or a question mark at the end."""
    assert features(text)["asks"] == asks


def test_ngrams_are_of_the_spelling() -> None:
    """Case does not count, order within a trigram does, short texts are zeros."""
    np.testing.assert_array_equal(ngrams("Hello World"), ngrams("hello world"))
    assert ngrams("abcabc") @ ngrams("cbacba") < 0.9
    assert not ngrams("ab").any()
    assert np.linalg.norm(ngrams("abc")) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        pytest.param("Add 12 and 7.5%", "Add 3 and 44%", id="numbers"),
        pytest.param('Define "irony" in one line', 'Define "the sublime" in one line', id="quoted"),
        pytest.param("Review ```x = 1```", "Review ```def f():\n    return 2\n```", id="code"),
        pytest.param("Summarise https://a.example/x", "Summarise https://b.example/y?z=1", id="urls"),
        pytest.param("Mail a@b.example today", "Mail carol@d.example today", id="addresses"),
        pytest.param("Tell me about Ada Lovelace please", "Tell me about Grace Hopper please", id="names"),
        pytest.param("Create examples about: green river", "Create examples about: the rights of bees", id="label"),
        pytest.param("For this persona:\nA cook\n\nBe brief.", "For this persona:\nA spy\n\nBe brief.", id="block"),
        pytest.param(
            "Please translate the following text to French " + "one two " * 30 + "then output only the translation",
            "Please translate the following text to French " + "three " * 50 + "then output only the translation",
            id="long-payload",
        ),
    ],
)
def test_slots_are_masked(a: str, b: str) -> None:
    """Two fillings of one template have its skeleton, and their own fillers."""
    assert skeleton.mask(a).template == skeleton.mask(b).template
    assert skeleton.mask(a).fillers != skeleton.mask(b).fillers


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("Translate this: hello", "Summarise this: hello"),
        ("What is love?", "What is war?"),
        ("- one\n- two", "Question: one"),
    ],
)
def test_other_instructions_stay_apart(a: str, b: str) -> None:
    """Masking does not make everything alike."""
    assert skeleton.mask(a).template != skeleton.mask(b).template


@pytest.mark.parametrize("unit", ["a ", "a-", '"', "```", "x: ", "<a", "1.", "A b ", "@.", "(1) ", "\n:", "a'/"])
def test_hostile_texts_are_masked_in_linear_time(unit: str) -> None:
    """No pattern backtracks: a text of the longest kind ends, and so does its mask."""
    found = skeleton.mask((unit * 5000)[:20_000])
    assert len(found.template) <= 20_000 * 2


def test_the_codebook_is_numbers_of_many_texts() -> None:
    """It names its sources and licences, holds no evaluation set, and no cell of fewer than 50 texts."""
    book = codebook.default()
    assert book.centroids.shape == (256, 256)
    np.testing.assert_allclose(book.directions @ book.directions.T, np.eye(32), atol=1e-3)
    assert book.about["smallest_cell"] >= 50
    assert all(source["license"] for source in book.about["sources"])
    assert book.cell(book.centroids[17]) == 17


def test_a_bad_codebook_is_refused(tmp_path: Path) -> None:
    """A file that is none gets one error that names it."""
    path = tmp_path / "codebook.npz"
    path.write_bytes(b"no")
    with pytest.raises(codebook.CodebookError, match=r"codebook\.npz cannot be read"):
        codebook.load(path)
