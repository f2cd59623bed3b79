"""Fitting the elicitation model: reproducible by seed, refusing evaluation sets, and true of the file that ships."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

from detectors.features import elicitation
from detectors.features.elicitation_fit import USUAL, Recipe, fit, main
from detectors.features.elicitation_texts import digest, families
from detectors.features.elicitation_tokens import VERSION

if TYPE_CHECKING:
    from pathlib import Path

SMALL = Recipe(seed=3, each=4)
QUIET = [f"What time does shop number {n} open on Sundays?" for n in range(200)]


def a_corpus(folder: Path, cls: str = "B", licence: str = "MIT") -> Path:
    """A corpus of forty texts."""
    rows = [{"text": f"Where can I park near platform {n}?", "license": licence, "cls": cls} for n in range(40)]
    path = folder / "parking.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)), "utf-8")
    return path


def test_same_seed_same_numbers() -> None:
    """A seed gives the same arrays again, another seed others."""
    first, again = fit(SMALL, (), QUIET), fit(SMALL, (), QUIET)
    for name, array in first.items():
        np.testing.assert_array_equal(array, again[name], err_msg=name)
    assert (first["weights"] != fit(Recipe(seed=4, each=4), (), QUIET)["weights"]).any()


def test_threshold_leaves_the_rate() -> None:
    """Of the quiet texts, the stated share lies above the threshold."""
    recipe = Recipe(seed=3, each=12, rate=0.1)
    model = elicitation.restored(fit(recipe, (), QUIET), {"format": elicitation.FORMAT, "families": families()})
    above = sum(reading.log_odds > model.threshold for reading in model.read(QUIET))
    assert above <= 20


def test_a_family_left_out_is_not_named() -> None:
    """A model without a family has no weights for naming it."""
    arrays = fit(Recipe(seed=3, each=12, without=("encode",)), (), QUIET)
    assert len(arrays["naming"]) == len(families()) - 1


def test_the_command_writes_a_model(tmp_path: Path) -> None:
    """What the command writes loads, and says command, seed, licences and corpora."""
    out = tmp_path / "elicitation.npz"
    corpus = str(a_corpus(tmp_path))
    assert main(["--texts", corpus, "--quiet", corpus, "--each", "12", "--seed", "5", "--out", str(out)]) == 0
    about = elicitation.load(out).about
    assert about["seed"] == 5
    assert "--each 12" in about["command"]
    assert about["licences"] == ["Apache-2.0 (the project's own texts)", "MIT"]
    assert about["fitted_on"] == [{"corpus": "parking.jsonl", "license": "MIT", "texts": 40}]


def test_evaluation_sets_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is fitted from a corpus of class C."""
    assert main(["--texts", str(a_corpus(tmp_path, cls="C")), "--out", str(tmp_path / "x.npz")]) == 1
    assert "evaluation set" in capsys.readouterr().err


def test_what_ships_is_what_the_command_says() -> None:
    """The file was fitted with the usual recipe on the grammars and tokens of this version, all families in it."""
    about = elicitation.default().about
    assert (about["seed"], about["each"], about["rate"]) == (USUAL.seed, USUAL.each, USUAL.rate)
    assert about["without"] == []
    assert about["grammars"] == digest()
    assert about["tokens"] == VERSION
    assert elicitation.default().families == families()
    for option, sources in (("--texts", about["fitted_on"]), ("--quiet", about["threshold_from"])):
        assert f"{option} {' '.join(source['corpus'] for source in sources)}" in about["command"]


@pytest.mark.parametrize("damage", ["missing", "truncated", "another-format"])
def test_damaged_files_are_refused(tmp_path: Path, damage: str) -> None:
    """A file that is missing, cut or of another format is named in the error."""
    path = tmp_path / "model.npz"
    if damage == "truncated":
        path.write_bytes(b"PK\x03\x04 cut")
    elif damage == "another-format":
        np.savez(path, about=np.array(json.dumps({"format": "other", "families": []})), allow_pickle=False)
    with pytest.raises(elicitation.ElicitationError, match=r"model\.npz"):
        elicitation.load(path)
