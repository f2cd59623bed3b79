"""Fitted files say how they were made, hold numbers alone, and are small enough to be read as such."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

from detectors.features import Extractor
from tests.architecture.source import ROOT

if TYPE_CHECKING:
    from pathlib import Path

FITTED = sorted(path for folder in ("detectors", "service") for path in (ROOT / folder).rglob("*.np[yz]"))
ABOUT = ("command", "seed", "licences")
"""What the JSON document in a fitted file's array ``about`` has to say."""


def _place(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_something_is_fitted() -> None:
    """Fitted parameters ship, so the checks below have something to look at."""
    assert FITTED


@pytest.mark.parametrize("path", FITTED, ids=_place)
def test_fitted_file_says_how_it_was_made(path: Path) -> None:
    """Command, seed and licences of what it was fitted on are in the file itself."""
    with np.load(path, allow_pickle=False) as arrays:
        about = json.loads(str(arrays["about"]))
    assert [key for key in ABOUT if key not in about] == []
    assert about["command"].startswith(("python -m ", "revenuer "))


@pytest.mark.parametrize("path", FITTED, ids=_place)
def test_fitted_file_holds_no_text(path: Path) -> None:
    """Beside how it was made it holds numbers alone: no text, so no row of what it was fitted on."""
    with np.load(path, allow_pickle=False) as arrays:
        kinds = {name: arrays[name].dtype.kind for name in arrays.files if name != "about"}
    assert {name: kind for name, kind in kinds.items() if kind not in "fiubV"} == {}


def test_the_shipped_baseline_was_fitted_with_these_features() -> None:
    """Scores of two versions of the features are not compared, so it is fitted anew with each."""
    with np.load(ROOT / "detectors" / "data" / "baseline.npz", allow_pickle=False) as arrays:
        about = json.loads(str(arrays["about"]))
    assert about["features"] == Extractor(bytes(32)).version
