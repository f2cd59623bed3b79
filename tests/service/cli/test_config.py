from __future__ import annotations

from typing import TYPE_CHECKING

from tests.service.cli.conftest import run

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def row(out: str, name: str) -> list[str]:
    """The line of a setting, in words."""
    (line,) = [line.split() for line in out.splitlines() if line.split()[:1] == [name]]
    return line


def test_where_each_came_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each setting is shown with its value and its origin."""
    path = tmp_path / "revenuer.yaml"
    path.write_text("content: none\nupstream: {/v1: https://api.example, /v2: https://other.example}\n")
    monkeypatch.setenv("REVENUER_LISTEN", "127.0.0.1:9000")
    result = run("config", "check", str(path))
    assert result.exit_code == 0
    assert row(result.stdout, "content") == ["content", "none", f"{path}:1"]
    assert row(result.stdout, "listen") == ["listen", "127.0.0.1:9000", "REVENUER_LISTEN"]
    assert row(result.stdout, "stream") == ["stream", "spool:", "default"]
    assert row(result.stdout, "upstream")[1:4] == ["/v1", "->", "https://api.example,"]


def test_a_password_is_not_shown(tmp_path: Path) -> None:
    """A database's password stays in the file."""
    path = tmp_path / "revenuer.yaml"
    path.write_text("database: postgresql://u:hunter2@db.example/revenuer\n")
    result = run("config", "check", str(path))
    assert "u:***@db.example" in result.stdout
    assert "hunter2" not in result.output


def test_what_is_wrong(tmp_path: Path) -> None:
    """A wrong file ends with one line a fault and exit code 2."""
    path = tmp_path / "revenuer.yaml"
    path.write_text("contnet: none\n")
    result = run("config", "check", str(path))
    assert result.exit_code == 2
    assert result.stderr == f"revenuer: {path}:1: unknown setting 'contnet'; did you mean 'content'?\n"
