"""Seal: AES-256-GCM over what goes to the store but must not be read there."""

from __future__ import annotations

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE = 12


class SealError(Exception):
    """The data was not sealed under this key, or was changed."""


class AesSeal:
    """Encrypts and authenticates under one key, a fresh nonce each time."""

    def __init__(self, key: bytes) -> None:
        self._aead = AESGCM(key)

    def seal(self, data: bytes, context: bytes = b"") -> bytes:
        """Nonce and ciphertext, to be opened with the same ``context`` only."""
        nonce = os.urandom(NONCE)
        return nonce + self._aead.encrypt(nonce, data, context)

    def open(self, data: bytes, context: bytes = b"") -> bytes:
        """The plain data.

        Raises
        ------
        SealError
            Another key, another context, or changed data.

        """
        try:
            return self._aead.decrypt(data[:NONCE], data[NONCE:], context)
        except (InvalidTag, ValueError):
            raise SealError("an open query cannot be read: it was written under another spool_key") from None
