"""The distributed mode without its processes: gateways' spools, shippers and workers stepped by hand on real servers.

So a scenario can let things happen in exactly the order in which they do harm. What runs is the product's own: spool
writer, shipper, stream, lanes, checkpoint; only who is on turn is decided here.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

import pytest

from service.backends.redis import keys, source
from service.backends.redis.client import connect
from service.backends.redis.shipper import Shipper
from service.backends.spool import SpoolWriter
from service.backends.spool.folder import listing
from service.bootstrap.stores import secrets, stores, upgrade
from service.bootstrap.worker import Workers
from service.pipeline.lanes import Lane, Manner
from service.ports import Fenced, Sourced, StoreUnavailable
from service.settings import Settings
from tests.chaos.left import Left, compare, left_in
from tests.chaos.traffic import by_gateway, traffic
from tests.chaos.undisturbed import undisturbed

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from service.backends.redis.client import Link
    from service.bootstrap.stores import Stores
    from tests.chaos.left import Difference
    from tests.chaos.traffic import Logged

PARTITIONS = 4
QUERIES = 600
PATIENCE = 45.0
"""Seconds for something to come about."""
SEGMENT = 8 * 1024
"""Bytes of a spool file, so that many are deleted."""
SMALL = 64
"""Records a commit, so that a run has many."""


class Stuck(AssertionError):
    """What had to come about did not: what was lost never comes."""


@dataclass(slots=True)
class Rig:
    """``with Rig(folder, database, stream) as rig: rig.log(0.5); rig.finish(); assert rig.difference().none``."""

    folder: Path
    database: str = ""
    stream: str = "spool:"
    gateways: int = 2
    queries: int = QUERIES
    retain: float = 0.0
    link_of: Callable[[str], Link] = connect
    """The shippers' way to the stream."""
    fenced: int = 0
    """Commits that were refused because another worker had claimed the partition."""
    records: list[Logged] = field(init=False)
    store: Stores = field(init=False)
    lanes: list[Lane] = field(init=False)
    _logged: int = 0
    _patch: pytest.MonkeyPatch = field(default_factory=pytest.MonkeyPatch)
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    _writers: list[SpoolWriter] = field(default_factory=list)
    _shippers: list[Shipper] = field(default_factory=list)
    _workers: list[Workers] = field(default_factory=list)

    def __post_init__(self) -> None:
        if not self.shared:
            self.gateways = 1
        self.records = traffic(self.queries, self.gateways)

    def __enter__(self) -> Self:
        # Every boot is in the stream before a worker has its turn.
        self._patch.setattr(source, "PATIENCE", 0.0)
        upgrade(self.settings(0))
        self.store = stores(self.settings(0))
        self.store.partitions.ensure(self.partitions)
        key = secrets(self.settings(0)).spool_key
        for gateway in range(self.gateways):
            self._writers.append(SpoolWriter.open(self.settings(gateway).spool, key, segment_bytes=SEGMENT))
            if self.shared:
                self.publish()
                self._shippers.append(Shipper(self.link_of(self.stream), self.settings(gateway), spool_key=key))
        self.lanes = self.worker()
        return self

    def __exit__(self, *_: object) -> None:
        self._patch.undo()
        for lane in self.lanes:
            lane.close()
        for shipper in self._shippers:
            shipper.close()
        for workers in self._workers:
            workers.stores.close()
        self.stop_gateways()
        self.store.close()
        self._loop.close()

    @property
    def shared(self) -> bool:
        """Whether there is a stream between gateways and workers."""
        return self.stream != "spool:"

    @property
    def partitions(self) -> int:
        """Of the installation."""
        return PARTITIONS if self.shared else 1

    def settings(self, gateway: int) -> Settings:
        """Of a gateway; a worker takes those of the first."""
        tree: dict[str, Any] = {
            "data": str(self.folder / f"host-{gateway}"),
            "database": self.database or f"sqlite:///{self.folder / 'revenuer.db'}",
            "stream": self.stream,
            "partitions": PARTITIONS,
            "secrets": str(self.folder / "secrets"),
            "log": {"retain": self.retain},
            # The records are hours old, and the states are what is looked at.
            "scoring": {"learn": False, "max_lag": 1e9},
        }
        return Settings.model_validate(tree)

    def publish(self) -> None:
        """Tell the shippers how many partitions there are, as the workers' leases do each second."""
        assert self.store.link is not None
        self.store.link.one("SET", keys.PARTITIONS, self.partitions)

    def worker(self) -> list[Lane]:
        """One more worker that believes it owns every partition; it claims one with its first turn there."""
        workers = Workers(self.settings(0))
        self._workers.append(workers)

        def make(partition: int) -> Any:
            worker = workers(partition)
            worker.batch = SMALL
            return worker

        return [Lane(number, make, Manner(idle=0.0)) for number in range(self.partitions)]

    # What happens

    def log(self, share: float) -> None:
        """The gateways write on until that share of all records is in their spools."""
        upto = int(len(self.records) * share)
        batch, self._logged = self.records[self._logged : upto], max(self._logged, upto)

        async def write(some: list[Logged]) -> None:
            answers = await asyncio.gather(*(self._writers[item.gateway].append(item.record) for item in some))
            assert all(answers)

        # A spool's reader gives out whole groups, so a group is no larger than a commit should be.
        for first in range(0, len(batch), SMALL):
            self._loop.run_until_complete(write(batch[first : first + SMALL]))

    def stop_gateways(self) -> None:
        """End the gateways; what they logged is in their spools."""
        while self._writers:
            self._loop.run_until_complete(self._writers.pop().close())

    def turn(self, lanes: list[Lane] | None = None, *, ship: bool = True) -> None:
        """Everybody has one turn; a worker that was replaced drops what it held and claims anew."""
        for shipper in self._shippers if ship else ():
            shipper.step()
        for lane in self.lanes if lanes is None else lanes:
            try:
                lane.turn(may_begin=True)
            except Fenced:
                self.fenced += 1
                lane.close()

    def until(self, condition: Callable[[], bool], lanes: list[Lane] | None = None) -> None:
        """Everybody has turns until something has come about."""
        deadline = time.monotonic() + PATIENCE
        while not condition():
            if time.monotonic() > deadline:
                raise Stuck(f"{self.rows()} of {self.queries} queries are in the log")
            self.turn(lanes)
            time.sleep(0.01)

    def ship(self) -> None:
        """The shippers alone have turns until all that was logged is in the stream."""
        deadline = time.monotonic() + PATIENCE
        wanted = [self._last(gateway) for gateway in range(self.gateways)]
        while any(self.shipped(source) < number for source, number in wanted):
            if time.monotonic() > deadline:
                raise Stuck("what was logged cannot be shipped")
            for shipper in self._shippers:
                shipper.step()
            time.sleep(0.01)

    def look(self) -> None:
        """The shippers look at where the partitions stand, as each second, and so not again for a second."""
        for shipper in self._shippers:
            shipper._looked = float("-inf")
            shipper.step()

    def finish(self, lanes: list[Lane] | None = None) -> None:
        """Write what is left to write, end the gateways, and take everything."""
        self.log(1.0)
        self.stop_gateways()
        self.until(lambda: self.rows() >= self.queries, lanes)
        self.settle(lanes)

    def settle(self, lanes: list[Lane] | None = None) -> None:
        """Turns until nothing is left that anybody would take."""
        quiet = 0
        while quiet < 3:
            before = self.positions()
            end = time.monotonic() + 0.3
            while time.monotonic() < end:
                self.turn(lanes)
                time.sleep(0.01)
            quiet = quiet + 1 if self.positions() == before else 0

    # What is there

    def rows(self) -> int:
        """Queries in the log; 0 while the database cannot say."""
        with suppress(StoreUnavailable):
            return self.store.records.counts()["events"]
        return 0

    def positions(self) -> list[dict[str, int]]:
        """Where the sources of each partition stand in SQL."""
        with suppress(StoreUnavailable):
            return [dict(self.store.partitions.positions(number)) for number in range(self.partitions)]
        return []

    def shipped(self, source: str) -> int:
        """Number through which every partition has the source's entries, by what Redis says."""
        assert self.store.link is not None
        asked = [("HGET", keys.shipped(number), source) for number in range(self.partitions)]
        answers = self.store.link.run(asked)
        return min(0 if answer is None or isinstance(answer, Exception) else int(answer) for answer in answers)

    def left(self) -> Left:
        """What the run left behind."""
        return left_in(self.store)

    def difference(self) -> Difference:
        """Against the same records taken in peace."""
        gateways = by_gateway(self.records, self.gateways)
        sourced = [
            [Sourced(f"gateway-{gateway}", number, record) for number, record in enumerate(records, 1)]
            for gateway, records in enumerate(gateways)
        ]
        return compare(self.left(), undisturbed(self.settings(0), sourced))

    def _last(self, gateway: int) -> tuple[str, int]:
        """The gateway's source, and the number of the last record that it wrote."""
        written = sum(item.gateway == gateway for item in self.records[: self._logged])
        return next(reversed(listing(self.settings(gateway).spool))), written
