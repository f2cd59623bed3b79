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

    def seal(self, data: bytes) -> bytes:
        """Nonce and ciphertext."""
        nonce = os.urandom(NONCE)
        return nonce + self._aead.encrypt(nonce, data, None)

    def open(self, data: bytes) -> bytes:
        """The plain data.

        Raises
        ------
        SealError
            Another key, or changed data.

        """
        try:
            return self._aead.decrypt(data[:NONCE], data[NONCE:], None)
        except InvalidTag:
            raise SealError("an open query cannot be read: it was written under another spool_key") from None
