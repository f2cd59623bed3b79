"""Cursors of the listings: signed, and bound to the listing and filters they were made for."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from typing import TYPE_CHECKING

from service.api.errors import Unprocessable

if TYPE_CHECKING:
    from collections.abc import Mapping

TAG = 16
"""Bytes of the signature."""


class Cursors:
    """Seals a store's own place in a listing into a cursor, and opens it again."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def seal(self, place: str | None, listing: str, filters: Mapping[str, object]) -> str | None:
        """The cursor of a place in that listing under those filters; None stays None."""
        if place is None:
            return None
        raw = place.encode()
        sealed = self._tag(raw, listing, filters) + raw
        return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()

    def open(self, cursor: str | None, listing: str, filters: Mapping[str, object]) -> str | None:
        """The place in a cursor; None stays None.

        Raises
        ------
        Unprocessable
            Broken, or made for another listing, other filters or by another installation.

        """
        if cursor is None:
            return None
        try:
            sealed = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            sealed = b""
        tag, raw = sealed[:TAG], sealed[TAG:]
        if not hmac.compare_digest(tag, self._tag(raw, listing, filters)):
            message = "cursor: broken or of another listing; start again without it, with the same filters"
            raise Unprocessable(message, code="invalid_cursor", param="cursor")
        return raw.decode()

    def _tag(self, raw: bytes, listing: str, filters: Mapping[str, object]) -> bytes:
        bound = json.dumps([listing, sorted((k, str(v)) for k, v in filters.items() if v is not None)])
        return hmac.digest(self._key, b"cursor\0" + bound.encode() + b"\0" + raw, hashlib.sha256)[:TAG]
