"""Registry: a file in the folder is all it takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import detectors
from detectors.core.registry import all_detectors, by_scope

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

A_DETECTOR = """
from detectors.volume import Volume

class Echo(Volume):
    name = "{name}"
    scopes = frozenset({{"template"}})
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A second folder of detectors, for the length of a test."""
    monkeypatch.setattr(detectors, "__path__", [*detectors.__path__, str(tmp_path)])
    all_detectors.cache_clear()
    yield tmp_path
    all_detectors.cache_clear()


def test_a_new_file_is_found(folder: Path) -> None:
    """One file, no line anywhere else, and it is followed for its scopes; what it imports is not taken for its own."""
    (folder / "echo_for_a_test.py").write_text(A_DETECTOR.format(name="echo"))
    names = [detector.name for detector in all_detectors()]
    assert names.count("echo") == names.count("volume") == 1
    assert [detector.name for detector in by_scope("template")] == ["echo"]


def test_two_of_a_name_are_refused(folder: Path) -> None:
    """States are kept by name, so a second detector of that name would read the first one's."""
    (folder / "twin_for_a_test.py").write_text(A_DETECTOR.format(name="volume"))
    with pytest.raises(RuntimeError, match="same name"):
        all_detectors()
