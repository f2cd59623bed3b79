"""Passwords, by Argon2id (RFC 9106), a few at once: each takes tens of megabytes while it is checked.

References
----------
[^1]: Biryukov, A. et al., 2021. RFC 9106, Argon2 Memory-Hard Function. Section 4: the second recommended
      parameters, 64 MiB and three passes.

"""

from __future__ import annotations

import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST, LONGEST = 12, 256
"""Characters. Nothing else is asked of a password: length is what guessing costs."""
_HASHER = PasswordHasher(time_cost=3, memory_cost=64 * 1024, parallelism=4)
_AT_ONCE = threading.BoundedSemaphore(2)
_NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
"""No password has this hash; it takes as long to check as any other."""


class WeakPasswordError(ValueError):
    """The password cannot be used; the message says what is asked of one, and does not quote it."""


def keep(password: str) -> str:
    """What is stored of a password.

    Raises
    ------
    WeakPasswordError
        Too short or too long.

    """
    if not SHORTEST <= len(password) <= LONGEST:
        raise WeakPasswordError(f"a password has {SHORTEST} to {LONGEST} characters; this one has {len(password)}")
    with _AT_ONCE:
        return _HASHER.hash(password)


def holds(stored: str, password: str) -> bool:
    """Whether it is the password. Where none is stored it is not, and finding that out takes as long."""
    try:
        with _AT_ONCE:
            _HASHER.verify(stored or _NOBODY, password[: LONGEST + 1])
    except (VerificationError, InvalidHashError):
        return False
    return bool(stored)
