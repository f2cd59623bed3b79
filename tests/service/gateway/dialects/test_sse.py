"""Server-sent events: the standard's forms, in any slicing, within bounds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.gateway.dialects.sse import Parser, parse


@pytest.mark.parametrize(
    ("stream", "events"),
    [
        pytest.param(b"data: a\n\ndata: b\n\n", [b"a", b"b"], id="lf"),
        pytest.param(b"data: a\r\n\r\ndata: b\r\n\r\n", [b"a", b"b"], id="crlf"),
        pytest.param(b"data: a\r\rdata: b\r\r", [b"a", b"b"], id="cr"),
        pytest.param(b"data: a\ndata: b\n\n", [b"a\nb"], id="two-data-lines"),
        pytest.param(b"data:a\n\ndata:  b\n\n", [b"a", b" b"], id="one-space-is-no-data"),
        pytest.param(b"event: x\nid: 4\nretry: 5\ndata: a\n\n", [b"a"], id="other-fields"),
        pytest.param(b"data: a\nevent: x\n\n", [b"a"], id="name-after-data"),
        pytest.param(b": keep-alive\n\ndata: a\n\n", [b"a"], id="comment"),
        pytest.param(b": x\ndata: a\n: y\n\n", [b"a"], id="comments-within"),
        pytest.param(b"event: ping\n\ndata: a\n\n", [b"a"], id="event-without-data"),
        pytest.param(b"data\n\n", [b""], id="empty-data"),
        pytest.param(b"\xef\xbb\xbfdata: a\n\n", [b"a"], id="byte-order-mark"),
        pytest.param(b"\n\n\ndata: a\n\n\n\n", [b"a"], id="empty-lines"),
        pytest.param(b"data: a\n\ndata: b", [b"a", b"b"], id="no-end"),
        pytest.param(b"database: a\n\n", [], id="another-field"),
        pytest.param(b"", [], id="nothing"),
    ],
)
def test_forms(stream: bytes, events: list[bytes]) -> None:
    """Every form of the standard gives its data, and the same when it comes byte by byte."""
    assert parse(stream) == events
    parser = Parser()
    singly = [event for byte in stream for event in parser.feed(bytes([byte]))]
    assert singly + parser.close() == events


@given(
    st.lists(st.sampled_from([b"data: a", b"data:", b"\n", b"\r", b"\r\n", b"\n\n", b": c", b"event: e", b"x"])),
    st.data(),
)
def test_slicing(pieces: list[bytes], data: st.DataObject) -> None:
    """How a stream is sliced changes nothing."""
    stream = b"".join(pieces)
    at = data.draw(st.integers(0, len(stream)))
    parser = Parser()
    assert parser.feed(stream[:at]) + parser.feed(stream[at:]) + parser.close() == parse(stream)


@pytest.mark.parametrize("slice_size", [1, 7, 64, 10_000])
@pytest.mark.parametrize(
    "long",
    [b"data: " + b"x" * 500 + b"\n\n", b"data: xxxxxxxx\n" * 50 + b"\n", b"event: " + b"x" * 500 + b"\ndata: y\n\n"],
    ids=["line", "lines", "name"],
)
def test_bounded(long: bytes, slice_size: int) -> None:
    """An event beyond the limit is dropped and counted, its neighbours are not, and little is held."""
    parser = Parser(limit=100)
    stream = b"data: a\n\n" + long + b"data: b\n\n"
    events = []
    for at in range(0, len(stream), slice_size):
        events += parser.feed(stream[at : at + slice_size])
        assert sum(map(len, parser._line)) + sum(map(len, parser._data)) <= 100 + slice_size
    # A long name is no data: in one piece it passes by, in many it would have to be held.
    assert [event for event in events if event != b"y"] == [b"a", b"b"]
    assert parser.dropped == (b"y" not in events)
