"""Sealing of blocks: AES-256-GCM under a key of the boot.

Each boot has its own key (HKDF-SHA256 of the spool's key and the boot's name, RFC 5869) and numbers its blocks, so
no nonce is ever used twice under one key, whatever is rewritten.
"""

from __future__ import annotations

import struct

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

CHECK_SIZE = 8
_CONTEXT = struct.Struct("<QI")


class Cipher:
    """Seals and opens the blocks of one boot."""

    __slots__ = ("_aead", "_boot", "check")

    def __init__(self, key: bytes, boot: str) -> None:
        derived = HKDF(SHA256(), 32 + CHECK_SIZE, salt=None, info=b"revenuer spool " + boot.encode()).derive(key)
        self._aead = AESGCM(derived[:32])
        self._boot = boot.encode()
        self.check = derived[32:]
        """Tells whether another key is the same, and nothing else of it."""

    def seal(self, plain: bytes, *, first: int, count: int, nonce: int) -> bytes:
        """The sealed body of a block; ``nonce`` must be new in this boot."""
        return self._aead.encrypt(nonce.to_bytes(12, "big"), plain, self._boot + _CONTEXT.pack(first, count))

    def open(self, sealed: bytes, *, first: int, count: int, nonce: int) -> bytes | None:
        """The body again, or None where it is not what was sealed under these numbers by this boot."""
        try:
            return self._aead.decrypt(nonce.to_bytes(12, "big"), sealed, self._boot + _CONTEXT.pack(first, count))
        except InvalidTag:
            return None
