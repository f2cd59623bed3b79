"""Leases: which worker tends which partition, shared out fairly.

A lease is advice. Two workers that believe in the same one do no harm, because the checkpoint refuses whoever was
replaced; so all that is asked of the leases is that soon after any change every partition has one worker and the
workers have about equally many.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any
from zlib import crc32

import structlog

from service.backends.redis import keys, scripts
from service.ports import StreamUnavailable

if TYPE_CHECKING:
    from collections.abc import Collection

    from service.backends.redis.client import Link

log = structlog.get_logger(__name__)

TERM = 15.0
"""Seconds that a lease lasts without being renewed."""
EVERY = 1.0
"""Seconds between renewals."""


class RedisLeases:
    """``ports.Leases`` over one installation's partitions.

    Parameters
    ----------
    link
        From :func:`service.backends.redis.client.connect`.
    worker
        Its name, unique among all that ever run: host, process and something random.
    partitions
        How many there are, as SQL says; published for the shippers with every renewal, so that a wiped Redis knows
        it again.
    term, every
        Seconds that a lease lasts, and between renewals.

    """

    def __init__(self, link: Link, worker: str, partitions: int, *, term: float = TERM, every: float = EVERY) -> None:
        self._link = link
        self._worker = worker
        self._partitions = partitions
        self._term = round(term * 1000)
        self._every = every
        self._held: set[int] = set()
        self._surplus: set[int] = set()
        """Beyond the share and no longer told as held; given back at the next renewal, after the commit under way."""
        self._shunned: dict[int, float] = {}
        """Given back on purpose: others have the time of a term to take it."""
        self._renewed = float("-inf")
        self._met = False
        # Each worker begins at another place, so that many starting at once do not all ask for the same.
        start = crc32(worker.encode()) % partitions
        self._order = [*range(start, partitions), *range(start)]

    def hold(self) -> Collection[int]:
        """The partitions to tend now. See ``ports.Leases``.

        One that it no longer names is free for others from the next call on: drop it, after the commit under way.
        """
        now = time.monotonic()
        if now - self._renewed >= self._every:
            self._renew(now)
            self._renewed = now
        return frozenset(self._held)

    def give_back(self, partition: int) -> None:
        """Let another worker have it at once; this one does not ask for it again for the time of a term."""
        self._held.discard(partition)
        self._surplus.discard(partition)
        self._shunned[partition] = time.monotonic() + self._term / 1000
        answer = self._link.run([self._leave(partition)])[0]
        if isinstance(answer, StreamUnavailable):
            log.info("lease.left_to_expire", partition=partition, reason=str(answer))

    def close(self) -> None:
        """Give all back and take the worker off the list, so that the others need not wait for the term."""
        self._link.run(
            [
                *(self._leave(partition) for partition in self._held | self._surplus),
                ("ZREM", keys.WORKERS, self._worker),
            ]
        )
        self._held, self._surplus = set(), set()

    def _renew(self, now: float) -> None:
        known, workers = self._present()
        self._link.run([self._leave(partition) for partition in self._surplus])
        self._surplus = set()
        self._keep()
        share = -(-self._partitions // max(workers, 1))
        if len(self._held) > share:
            self._surplus = set(sorted(self._held)[share:])
            self._held -= self._surplus
        elif self._met and not known:
            # The list of workers was lost, and the others' leases with it: they renew theirs before any is taken.
            log.warning("lease.registry_lost", held=len(self._held))
        elif len(self._held) < share:
            self._take(share - len(self._held), now)
        self._met = True

    def _present(self) -> tuple[bool, int]:
        """Whether this worker was on the list, and how many there are now."""
        answers = self._link.run(
            [
                scripts.call(scripts.PRESENT, [keys.WORKERS], self._worker, self._term),
                ("SET", keys.PARTITIONS, self._partitions),
            ]
        )
        for answer in answers:
            if isinstance(answer, StreamUnavailable):
                raise answer
        known, workers = answers[0]
        return bool(known), int(workers)

    def _keep(self) -> None:
        """Renew what is held; what somebody else has is held no longer. One that cannot be asked for stays."""
        held = sorted(self._held)
        for partition, answer in zip(held, self._link.run([self._ask(p) for p in held]), strict=True):
            if answer == 0:
                self._held.discard(partition)
                log.info("lease.lost", partition=partition)

    def _take(self, wanted: int, now: float) -> None:
        others = [p for p in self._order if p not in self._held and self._shunned.get(p, now) <= now]
        left = self._link.run([("PTTL", keys.lease(p)) for p in others])
        # -2 where there is none, -1 where it would never run out.
        free = [p for p, term in zip(others, left, strict=True) if isinstance(term, int) and term < 0][:wanted]
        for partition, answer in zip(free, self._link.run([self._ask(p) for p in free]), strict=True):
            if answer == 1:
                self._held.add(partition)
                log.info("lease.taken", partition=partition)

    def _ask(self, partition: int) -> tuple[Any, ...]:
        return scripts.call(scripts.LEASE, [keys.lease(partition)], self._worker, self._term)

    def _leave(self, partition: int) -> tuple[Any, ...]:
        return scripts.call(scripts.LEAVE, [keys.lease(partition)], self._worker)
