"""A capture is the whole where it fits, else its two ends, however it was cut into pieces."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from service.gateway.capture import Capture


@given(st.lists(st.binary(max_size=40), max_size=30), st.integers(2, 60))
def test_whole_or_two_ends(pieces: list[bytes], limit: int) -> None:
    """At most ``limit`` bytes are kept: all, or the first and the last half."""
    capture = Capture(limit)
    for piece in pieces:
        capture.add(piece)
    whole = b"".join(pieces)
    half = limit // 2
    kept = whole if len(whole) <= limit else whole[:half] + whole[-(limit - half) :]
    assert capture.result() == (kept, len(whole) <= limit)
    assert capture.size == len(whole)


def test_memory_is_bounded() -> None:
    """Of a long stream of small pieces only about the limit is held."""
    capture = Capture(1000)
    for _ in range(100_000):
        capture.add(b"0123456789")
    assert capture._tail is not None
    assert sum(map(len, capture._tail)) <= 510
    assert len(capture._tail) <= 51
