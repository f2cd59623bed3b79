"""Fitting the codebook: what goes in, and what may not."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from detectors.features.fit import centroids, main, texts_of

if TYPE_CHECKING:
    from pathlib import Path


def a_corpus(folder: Path, **given: Any) -> Path:
    """A file of three rows, two of them alike."""
    row = {"text": "hello", "license": "CC0-1.0", "cls": "B", **given}
    path = folder / "corpus.jsonl"
    path.write_text("".join(json.dumps(row | {"text": text}) + "\n" for text in ("hello", "hello ", "world")))
    return path


def test_texts_are_distinct(tmp_path: Path) -> None:
    """A text counts once, with the licence of its corpus."""
    assert texts_of(a_corpus(tmp_path)) == (["hello", "world"], "CC0-1.0")


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        pytest.param({"cls": "C"}, "evaluation set", id="evaluation-set"),
        pytest.param({"license": ""}, "states no licence", id="no-licence"),
    ],
)
def test_what_may_not_go_in(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], given: dict[str, str], reason: str
) -> None:
    """Evaluation sets and texts without a licence are refused with a reason, and nothing is written."""
    out = tmp_path / "out.npz"
    assert main(["--texts", str(a_corpus(tmp_path, **given)), "--out", str(out)]) == 1
    assert reason in capsys.readouterr().err
    assert not out.exists()


def test_every_centroid_is_the_mean_of_enough() -> None:
    """One huge heap and a few outliers: the outliers get no cell of their own."""
    random = np.random.default_rng(5)
    points = np.concatenate([random.normal(size=(900, 8)), 40 + random.normal(size=(3, 8))]).astype(np.float32)
    found = centroids(points, cells=8, smallest=50, seed=1)
    nearest = np.argmin(((points[:, None] - found[None]) ** 2).sum(axis=2), axis=1)
    assert len(found) == 8
    assert np.abs(found).max() < 20
    assert np.bincount(nearest, minlength=8).min() > 25


def test_too_few_texts_are_refused() -> None:
    """Cells of fewer texts than promised are not made."""
    with pytest.raises(ValueError, match="too few"):
        centroids(np.zeros((10, 8), np.float32), cells=4, smallest=50, seed=1)
