"""The signature of Standard Webhooks, by which a receiver knows who sent a message and when.

References
----------
[^1]: Standard Webhooks specification, section "Signature scheme": HMAC-SHA256 over ``id.timestamp.payload``.

"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets as random

PREFIX = "whsec_"
SIZES = range(24, 65)
"""Bytes of a secret."""


def secret() -> str:
    """A new signing secret of 32 bytes."""
    return PREFIX + base64.b64encode(random.token_bytes(32)).decode()


def headers(signing_secret: str, message: str, at: int, body: bytes) -> dict[str, str]:
    """The three headers of a message.

    Parameters
    ----------
    message
        Its id, the same for every try.
    at
        Seconds since the epoch, of this try.

    Raises
    ------
    ValueError
        The secret is none.

    """
    signed = b".".join((message.encode(), str(at).encode(), body))
    signature = base64.b64encode(hmac.digest(_key(signing_secret), signed, hashlib.sha256)).decode()
    return {"webhook-id": message, "webhook-timestamp": str(at), "webhook-signature": f"v1,{signature}"}


def _key(signing_secret: str) -> bytes:
    try:
        key = base64.b64decode(signing_secret.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        key = b""
    if len(key) not in SIZES:
        raise ValueError("a signing secret is whsec_ and 24 to 64 bytes in base64")
    return key
