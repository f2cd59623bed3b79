from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.service.cli.conftest import run

if TYPE_CHECKING:
    from pathlib import Path

WORDS = (
    *("please", "can", "you", "tell", "me", "how", "to", "make", "send", "book", "find", "order"),
    *("a", "the", "my", "new", "old", "train", "table", "ticket", "soup", "letter"),
)


def benign(count: int, seed: int) -> list[str]:
    """Short requests of made-up words in random order."""
    random = np.random.default_rng(seed)
    return [" ".join(random.choice(WORDS, random.integers(4, 10))) for _ in range(count)]


def harvest(count: int) -> list[str]:
    """One template with ever-new slots."""
    return [f"Generate a detailed instruction about topic {i}, then answer it step by step." for i in range(count)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Benign texts as JSON Lines of objects; suspect ones as a gzip'd list of strings.

    The latter hold two benign windows, one with a fifth of a harvest, and a remainder.
    """
    made = tmp_path_factory.mktemp("texts")
    (made / "benign.jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for text in benign(800, 1)))
    suspect = [*benign(200, 2), *benign(80, 3), *harvest(20), *benign(7, 4)]
    (made / "suspect.json.gz").write_bytes(gzip.compress(json.dumps(suspect).encode()))
    return made


Judged = tuple[int, list[dict[str, float]], str]
"""Exit code, lines and standard error of the command."""


def window(benign: Path, suspect: Path, n: int = 100) -> Judged:
    """What the command gives."""
    result = run("bench", "window", "--benign", str(benign), "--suspect", str(suspect), "--window", str(n))
    return result.exit_code, [json.loads(line) for line in result.stdout.splitlines()], result.stderr


@pytest.fixture(scope="module")
def judged(folder: Path) -> Judged:
    """The suspect texts, judged once: what is learnt before takes a while."""
    return window(folder / "benign.jsonl", folder / "suspect.json.gz")


@pytest.mark.xdist_group("judged")
def test_windows_are_judged_in_file_order(folder: Path, judged: Judged) -> None:
    """The window with the harvest stands out, the benign ones do not, and the rest is dropped aloud."""
    code, lines, err = judged
    assert code == 0, err
    assert [(line["window"], line["n"]) for line in lines] == [(0, 100), (1, 100), (2, 100)]
    assert lines[2]["p_value"] < 0.002
    assert lines[2]["score"] > 2 * max(lines[0]["score"], lines[1]["score"])
    assert min(lines[0]["p_value"], lines[1]["p_value"]) > 0.01
    assert err == f"the last 7 texts of {folder / 'suspect.json.gz'} fill no window and are dropped\n"


@pytest.mark.xdist_group("judged")
def test_the_same_files_give_the_same_lines(folder: Path, judged: Judged) -> None:
    """Nothing but the seed is left to chance."""
    assert window(folder / "benign.jsonl", folder / "suspect.json.gz") == judged
    assert len(judged[1]) == 3


@pytest.mark.parametrize(
    ("content", "says"),
    [
        pytest.param('["a", "b"', "is no JSON list", id="broken-list"),
        pytest.param('{"text": "a"}\n{"text": 3}\n', ":2: is neither a string nor an object", id="no-text"),
        pytest.param('{"text": "a"}\nb\n', ":2: is no JSON", id="broken-line"),
        pytest.param("\n\n", "holds no text", id="empty"),
        pytest.param('["a", "b"]', "too few", id="too-few"),
    ],
)
def test_bad_input_is_one_sentence(folder: Path, tmp_path: Path, content: str, says: str) -> None:
    """A file that cannot be used is named in one line, with exit code 2."""
    bad = tmp_path / "bad.json"
    bad.write_text(content)
    code, lines, err = window(bad, folder / "suspect.json.gz")
    assert (code, lines) == (2, [])
    assert err.startswith(f"revenuer: {bad}")
    assert says in err
    assert err.count("\n") == 1


def test_a_damaged_archive(folder: Path, tmp_path: Path) -> None:
    """A gzip stream that ends early is said to be damaged."""
    bad = tmp_path / "bad.jsonl.gz"
    bad.write_bytes(gzip.compress(b'"a text"\n' * 1000)[:-12])
    code, _, err = window(bad, folder / "suspect.json.gz")
    assert code == 2
    assert "damaged" in err


def test_a_suspect_file_of_less_than_a_window(folder: Path) -> None:
    """There is nothing to judge, and that is said."""
    code, lines, err = window(folder / "benign.jsonl", folder / "suspect.json.gz", 308)
    assert (code, lines) == (2, [])
    assert "fewer than one window of 308" in err


def test_unknown_suite_and_folder(tmp_path: Path) -> None:
    """Both are named in one line, with exit code 2."""
    unknown = run("bench", "nonsense")
    missing = run("bench", "--corpora", str(tmp_path / "none"))
    assert (unknown.exit_code, missing.exit_code) == (2, 2)
    assert unknown.stderr.startswith("revenuer: no suite 'nonsense'; there are ")
    assert missing.stderr == f"revenuer: --corpora: {tmp_path / 'none'} is not a folder\n"
