"""Faults that concern the distributed parts, each done to a running site and undone. All are blocking calls.

A fault returns when it is over. What it must not do is judged by whoever calls it: no request failed outside of a
killed gateway, and everything that was acknowledged meanwhile gets into the log.
"""

from __future__ import annotations

import socket
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pg8000.dbapi
from sqlalchemy.engine import make_url

from service.backends.redis import keys
from service.backends.redis.checks import findings
from service.backends.redis.client import connect
from tests.chaos.faultproxy import BLACK_HOLE, REFUSED, Fault, FaultProxy
from tests.chaos.hosts import LIBFIU, older_shipper, slow_caller, syncs_fail, tail_torn, upstream_is_odd
from tests.chaos.traffic import BODY

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.chaos.site import Site

MOMENT = 3.0
"""Seconds that a fault lasts, unless it needs more to do harm."""
AT_LEISURE = 60.0
"""Seconds that the harness itself waits for an answer of Redis, which has much to do."""
BEYOND_LEASE = 20.0
"""Seconds that a worker is stopped to lose its leases."""
UNFINISHED = b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"


@dataclass(frozen=True, slots=True)
class Injected:
    """One of them."""

    name: str
    do: Callable[[Site], None]
    clustered: bool | None = None
    """Only with a cluster, or only without one."""


def killed(name: str, away: float = 0.3) -> Callable[[Site], None]:
    """Kill -9 of a role and its start a little later."""

    def do(site: Site) -> None:
        site.kill(name)
        time.sleep(away)
        site.back(name)

    return do


def stopped(name: str, seconds: float) -> Callable[[Site], None]:
    """SIGSTOP, and SIGCONT later."""

    def do(site: Site) -> None:
        site.pause(name)
        time.sleep(seconds)
        site.go_on(name)

    return do


def restarted(name: str) -> Callable[[Site], None]:
    """SIGTERM, a clean end, and a start."""

    def do(site: Site) -> None:
        assert site.stop(name) == 0, f"{name} did not end cleanly"
        site.back(name)

    return do


def injected(which: str, fault: Fault, seconds: float = MOMENT) -> Callable[[Site], None]:
    """A fault on the way to a store."""

    def do(site: Site) -> None:
        proxy: FaultProxy = getattr(site, which)
        proxy.inject(fault)
        time.sleep(seconds)
        proxy.lift()

    return do


def redis_killed(site: Site) -> None:
    """Kill -9, and a start on what its append-only file has."""
    site.nodes[-1].kill9()
    time.sleep(MOMENT)
    site.nodes[-1].start()


def redis_wiped(site: Site) -> None:
    """Every key is gone."""
    for node in site.nodes:
        node.flush()


def redis_full(site: Site) -> None:
    """No memory is left for more, as after a long outage of the workers."""
    for node in site.nodes:
        node.call("CONFIG", "SET", "maxmemory", "1mb")
    time.sleep(MOMENT)
    for node in site.nodes:
        node.call("CONFIG", "SET", "maxmemory", "0")


def redis_evicts(site: Site) -> None:
    """A policy under which whole streams would be thrown away: the doctor must say so."""
    site.nodes[0].call("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
    link = connect(site.settings("watcher", proxied=False).stream, timeout=AT_LEISURE)
    red = [finding.found for finding in findings(link) if finding.bad]
    link.close()
    site.nodes[0].call("CONFIG", "SET", "maxmemory-policy", "noeviction")
    assert any("allkeys-lru" in text for text in red), red


def redis_misconf(site: Site) -> None:
    """Its disk takes nothing, so that it refuses every write until a dump succeeds."""
    folder = site.nodes[0]._process.folder
    site.nodes[0].call("CONFIG", "SET", "save", "1 1")
    folder.chmod(0o500)
    with suppress(Exception):
        site.nodes[0].call("BGSAVE")
    time.sleep(MOMENT)
    folder.chmod(0o700)
    site.nodes[0].call("CONFIG", "SET", "save", "")
    site.nodes[0].call("BGSAVE")


def redis_rolled_back(site: Site) -> None:
    """A replica that lacks the last second takes over."""
    site.settle()
    link = connect(site.settings("watcher", proxied=False).stream, timeout=AT_LEISURE)
    servers = link.servers()
    before = [(server, key, server.dump(key), server.pttl(key)) for server in servers for key in server.keys("rv:*")]
    time.sleep(1.0)
    for server in servers:
        server.flushall()
    for server, key, value, term in before:
        if value is not None:
            server.restore(key, max(term, 0), value, replace=True)
    link.close()


def redis_readonly(site: Site) -> None:
    """A primary that became a replica refuses writes."""
    site.nodes[0].call("REPLICAOF", "127.0.0.1", "1")
    time.sleep(MOMENT)
    site.nodes[0].call("REPLICAOF", "NO", "ONE")


def poison(site: Site) -> None:
    """Entries that no shipper wrote: without fields, and sealed under no key."""
    link = connect(site.settings("watcher", proxied=False).stream, timeout=AT_LEISURE)
    link.one("XADD", keys.stream(0), "*", "x", "y")
    fields = ("v", 1, "s", "9" * 20, "f", "0" * 16, "t", "0" * 15 + "9", "e", 1, "c", 1, "n", 9, "d", BODY)
    link.one("XADD", keys.stream(1), "*", *fields)
    site.until(lambda: all(link.one("XLEN", keys.aside(number)) for number in (0, 1)), "both are set aside")
    link.close()


def postgres_killed(site: Site) -> None:
    """Kill -9 of all its processes."""
    site.postgres.kill9()
    time.sleep(1.0)
    site.postgres.start()


def postgres_locked(site: Site) -> None:
    """Somebody holds a lock on what every commit writes to, as a migration does."""
    at = make_url(site.postgres.url())
    session = pg8000.dbapi.connect(
        user=at.username or "", password=at.password, host=at.host or "", port=at.port or 5432, database=at.database
    )
    session.cursor().execute("LOCK TABLE partitions IN ACCESS EXCLUSIVE MODE")
    time.sleep(MOMENT * 2)
    session.rollback()
    session.close()


def schema_newer(site: Site) -> None:
    """A worker meets a schema that it does not know, and writes nothing."""
    found = site.postgres.execute("SELECT version_num FROM alembic_version")[0][0]
    site.postgres.execute("UPDATE alembic_version SET version_num = 'ffff'")
    site.kill("worker-0")
    site.start("worker-0")
    time.sleep(MOMENT * 2)
    said = site.log_of("worker-0").read_text(errors="replace")
    site.postgres.execute(f"UPDATE alembic_version SET version_num = '{found}'")  # noqa: S608 - read from there
    site.kill("worker-0")
    site.back("worker-0")
    assert "ffff" in said, "the worker does not say which schema it met"


def second_gateway(site: Site) -> None:
    """Another gateway on the same spool is refused."""
    site._spawn("intruder", *_intruder(site))
    assert site.ended("intruder") != 0


def clients_gone(site: Site) -> None:
    """Callers that leave in the middle of their request."""
    for number in range(30):
        with socket.create_connection(("127.0.0.1", site.ports[number % len(site.ports)]), timeout=5) as client:
            client.sendall(
                b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"[: 20 + number]
            )


def herd(site: Site) -> None:
    """Both stores are away for long, and everything comes at once after."""
    site.stream.inject(REFUSED)
    site.database.inject(REFUSED)
    time.sleep(MOMENT * 4)
    site.stream.lift()
    site.database.lift()


def _intruder(site: Site) -> tuple[list[str], dict[str, str]]:
    from service import app  # noqa: PLC0415 - beside its only use

    return app.command("gateway"), app.environment(site.settings("gateway-0"))


SLOW, CUT = Fault(latency=0.02, slices=2000), Fault(limit=20_000)

FAULTS = {
    "1": Injected("kill -9 of a gateway", killed("gateway-0")),
    "1b": Injected("kill -9 of a shipper", killed("shipper-0")),
    "2": Injected("kill -9 of Redis", redis_killed, clustered=False),
    "3": Injected("Redis comes back empty", redis_wiped),
    "4": Injected("Redis is a black hole", injected("stream", BLACK_HOLE, 6.0), clustered=False),
    "4b": Injected(
        "the way to Redis is slow and cut to pieces", injected("stream", Fault(latency=0.02, slices=200)), False
    ),
    "4c": Injected("connections to Redis are reset in the middle", injected("stream", Fault(limit=20_000)), False),
    "5": Injected("Redis is out of memory", redis_full),
    "6": Injected("Redis evicts: the doctor is red", redis_evicts),
    "7": Injected("Redis refuses writes because its disk does", redis_misconf, clustered=False),
    "8": Injected("Redis fails over without its last second", redis_rolled_back),
    "9": Injected("a node of the cluster is down", redis_killed, clustered=True),
    "10": Injected("Redis became a read-only replica", redis_readonly, clustered=False),
    "11": Injected("kill -9 of a worker, somewhere before its commit", killed("worker-0")),
    "12": Injected("kill -9 of the other worker, somewhere after its commit", killed("worker-1")),
    "13": Injected("entries that cannot be read", poison),
    "14": Injected("a worker is stopped beyond its lease", stopped("worker-0", BEYOND_LEASE)),
    "15": Injected("kill -9 of Postgres", postgres_killed),
    "16": Injected("Postgres is a black hole", injected("database", BLACK_HOLE, 8.0)),
    "16b": Injected("Postgres answers slowly", injected("database", Fault(latency=0.3), 6.0)),
    "19": Injected("a lock on the database's tables", postgres_locked),
    "22": Injected("a gateway is killed in the middle of a write", tail_torn),
    "24": Injected("two gateways on one spool", second_gateway),
    "25": Injected("the upstream refuses and breaks off", upstream_is_odd("busy", "error", "broken-off")),
    "26": Injected(
        "the upstream answers what nobody can read",
        upstream_is_odd("not-json", "bad-stream", "endless-line", "bad-gzip"),
    ),
    "27": Injected("callers leave in the middle", clients_gone),
    "28": Injected("callers take their answer byte by byte", slow_caller),
    "30": Injected("a gateway stands still", stopped("gateway-1", 2.0)),
    "33": Injected("nobody listens at Redis' address", injected("stream", REFUSED), clustered=False),
    "36": Injected("a schema newer than the worker", schema_newer),
    "37": Injected("a shipper of the version before", older_shipper),
    "38": Injected("a gateway is told to stop", restarted("gateway-0")),
    "38b": Injected("a shipper is told to stop", restarted("shipper-1")),
    "38c": Injected("a worker is told to stop", restarted("worker-1")),
    "40": Injected("everything comes at once after an outage", herd, clustered=False),
}
if LIBFIU:
    FAULTS["21"] = Injected("the disk under a spool reports errors", syncs_fail)
ELSEWHERE = {
    "17": "Postgres' disk is full: tests/service/backends/sql/test_postgres_faults.py",
    "18, 39": "Postgres restored from an older backup: tests/chaos/test_restore.py",
    "20, 21, 23": "the spool's disk, full or broken for good: tests/service/backends/spool",
}
"""Faults of the same list that the suite holds by tests of their own.

Those of the spool's disk are injected there where the spool calls the system (``service.backends.spool.files``), in
exact order; libfiu, where the system has it, fails the syncs of a whole gateway under load here.
"""
