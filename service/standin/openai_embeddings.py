"""``POST /v1/embeddings``."""

from __future__ import annotations

import base64
import hashlib
import math
from array import array
from typing import TYPE_CHECKING, Any

import msgspec

from service.standin import ask as asks
from service.standin.wire import openai_error

if TYPE_CHECKING:
    from collections.abc import Iterator

    from service.standin.ask import Ask

DIMENSIONS = 256
MOST_INPUTS = 2048


class Embeddings:
    """A unit vector for each input, out of the input's digest: it means nothing, but the same text has the same one."""

    def read(self, document: dict[str, Any]) -> Ask:
        inputs = _inputs(document.get("input"))
        return asks.Ask(
            model=asks.model(document),
            instruction="",
            question="",
            input_tokens=sum(len(item) if isinstance(item, list) else asks.tokens(item) for item in inputs),
            limit=None,
            digest=asks.digest(document),
        )

    def whole(self, ask: Ask, document: dict[str, Any]) -> dict[str, Any]:
        size = asks.number(document, "dimensions", high=4096) or DIMENSIONS
        packed = document.get("encoding_format") == "base64"
        data = [
            {"object": "embedding", "index": index, "embedding": _vector(item, size, packed=packed)}
            for index, item in enumerate(_inputs(document.get("input")))
        ]
        usage = {"prompt_tokens": ask.input_tokens, "total_tokens": ask.input_tokens}
        return {"object": "list", "data": data, "model": ask.model, "usage": usage}

    def stream(self, ask: Ask) -> Iterator[bytes]:
        raise AssertionError(f"embeddings do not stream, asked by '{ask.model}'")

    def error(self, status: int, message: str) -> dict[str, Any]:
        return openai_error(status, message)


def _inputs(given: object) -> list[Any]:
    if isinstance(given, str) and given:
        return [given]
    if not isinstance(given, list) or not 0 < len(given) <= MOST_INPUTS * 8:
        raise asks.BadRequestError("Invalid 'input': expected a string, or an array that is not empty.")
    if all(type(token) is int for token in given):
        return [given]
    if len(given) > MOST_INPUTS or not all(isinstance(item, (str, list)) for item in given):
        raise asks.BadRequestError(f"Invalid 'input': expected at most {MOST_INPUTS} strings or arrays of token ids.")
    return given


def _vector(item: object, size: int, *, packed: bool) -> list[float] | str:
    noise = hashlib.shake_128(msgspec.json.encode(item)).digest(size)
    values = [byte - 127.5 for byte in noise]
    norm = math.sqrt(math.fsum(value * value for value in values))
    unit = array("f", (value / norm for value in values))
    return base64.b64encode(unit.tobytes()).decode() if packed else unit.tolist()
