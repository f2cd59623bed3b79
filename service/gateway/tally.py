"""Counts of the hot path, kept in plain integers and given to the metrics a few times a second.

In multiprocess mode each increment of a metric is a write into a mapped file behind a lock; half a dozen of
them are a tenth of what a request costs.
"""

from __future__ import annotations

import asyncio

from service import metrics
from service.model.query import Outcome

PERIOD = 0.25
"""Seconds between two hand-overs."""


class Tally:
    """What was counted since the last hand-over, and the requests in flight."""

    __slots__ = ("_outcomes", "_waits", "early", "open")

    def __init__(self) -> None:
        self.open = 0
        self.early = 0
        """Requests forwarded before their start record was synced."""
        self._outcomes = dict.fromkeys(Outcome, 0)
        self._waits: list[float] = []

    def ended(self, outcome: Outcome, ttft: int) -> None:
        """A request is over; ``ttft`` in microseconds, -1 where no byte came."""
        self._outcomes[outcome] += 1
        if ttft >= 0:
            self._waits.append(ttft / 1e6)

    def flush(self) -> None:
        """Hand over."""
        metrics.OPEN.set(self.open)
        for outcome, count in self._outcomes.items():
            if count:
                metrics.REQUESTS.labels(outcome.value).inc(count)
                self._outcomes[outcome] = 0
        for wait in self._waits:
            metrics.FIRST_BYTE.observe(wait)
        self._waits.clear()
        if self.early:
            metrics.FORWARDED_EARLY.inc(self.early)
            self.early = 0

    async def run(self) -> None:
        """Hand over until cancelled."""
        while True:
            await asyncio.sleep(PERIOD)
            self.flush()
