"""Where a page ends, as a string: the last row's sort key, so that a page costs the same however deep it lies."""

from __future__ import annotations

LARGEST = 2**63 - 1


def write(at: int, key: str) -> str:
    """The place behind a row."""
    return f"{at}:{key}"


def read(after: str) -> tuple[int, str]:
    """The sort key that :func:`write` was given.

    Raises
    ------
    ValueError
        It is not one.

    """
    at, colon, key = after.partition(":")
    if not colon or not key or not (at.removeprefix("-").isascii() and at.removeprefix("-").isdigit()):
        raise ValueError(f"invalid place '{after[:80]}': take the one that the page before gave")
    number = int(at[:20])
    if len(at) > 20 or abs(number) > LARGEST:
        raise ValueError(f"invalid place '{after[:80]}': take the one that the page before gave")
    return number, key
