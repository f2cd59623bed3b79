"""Query parameters that several listings share, and times as people write them."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Annotated

from fastapi import Query

from service.api.documents import EPOCH, MICROSECOND
from service.api.errors import Unprocessable
from service.api.schema import VALUE_LENGTH

LATEST = (datetime.max.replace(tzinfo=EPOCH.tzinfo) - EPOCH) // MICROSECOND
"""Microseconds since the epoch of the last time that can be written."""

LONGEST = 366 * 24 * 3600 * 1_000_000
"""Microseconds that a suppression or a declared job may last."""

TIME = "RFC 3339 with offset, or seconds since the epoch"
Cursor = Annotated[str | None, Query(max_length=4096, description="`next` of the page before")]
Limit = Annotated[int, Query(ge=1, le=500, description="items of a page")]
Value = Annotated[str | None, Query(min_length=1, max_length=VALUE_LENGTH)]
Since = Annotated[str | None, Query(max_length=64, description=f"flagged at or after this event time: {TIME}")]
Until = Annotated[str | None, Query(max_length=64, description=f"flagged before this event time: {TIME}")]


def microseconds(value: str | float | None, param: str) -> int | None:
    """A time as microseconds since the epoch; None stays None.

    Raises
    ------
    Unprocessable
        Neither RFC 3339 with an offset nor seconds, or outside the years 1970 to 9999.

    """
    if value is None:
        return None
    at = _seconds(value)
    if at is None:
        at = _rfc3339(str(value))
    if at is None or not 0 <= at <= LATEST:
        hint = "; write '+' as %2B in an address" if " " in str(value) else ""
        raise Unprocessable(f"{param}: not a time; expected {TIME}{hint}", param=param)
    return at


def ending(value: str | float, now: int) -> int:
    """The end of what holds for a time: ahead of ``now``, and at most a year.

    Raises
    ------
    Unprocessable
        It is not.

    """
    until = microseconds(value, "until") or 0
    if not now < until <= now + LONGEST:
        raise Unprocessable("until: in the past, or more than a year ahead", param="until")
    return until


def _seconds(value: str | float) -> int | None:
    try:
        seconds = float(value)
    except ValueError:
        return None
    # The product may be past what a float can hold even where the seconds are not.
    return round(seconds * 1_000_000) if math.isfinite(seconds * 1_000_000) else None


def _rfc3339(text: str) -> int | None:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (at - EPOCH) // MICROSECOND if at.tzinfo else None
