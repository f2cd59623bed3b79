from __future__ import annotations

import json
from typing import TYPE_CHECKING

from service.bootstrap.replay import reader
from service.cli.replay import SHOWN_BAD, _close
from service.replay.runner import Best, Result
from tests.contracts.factories import a_flag

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from tests.service.cli.conftest import Installation


def records(folder: Path, count: int = 30, bad: int = 0) -> Path:
    """A file of ``count`` records a second apart, and ``bad`` lines behind them."""
    path = folder / "log.jsonl"
    lines = [
        {
            "ts": 1_793_491_200 + n,
            "account": "acct-1",
            "path": "/v1/chat/completions",
            "request": {"model": "m", "messages": [{"role": "user", "content": f"What is {n} times {n + 1}?"}]},
            "status": 200,
        }
        for n in range(count)
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines) + '{"ts": 1}\n' * bad)
    return path


def test_scores(here: Installation, tmp_path: Path) -> None:
    """Each entity gets its line, and the outputs are there also where nothing was flagged."""
    flags, scores = tmp_path / "flags.jsonl", tmp_path / "scores.jsonl"
    result = here.run("replay", str(records(tmp_path)), "--flags", str(flags), "--scores", str(scores))
    assert result.exit_code == 0
    assert "30 queries, 1 entity, 0 flags of 0 entities" in result.stdout
    assert flags.read_text() == ""
    (line,) = [json.loads(line) for line in scores.read_text().splitlines()]
    assert line["entity"] == {"scope": "account", "value": "acct-1"}
    assert 0 <= line["score"] <= 1
    assert line["at"].startswith("2026-11-01T00:00:")
    assert not here.data.exists(), "a replay needs no installation and makes none"


def test_bad_lines_are_named_and_skipped(here: Installation, tmp_path: Path) -> None:
    """The first bad lines are named by file and line, the rest counted, and the good ones scored."""
    path = records(tmp_path, bad=SHOWN_BAD + 5)
    result = here.run("replay", str(path))
    named = [line for line in result.stderr.splitlines() if line.startswith(f"{path}:")]
    assert result.exit_code == 0
    assert len(named) == SHOWN_BAD
    assert named[0].startswith(f"{path}:31: ")
    assert "... and 5 more" in result.stderr
    assert "30 queries, 25 lines skipped" in result.stdout


def test_strict_stops(here: Installation, tmp_path: Path) -> None:
    """``--strict`` ends at the first bad line with exit code 2, and writes nothing."""
    path = records(tmp_path, bad=1)
    result = here.run("replay", str(path), "--strict", "--scores", str(tmp_path / "scores.jsonl"))
    assert result.exit_code == 2
    assert result.stderr.startswith(f"revenuer: {path}:31: ")
    assert not (tmp_path / "scores.jsonl").exists()


def test_an_output_that_cannot_be_written_is_said_first(here: Installation, tmp_path: Path) -> None:
    """Nothing is read for an output whose folder is not there."""
    path = records(tmp_path, bad=1)
    result = here.run("replay", str(path), "--flags", str(tmp_path / "none" / "flags.jsonl"))
    assert result.exit_code == 2
    assert "none" in result.stderr
    assert f"{path}:31" not in result.stderr


def test_an_input_is_never_overwritten(here: Installation, tmp_path: Path) -> None:
    """A file that is to be replayed is refused as an output."""
    path = records(tmp_path)
    before = path.read_bytes()
    result = here.run("replay", str(path), "--scores", str(path))
    assert (result.exit_code, path.read_bytes()) == (2, before)
    assert result.stderr == f"revenuer: {path} is one of the files to be replayed; name another for the output\n"


def test_a_file_that_is_not_there(here: Installation, tmp_path: Path) -> None:
    """It is named in one line."""
    result = here.run("replay", str(tmp_path / "none.jsonl"))
    assert result.exit_code == 2
    assert result.stderr == f"revenuer: {tmp_path / 'none.jsonl'}: no such file or directory\n"


def test_the_closing_table(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Each flagged entity has one row, with its severest flag and the reason that is rarest among benign ones."""
    flags = [a_flag(0), a_flag(1), a_flag(2)]
    events = reader([records(tmp_path)])
    _close(Result(queries=30, flags=flags, scores={flags[0].entity: Best(0.97, 1)}), events)
    out = capsys.readouterr().out
    assert out.count(str(flags[0].entity)) == 1
    assert "medium" in out
    assert "81,000 tokens" in out
    assert "3 flags of 1 entity" in out


def test_fit_show_and_use(here: Installation, tmp_path: Path) -> None:
    """A fitted baseline is one file, shows what it knows, is not overwritten, and can be replayed with."""
    path, out = records(tmp_path, count=60), tmp_path / "benign.npz"
    fitted = here.run("baseline", "fit", str(path), "--out", str(out), "--licence", "CC0-1.0")
    shown = here.run("baseline", "show", str(out))
    again = here.run("baseline", "fit", str(path), "--out", str(out))
    used = here.run("replay", str(path), "--baseline", str(out))
    assert fitted.exit_code == 0, fitted.output
    assert "CC0-1.0" in shown.stdout
    assert str(tmp_path) not in shown.stdout, "a baseline travels; paths of the machine that made it do not"
    assert again.exit_code == 2
    assert used.exit_code == 0


def test_too_little_to_fit(here: Installation, tmp_path: Path) -> None:
    """A baseline of nothing is not written."""
    out = tmp_path / "benign.npz"
    result = here.run("baseline", "fit", str(records(tmp_path, count=5)), "--out", str(out))
    assert result.exit_code == 2
    assert "too few" in result.stderr
    assert not out.exists()


def test_a_file_that_is_no_baseline(here: Installation, tmp_path: Path) -> None:
    """It is refused in words."""
    path = tmp_path / "no.npz"
    path.write_bytes(b"no baseline")
    for words in (("baseline", "show", str(path)), ("replay", str(records(tmp_path)), "--baseline", str(path))):
        result = here.run(*words)
        assert result.exit_code == 2
        assert result.stderr.startswith("revenuer: ")
        assert result.stderr.count("\n") == 1
