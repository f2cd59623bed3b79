"""Backoff: when to try again what did not answer, each partition by itself, since a Cluster may fail in parts."""

from __future__ import annotations

import random

SHORTEST, LONGEST = 0.2, 5.0
"""Seconds."""


class Backoff:
    """Doubling pauses with jitter, so that many shippers do not come back in one moment."""

    def __init__(self) -> None:
        self._until: dict[int, tuple[float, float]] = {}

    def ready(self, partition: int, now: float) -> bool:
        """Whether it may be tried."""
        return partition not in self._until or self._until[partition][1] <= now

    def failed(self, partition: int, now: float) -> None:
        """It did not answer."""
        pause = min(self._until.get(partition, (SHORTEST / 2, 0.0))[0] * 2, LONGEST)
        self._until[partition] = pause, now + pause * random.uniform(0.5, 1.0)  # noqa: S311 - no secret

    def answered(self, partition: int) -> None:
        """It did."""
        self._until.pop(partition, None)

    @property
    def failing(self) -> int:
        """How many did not answer when they were tried last."""
        return len(self._until)
