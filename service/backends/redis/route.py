"""Routes: how far each boot of the spool has got on its way into each partition."""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from service.backends.spool import FINAL, Times

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

KEPT = 16
"""Places of a boot whose clock is remembered."""


@dataclass(frozen=True, slots=True)
class Missing:
    """Records in ``(low, high]`` that were asked for and are gone from the spool."""

    partition: int
    """The one that is told; a gap counts for the source as a whole."""
    low: int
    high: int
    count: int
    """How many of them no gap has told of, at most: numbers need not all have been used."""


class Route:
    """One boot's way. Everything in it is a guess that Redis corrects: an append that does not fit is refused."""

    def __init__(self, source: str, partitions: int, *, fresh: bool) -> None:
        self.source = source
        self.fresh = fresh
        """Whether it began just now, so that nobody can know anything of it."""
        self.at: list[int | None] = [None] * partitions
        """What was appended last in each partition; None where Redis does not say."""
        self.read = [0] * partitions
        """Number through which each partition's records were appended or there are none."""
        self.peak = [0] * partitions
        """The highest that was ever appended."""
        self.sent = [0.0] * partitions
        """When something was appended last, monotonic seconds."""
        self.announced = [False] * partitions
        """Whether whoever reads the partition knows of the boot."""
        self.covered = 0
        """Number through which every partition is covered by a checkpoint."""
        self.through = 0
        """Number of the last record that was read."""
        self.oldest = 0
        """Time of the oldest record that was read and is not in every partition's stream, 0 where all are."""
        self.told: tuple[int, int] | None = None
        """Range of numbers that a gap told of as missing from the spool."""
        self._unknown: list[float | None] = [None] * partitions
        self._anchors: deque[int] = deque()
        self._times: OrderedDict[int, Times] = OrderedDict()

    def stand(self, partition: int, at: int | None) -> None:
        """Redis says where the partition stands: go on from there, back or forward, where that is news."""
        if at != self.at[partition]:
            self.at[partition] = at
            self.read[partition] = at or 0
        if at is not None:
            self._unknown[partition] = None

    def unknown(self, partition: int, now: float) -> float:
        """Seconds since it was first not known where the partition stands; it is not known at ``now``."""
        since = self._unknown[partition]
        if since is None:
            since = self._unknown[partition] = now
        return now - since

    def again(self, partition: int) -> None:
        """Something was not appended: read it once more."""
        self.read[partition] = self.at[partition] or 0

    def cursors(self, ready: Iterable[int]) -> Sequence[int]:
        """Where to read on: for the partition that is furthest behind, and for the foremost where that is another."""
        places = {self.read[p] for p in ready if self.at[p] is not None and self.read[p] < FINAL}
        return sorted({min(places), max(places)}) if places else ()

    def times(self, number: int) -> Times | None:
        """Clock and newest end at a number, if remembered."""
        return Times() if number == 0 else self._times.get(number)

    def remember(self, number: int, times: Times, anchor: int) -> None:
        """What they are at the number, and the number of the record that says so, 0 where none was read."""
        self._times[number] = times
        if len(self._times) > KEPT:
            self._times.popitem(last=False)
        if number < FINAL:
            self.through = max(self.through, number)
        if anchor > (self._anchors[-1] if self._anchors else 0):
            self._anchors.append(anchor)

    @property
    def uncovered(self) -> int:
        """Records read and not covered by a checkpoint."""
        return max(self.through - self.covered, 0)

    def releasable(self) -> int:
        """Number through which the spool may forget: what is covered, but for the record that the clock there is from.

        So whoever is asked for anything that is not covered can still say what the clock was before it.
        """
        if self.covered >= FINAL:
            return FINAL
        anchor = 0
        while self._anchors and self._anchors[0] <= self.covered:
            anchor = self._anchors.popleft()
        if anchor:
            self._anchors.appendleft(anchor)
        return max(anchor - 1, 0)

    def missing(self, first: int, ready: Iterable[int]) -> Missing | None:
        """What was asked for and the spool, which begins with the number ``first``, has no more.

        None where all of it was told before. It counts as told once it is passed to :meth:`tell`.
        """
        behind = [p for p in ready if self.at[p] is not None and self.read[p] < first - 1]
        if not behind:
            return None
        partition = min(behind, key=lambda p: self.read[p])
        low, high = self.read[partition], first - 1
        told_low, told_high = self.told or (low, low)
        count = max(min(told_low, high) - low, 0) + max(high - max(told_high, low), 0)
        return Missing(partition, low, high, count) if count else None

    def tell(self, missing: Missing) -> None:
        """A partition has taken the gap that tells of it."""
        low, high = self.told or (missing.low, missing.high)
        self.told = min(low, missing.low), max(high, missing.high)
