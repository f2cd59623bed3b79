"""What ``Leases`` hold, on one server and on a cluster."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from service.backends.redis import keys
from service.backends.redis.client import connect
from service.backends.redis.leases import RedisLeases
from service.ports import StreamUnavailable
from tests.servers import running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from service.backends.redis.client import Link

PARTITIONS = 8
LONG = 60.0
"""A term that no test outlasts."""
SHORT = 0.3
"""A term that a test waits out."""


@pytest.fixture(params=["valkey", "cluster"])
def link(request: pytest.FixtureRequest) -> Iterator[Link]:
    """An empty stream of each kind."""
    made = connect(running.valkey() if request.param == "valkey" else running.cluster())
    yield made
    made.close()


@pytest.fixture
def worker(link: Link) -> Callable[..., RedisLeases]:
    """Workers that ask afresh with every call."""

    def make(name: str, term: float = LONG) -> RedisLeases:
        return RedisLeases(link, name, PARTITIONS, term=term, every=0.0)

    return make


def settled(*workers: RedisLeases) -> list[set[int]]:
    """What each holds once all have asked often enough for anything to be handed over."""
    for _ in range(4):
        for each in workers:
            each.hold()
    return [set(each.hold()) for each in workers]


class TestLeases:
    """The contract."""

    def test_one_worker_tends_all(self, worker: Callable[..., RedisLeases]) -> None:
        """Alone it takes every partition, at the first call."""
        assert set(worker("a").hold()) == set(range(PARTITIONS))

    @pytest.mark.parametrize(("count", "most"), [(2, 4), (3, 3), (5, 2), (8, 1)])
    def test_each_has_a_fair_share(self, worker: Callable[..., RedisLeases], count: int, most: int) -> None:
        """Every partition has one worker, and none has more than its share."""
        held = settled(*(worker(f"w{number}") for number in range(count)))
        assert sorted(partition for each in held for partition in each) == list(range(PARTITIONS))
        assert max(map(len, held)) <= most

    def test_more_workers_than_partitions(self, worker: Callable[..., RedisLeases]) -> None:
        """Those beyond have nothing to do, and take over from whoever goes."""
        workers = [worker(f"w{number}") for number in range(PARTITIONS + 1)]
        held = settled(*workers)
        idle = held.index(set())
        gone = (idle + 1) % len(workers)
        workers[gone].close()
        assert set(workers[idle].hold()) == held[gone]

    def test_surplus_is_named_no_longer_before_it_is_free(self, worker: Callable[..., RedisLeases]) -> None:
        """Between the two the one who had it may finish its commit."""
        first, second = worker("a"), worker("b")
        first.hold()
        second.hold()
        kept = set(first.hold())
        assert len(kept) == PARTITIONS // 2
        assert not second.hold()
        first.hold()
        assert set(second.hold()) == set(range(PARTITIONS)) - kept

    def test_given_back_is_free_at_once(self, worker: Callable[..., RedisLeases]) -> None:
        """Another takes it with its next call, and the one who gave it does not take it again."""
        first, second = worker("a"), worker("b")
        settled(first, second)
        given = min(first.hold())
        second.give_back(min(second.hold()))
        first.give_back(given)
        assert given not in first.hold()
        assert given in second.hold()

    def test_a_dead_worker_is_replaced(self, worker: Callable[..., RedisLeases]) -> None:
        """Its leases and its share end with its term."""
        dead, living = worker("a", SHORT), worker("b")
        settled(dead, living)
        time.sleep(SHORT * 1.5)
        assert set(living.hold()) == set(range(PARTITIONS))

    def test_a_lease_that_never_ends_is_nobodys(self, worker: Callable[..., RedisLeases], link: Link) -> None:
        """A restored dump that forgot when a dead worker's leases end keeps no partition from the living."""
        for number in range(PARTITIONS):
            link.one("SET", keys.lease(number), "gone")
        assert set(worker("a").hold()) == set(range(PARTITIONS))

    def test_who_slept_too_long_is_told(self, worker: Callable[..., RedisLeases]) -> None:
        """After its term a worker learns with its next call what others have taken meanwhile."""
        sleeper, living = worker("a", SHORT), worker("b")
        sleeper.hold()
        time.sleep(SHORT * 1.5)
        taken = set(living.hold())
        assert taken == set(range(PARTITIONS))
        assert not set(sleeper.hold()) & taken

    def test_a_wiped_stream_changes_nothing(self, worker: Callable[..., RedisLeases], link: Link) -> None:
        """Nobody takes what somebody else believes to hold, although no lease is known any more."""
        first, second = worker("a"), worker("b")
        before = settled(first, second)
        for server in link.servers():
            server.flushdb()
        assert [set(first.hold()), set(second.hold())] == before
        assert settled(first, second) == before

    def test_a_stream_that_is_gone_is_told(self) -> None:
        """Nothing can be known, so nothing new is begun."""
        leases = RedisLeases(connect("redis://127.0.0.1:1/0"), "a", PARTITIONS, every=0.0)
        with pytest.raises(StreamUnavailable, match="cannot be reached"):
            leases.hold()

    def test_calls_in_between_ask_nothing(self, link: Link) -> None:
        """It is cheap to call often: within ``every`` the last answer holds."""
        leases = RedisLeases(link, "a", PARTITIONS, every=LONG)
        held = leases.hold()
        for server in link.servers():
            server.flushdb()
        assert leases.hold() == held
