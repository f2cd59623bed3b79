"""JSON of anything a caller may have sent."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import msgspec


def encode(document: object) -> bytes:
    """The document as compact JSON; numpy's numbers become plain ones."""
    try:
        return msgspec.json.encode(document, enc_hook=float)
    except UnicodeEncodeError:  # a lone surrogate, which JSON allows and UTF-8 does not
        return encode_measures(document)


def encode_measures(document: object) -> bytes:
    """The same where numbers may be infinite or none, which :func:`encode` would write as null."""
    with suppress(UnicodeEncodeError):
        body = msgspec.json.encode(document, enc_hook=float)
        # Ten times as fast, and as good wherever it wrote no null.
        if b"null" not in body:
            return body
    return json.dumps(msgspec.to_builtins(document, enc_hook=float), separators=(",", ":")).encode()


def decode(body: bytes | str) -> Any:
    """What :func:`encode` was given, as plain objects.

    Read by the standard library, because msgspec refuses lone surrogates and numbers beyond a double.
    """
    return json.loads(body)
