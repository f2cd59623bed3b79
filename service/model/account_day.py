"""AccountDay: the moment of a day at which an account's combined score was highest."""

from __future__ import annotations

from dataclasses import dataclass

MOST = 100
"""Accounts kept of one learning, each by its highest day: five times the twenty honest ones in a row after which one
may stop looking."""


@dataclass(frozen=True, slots=True)
class AccountDay:
    """An account's highest moment of one day, under a baseline."""

    account: str
    at: int
    """Event time, microseconds since the epoch."""
    queries: int
    """The account's queries until then."""
    score: float
    """Combined score in [0, 1]."""
