"""Metrics and health of a process without a port of its own."""

from __future__ import annotations

import urllib.error
import urllib.request
from typing import TYPE_CHECKING

import pytest

from service.exposition import HANGS, ExpositionError, Watched, expose
from tests.ports import free_port

if TYPE_CHECKING:
    from pathlib import Path


def page(address: str, path: str) -> tuple[int, str]:
    """Status and text."""
    try:
        with urllib.request.urlopen(f"http://{address}{path}", timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_it_tells_how_the_process_is(tmp_path: Path) -> None:
    """Ready while there is no trouble, alive while there is a sign of life, and metrics in any case."""
    trouble: list[str | None] = [None]
    silence = [0.0]
    address = f"127.0.0.1:{free_port()}"
    watched = Watched(metrics=tmp_path / "none", trouble=lambda: trouble[0], silence=lambda: silence[0])
    close = expose(address, watched)
    try:
        assert page(address, "/readyz") == (200, "ok\n")
        trouble[0] = "the database cannot be reached"
        assert page(address, "/readyz") == (503, "the database cannot be reached\n")
        assert page(address, "/healthz") == (200, "ok\n")
        silence[0] = HANGS + 1
        assert page(address, "/healthz")[0] == 503
        assert "# HELP revenuer_lag_seconds" in page(address, "/metrics")[1]
        assert page(address, "/flags")[0] == 404
    finally:
        close()


def test_a_taken_address_is_said(tmp_path: Path) -> None:
    """In one sentence, with what to do."""
    address = f"127.0.0.1:{free_port()}"
    watched = Watched(metrics=tmp_path, trouble=lambda: None)
    close = expose(address, watched)
    try:
        with pytest.raises(ExpositionError, match=f"{address}: .*another port"):
            expose(address, watched)
    finally:
        close()
