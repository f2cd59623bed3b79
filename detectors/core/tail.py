"""Tail: which values of a signal speak against a caller."""

from __future__ import annotations

import enum


class Tail(enum.StrEnum):
    """Which side of benign is suspicious."""

    UPPER = "upper"
    LOWER = "lower"
    BOTH = "both"
