"""The archive of a flag's evidence: the same parts give the same bytes, and every change shows."""

from __future__ import annotations

import io
import json
import zipfile

import pytest

from service.review import evidence

DOCUMENTS = {"flag.json": {"id": "flag-1"}, "alert.json": None}
LINES = {"events.jsonl": [{"ts": 1}, {"ts": 2}]}


def rewritten(archive: bytes, name: str, data: bytes | None) -> bytes:
    """The archive with another file of that name, or without it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(buffer, "w") as new:
        for kept in old.namelist():
            if kept != name:
                new.writestr(kept, old.read(kept))
        if data is not None:
            new.writestr(name, data)
    return buffer.getvalue()


def test_the_same_parts_are_the_same_bytes() -> None:
    """So that two copies are compared by one digest."""
    assert evidence.pack(DOCUMENTS, LINES) == evidence.pack(dict(reversed(DOCUMENTS.items())), LINES)


def test_what_is_not_there_is_left_out() -> None:
    """And the manifest names the rest."""
    with zipfile.ZipFile(io.BytesIO(evidence.pack(DOCUMENTS, LINES))) as archive:
        assert archive.namelist() == ["README.txt", "events.jsonl", "flag.json", "manifest.json"]
        assert set(json.loads(archive.read("manifest.json"))["sha256"]) == {"README.txt", "events.jsonl", "flag.json"}
        assert archive.read("events.jsonl") == b'{"ts":1}\n{"ts":2}\n'


def test_an_archive_as_it_was_packed_has_no_fault() -> None:
    """It checks itself."""
    assert evidence.faults(evidence.pack(DOCUMENTS, LINES)) == []


@pytest.mark.parametrize(
    ("name", "data"),
    [
        pytest.param("flag.json", b"{}", id="changed"),
        pytest.param("events.jsonl", None, id="taken-away"),
        pytest.param("more.json", b"{}", id="added"),
    ],
)
def test_every_change_is_named(name: str, data: bytes | None) -> None:
    """With the file that it is in."""
    assert evidence.faults(rewritten(evidence.pack(DOCUMENTS, LINES), name, data)) == [name]


@pytest.mark.parametrize("data", [b"", b"PK", rewritten(evidence.pack({}, {}), "manifest.json", b"[]")])
def test_what_is_no_archive_is_refused(data: bytes) -> None:
    """In one sentence."""
    with pytest.raises(ValueError, match="not an evidence archive"):
        evidence.faults(data)
