"""What is kept of texts under each setting: everything, the form alone, nothing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.backends.sql import content
from service.backends.sql.checkpoint import SqlCheckpoint
from service.backends.sql.dialect import connect
from service.backends.sql.types import escape, unescape
from service.model.query import Turn
from service.ports import Commit
from tests.contracts.databases import sqlite
from tests.contracts.factories import a_query, an_answer, an_event

if TYPE_CHECKING:
    from service.backends.sql.content import Content

CANARY = "canary"

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters()),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters()), inner),
    max_leaves=10,
)


@given(request=JSON, answer=JSON)
def test_full_gives_back_the_very_documents(request: Any, answer: Any) -> None:
    """Any JSON, lone surrogates and endless integers included."""
    event = an_event(request=request, answer=an_answer(body=answer))
    assert content.unpack(content.pack(event, "full")) == {"request": request, "answer": answer}


@given(text=st.text(st.characters()))
def test_any_text_can_stand_in_a_column(text: str) -> None:
    """Escaped it is valid UTF-8 without NUL, and unescaped it is itself."""
    escaped = escape(text)
    assert b"\x00" not in escaped.encode()
    assert unescape(escaped) == text


def test_a_text_too_long_is_marked(monkeypatch: pytest.MonkeyPatch) -> None:
    """With its size, so that a reader sees that there was one."""
    monkeypatch.setattr(content, "LARGEST", 1_000)
    stored = content.pack(an_event(request={"prompt": "x" * 1_000}), "full")
    assert stored is not None
    assert len(stored) < 10
    assert content.unpack(stored)["skipped"] > 1_000


def test_a_query_without_text_keeps_none() -> None:
    """An opaque one has nothing to be kept under any setting."""
    event = an_event(request=None, answer=an_answer(body=None), query=a_query(turns=()))
    assert content.pack(event, "full") is None
    assert content.pack(event, "redacted") is None


def planted() -> dict[str, Any]:
    """An event with a canary wherever a caller or a model can put words."""
    texts = {
        "turns": (Turn(f"{CANARY}-role", f"{CANARY}-turn"), Turn("user", f"{CANARY}-user")),
        "prompts": (f"{CANARY}-prompt",),
        "parameters": {
            "temperature": f"{CANARY}-number",
            "tools": [{"function": {"name": f"{CANARY}-tool"}}],
            "logit_bias": {f"{CANARY}-token": -100},
            "stop": [f"{CANARY}-stop"],
            "metadata": {f"{CANARY}-key": f"{CANARY}-value"},
            f"{CANARY}-parameter": 1,
        },
    }
    body = {"choices": [{"message": {"content": f"{CANARY}-answer"}}]}
    return {"query": a_query(**texts), "request": {"messages": [f"{CANARY}-request"]}, "answer": an_answer(body=body)}


@pytest.mark.parametrize(("keep", "found"), [("full", True), ("redacted", False), ("none", False)])
def test_no_word_reaches_the_disk_but_under_full(tmp_path: Path, keep: Content, found: bool) -> None:  # noqa: FBT001
    """Every file of the database is searched for the canaries as they are, and what was kept also uncompressed."""
    engine = connect(sqlite(tmp_path))
    event = an_event(**planted())
    SqlCheckpoint(engine, keep=keep).commit(Commit(events=[event]))
    kept = content.pack(event, keep)
    assert (CANARY in str(content.unpack(kept))) is found
    on_disk = b"".join(Path(file).read_bytes() for file in tmp_path.iterdir())
    assert (kept is None) or kept in on_disk
    assert found or CANARY.encode() not in on_disk
    engine.dispose()
