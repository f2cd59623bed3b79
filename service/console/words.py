"""Words: how the console writes numbers, times and names, each with its unit."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from detectors.core.judge import quantity
from service.api.documents import rfc3339

if TYPE_CHECKING:
    from service.model.flag import Rate

SPANS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))
"""Seconds of each unit, largest first."""


def when(at: int | None) -> str:
    """A time in microseconds as ``24 Nov 2026 12:03`` in UTC; a dash for none."""
    return "-" if at is None else _moment(at).strftime("%-d %b %Y %H:%M")


def clock(at: int) -> str:
    """The same to the second, without the year."""
    return _moment(at).strftime("%-d %b %H:%M:%S")


def span(seconds: float) -> str:
    """A duration in its largest unit: ``3 d``, ``5 h``, ``12 min``, ``4 s``."""
    for size, unit in SPANS:
        if abs(seconds) >= size:
            return f"{seconds / size:,.0f} {unit}"
    return f"{seconds:.1f} s"


def ago(at: int, now: int) -> str:
    """How long before ``now``; a time to come is ``in 5 min``."""
    seconds = (now - at) / 1e6
    return f"{span(seconds)} ago" if seconds >= 0 else f"in {span(-seconds)}"


def count(number: int) -> str:
    """With separators: ``12,300``."""
    return f"{number:,}"


def share(value: float | None) -> str:
    """A share as per cent, as many digits as say something."""
    if value is None or not math.isfinite(value):
        return "unknown"
    return f"{100 * value:.2g} %" if value < 0.1 else f"{100 * value:.0f} %"


def probability(value: float | None) -> str:
    """A p-value."""
    if value is None or not math.isfinite(value):
        return "-"
    return f"{value:.2g}" if value >= 1e-4 else f"{value:.0e}"


def amount(value: float | None, unit: str) -> str:
    """A measured quantity with its unit; a dash where it was not measured."""
    return "-" if value is None or not math.isfinite(value) else quantity(value, unit)


def rate(found: Rate) -> str:
    """A rate with its interval and count."""
    return f"{share(found.estimate)} (95 % interval {share(found.low)} to {share(found.high)}, n = {found.n:,})"


def size(number: float) -> str:
    """Bytes in their largest unit."""
    for unit in ("B", "KB", "MB"):
        if abs(number) < 1000:
            return f"{number:,.0f} {unit}"
        number /= 1000
    return f"{number:,.1f} GB"


def plain(name: str) -> str:
    """A name of the code as words: ``in_review`` is ``in review``."""
    return name.replace("_", " ").replace("-", " ")


def as_json(value: Any) -> str:
    """For an attribute that a script reads; the template escapes it as any other text."""
    return json.dumps(value, separators=(",", ":"), allow_nan=False)


FILTERS = {
    "when": when, "clock": clock, "span": span, "count": count, "share": share, "probability": probability,
    "rate": rate, "size": size, "plain": plain, "json": as_json, "rfc3339": rfc3339,
}  # fmt: skip
"""What templates may call, by name."""


def _moment(at: int) -> datetime:
    return datetime.fromtimestamp(at / 1e6, UTC)
