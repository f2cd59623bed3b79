"""Survey: where every partition stands with every boot of this host, as Redis has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.backends.redis import keys
from service.backends.spool import FINAL
from service.ports import StreamUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from service.backends.redis.client import Command, Link
    from service.backends.redis.route import Route

PATIENCE = 5.0
"""Seconds that a partition's owner has to say where a boot stands, before that is shipped from its beginning where the
spool still has that."""


class Survey:
    """Compares Redis with what the shipper believes."""

    def __init__(self, link: Link, partitions: int) -> None:
        self._link = link
        self.partitions = partitions

    def look(self, routes: Sequence[Route], first: Callable[[str], int], now: float) -> None:
        """Follow what Redis says; ask the owners where it says nothing.

        A partition that does not answer stays as it is.

        Parameters
        ----------
        routes
            The boots on this host.
        first
            Number of a boot's oldest record on the disk.
        now
            Monotonic seconds.

        """
        if not routes:
            return
        sources = [route.source for route in routes]
        answers = self._link.run(
            [
                ("HMGET", name(partition), *sources)
                for partition in range(self.partitions)
                for name in (keys.shipped, keys.covered)
            ]
        )
        questions: list[Command] = []
        for index, route in enumerate(routes):
            covered = FINAL
            for partition in range(self.partitions):
                shipped, cover = answers[2 * partition], answers[2 * partition + 1]
                if isinstance(shipped, StreamUnavailable) or isinstance(cover, StreamUnavailable):
                    covered = 0
                    continue
                covered = min(covered, int(cover[index] or 0))
                if self._stand(route, partition, shipped[index], whole=first(route.source) == 1, now=now):
                    questions.append(("HSET", keys.asked(partition), route.source, "1"))
                elif cover[index] is None and route.at[partition] == FINAL:
                    # All of it was shipped, and that it was covered is forgotten.
                    questions.append(("HSET", keys.asked(partition), route.source, "1"))
            route.covered = covered
        self._link.run(questions)

    def retire(self, source: str) -> None:
        """A boot that is covered to its end is gone from the disk: nobody will ask for it again."""
        names = (keys.shipped, keys.covered, keys.when, keys.asked)
        self._link.run([("HDEL", name(partition), source) for partition in range(self.partitions) for name in names])

    @staticmethod
    def _stand(route: Route, partition: int, shipped: bytes | None, *, whole: bool, now: float) -> bool:
        """Take over where the partition stands; whether its owner must be asked."""
        route.announced[partition] = shipped is not None
        if shipped is not None:
            route.fresh = False
            route.stand(partition, int(shipped))
            return False
        if route.at[partition] == 0 and whole:
            return False
        route.stand(partition, None)
        # With its beginning on the disk the claim of a first entry is true, wherever the owner stands.
        if whole and (route.fresh or route.unknown(partition, now) >= PATIENCE):
            route.stand(partition, 0)
            return False
        return True
