"""Unexpected errors are told by type and place, never by what was in hand."""

from __future__ import annotations

import pytest

from service.gateway.trouble import told


def break_with(key: str) -> None:
    """Fails with a key in its message and its locals."""
    raise ValueError(f"bad header {key}")


def test_neither_message_nor_values() -> None:
    """A key in the message or in a local is not in the log."""
    with pytest.raises(ValueError, match="canary") as caught:
        break_with("sk-canary")
    fields = told(caught.value)
    assert fields["error"] == "ValueError"
    assert "break_with" in fields["trace"]
    assert "sk-canary" not in str(fields)
