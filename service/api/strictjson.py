"""JSON from outside, read strictly: what another reader might read otherwise is refused."""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

from service.api.errors import BadRequest

DEPTH = 64
LARGEST = 2**63 - 1
DIGITS = 20
"""No integer of more digits is within 64 bits."""


def loads(body: bytes) -> Any:
    """The document in ``body``.

    Raises
    ------
    BadRequest
        Not UTF-8, not JSON, nested deeper than 64, with a key twice in one object, a number outside
        64 bits or not finite, or text with NUL or lone surrogates.

    """
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadRequest(f"body: not UTF-8 at byte {error.start}", code="invalid_utf8") from None
    _check_depth(text)
    try:
        document = json.loads(
            text, parse_int=_integer, parse_float=_float, parse_constant=_constant, object_pairs_hook=_object
        )
    except json.JSONDecodeError as error:
        message = f"body: not JSON at line {error.lineno}, column {error.colno}: {error.msg}"
        raise BadRequest(message, code="invalid_json") from None
    _check_text(document)
    return document


def _check_depth(text: str) -> None:
    """Counted before parsing, since the parser itself recurses."""
    depth, quoted, escaped = 0, False, False
    for character in text:
        if quoted:
            quoted = escaped or character != '"'
            escaped = not escaped and character == "\\"
        elif character == '"':
            quoted = True
        elif character in "[{":
            depth += 1
            if depth > DEPTH:
                raise BadRequest(f"body: nested deeper than {DEPTH}", code="json_too_deep")
        elif character in "]}":
            depth -= 1


def _integer(digits: str) -> int:
    if len(digits) > DIGITS or abs(int(digits)) > LARGEST:
        _out_of_range()
    return int(digits)


def _float(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        _out_of_range()
    return value


def _constant(_: str) -> NoReturn:
    _out_of_range()


def _out_of_range() -> NoReturn:
    raise BadRequest("body: a number is not finite or does not fit in 64 bits", code="number_out_of_range")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) != len(pairs):
        raise BadRequest("body: a key is twice in one object", code="duplicate_key")
    return document


def _check_text(document: Any) -> None:
    if isinstance(document, str):
        if "\0" in document or any("\ud800" <= character <= "\udfff" for character in document):
            raise BadRequest("body: text with NUL or half a surrogate pair", code="invalid_text")
    elif isinstance(document, list):
        for item in document:
            _check_text(item)
    elif isinstance(document, dict):
        for key, value in document.items():
            _check_text(key)
            _check_text(value)
