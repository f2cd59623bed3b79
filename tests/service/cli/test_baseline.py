from __future__ import annotations

from typing import TYPE_CHECKING

from tests.service.cli.test_replay import records

if TYPE_CHECKING:
    from pathlib import Path

    from tests.service.cli.conftest import Installation


def test_a_folder_that_is_not_there_is_said_first(here: Installation, tmp_path: Path) -> None:
    """Nothing is read for a baseline that could not be written."""
    path = records(tmp_path, bad=1)
    result = here.run("baseline", "fit", str(path), "--out", str(tmp_path / "none" / "b.npz"))
    assert result.exit_code == 2
    assert (
        result.stderr == f"revenuer: {tmp_path / 'none' / 'b.npz'}: its folder is not there or cannot be written to\n"
    )


def test_too_little_is_refused(here: Installation, tmp_path: Path) -> None:
    """Where no account has enough queries for a score, no empty baseline is written."""
    result = here.run("baseline", "fit", str(records(tmp_path, count=5)), "--out", str(tmp_path / "b.npz"))
    assert result.exit_code == 2
    assert "5 queries are too few to learn from" in result.stderr
    assert not (tmp_path / "b.npz").exists()
