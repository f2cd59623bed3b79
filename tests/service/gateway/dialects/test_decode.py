"""Content-Encoding: what is read, what is not, and that nothing grows without bound."""

from __future__ import annotations

import gzip
import zlib

import pytest

from service.gateway.dialects.decode import LARGEST, decode
from service.model.query import Inspect
from tests.service.gateway.dialects.reading import CHAT, answer, cut, query
from tests.service.gateway.dialects.test_openai_chat import ANSWER, REQUEST, STREAM

TEXT = b'{"a": "river garden engine letter harbour"}' * 1000
RAW = zlib.compressobj(wbits=-15)


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        pytest.param("", TEXT, id="none"),
        pytest.param("identity", TEXT, id="identity"),
        pytest.param("gzip", gzip.compress(TEXT), id="gzip"),
        pytest.param(" GZIP ", gzip.compress(TEXT), id="odd-case"),
        pytest.param("x-gzip", gzip.compress(TEXT), id="old-name"),
        pytest.param("gzip", gzip.compress(TEXT[:100]) + gzip.compress(TEXT[100:]), id="two-members"),
        pytest.param("deflate", zlib.compress(TEXT), id="deflate"),
        pytest.param("deflate", RAW.compress(TEXT) + RAW.flush(), id="deflate-without-header"),
    ],
)
def test_whole(encoding: str, body: bytes) -> None:
    """Each coding gives the text back."""
    assert decode(body, encoding) == (TEXT, True)


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "gzip, br", "nonsense"])
def test_not_read(encoding: str) -> None:
    """A coding that is not read here, and more than one of them, says so."""
    assert decode(b"\x1b\x00", encoding) is None
    assert answer(CHAT, b"\x1b\x00", encoding=encoding).inspect is Inspect.UNPARSED
    assert cut(CHAT, b"\x1b\x00", encoding=encoding).inspect is Inspect.TRUNCATED


@pytest.mark.parametrize("size", [1, 10, 100, 200])
def test_cut(size: int) -> None:
    """Of a body that was cut, what came out until there."""
    decoded = decode(gzip.compress(TEXT)[:size], "gzip")
    assert decoded is not None
    assert not decoded.whole
    assert TEXT.startswith(decoded.body)


def test_damage_costs_little() -> None:
    """What lies well before a damage is kept."""
    noise = bytes(zlib.crc32(bytes([number % 251, number // 251])) % 251 for number in range(60_000))
    packed = bytearray(gzip.compress(noise))
    packed[40_000:40_100] = b"\xff" * 100
    decoded = decode(bytes(packed), "gzip")
    assert decoded is not None
    assert not decoded.whole
    assert len(decoded.body) > 20_000
    assert noise[:20_000] == decoded.body[:20_000]


@pytest.mark.parametrize(
    ("size", "most"),
    [pytest.param(4 * 1024 * 1024, 1024 * 1024, id="by-ratio"), pytest.param(200 * 1024 * 1024, LARGEST, id="by-size")],
)
def test_bomb(size: int, most: int) -> None:
    """A bomb is stopped at a bound and not called whole."""
    packer = zlib.compressobj(wbits=31)
    bomb = b"".join(packer.compress(bytes(1024 * 1024)) for _ in range(size // 1024 // 1024)) + packer.flush()
    decoded = decode(bomb, "gzip")
    assert decoded is not None
    assert not decoded.whole
    assert len(decoded.body) <= most


def test_requests() -> None:
    """A compressed request is read as the plain one; of one that was cut what can be told is."""
    packed = gzip.compress(REQUEST)
    assert query(CHAT, packed) == query(CHAT, REQUEST)
    head = query(CHAT, packed[:-50], full=False)
    assert (head.inspect, head.model) == (Inspect.TRUNCATED, "large-1")
    assert query(CHAT, packed[:2]).inspect is Inspect.TRUNCATED


def test_answers() -> None:
    """A compressed answer or stream is read as the plain one, and a cut one as far as it goes."""
    assert answer(CHAT, gzip.compress(ANSWER), encoding="gzip") == answer(CHAT, ANSWER)
    plain = answer(CHAT, STREAM, "text/event-stream")
    assert answer(CHAT, zlib.compress(STREAM), "text/event-stream", "deflate") == plain
    assert cut(CHAT, gzip.compress(STREAM)[:-9], "text/event-stream", "gzip").output_tokens == plain.output_tokens
