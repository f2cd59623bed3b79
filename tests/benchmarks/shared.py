"""Workers on Postgres and Valkey beside the embedded worker, over the same records, which wait for them from the start.

What is measured begins with the first commit: a process loads its embedding once. One worker has the first CPU and the
servers the last; two workers have one each, and the servers both.
"""

from __future__ import annotations

import asyncio
import shutil
import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from service.backends.redis import keys
from service.backends.redis.client import connect
from service.backends.redis.shipper import Shipper
from service.backends.spool import FINAL, SpoolWriter
from service.bootstrap.stores import secrets, stores
from service.ports import StoreUnavailable
from service.settings import Settings
from tests.benchmarks.events import made_up, records
from tests.benchmarks.installation import install
from tests.benchmarks.processes import ALL, LOAD, TARGET, cpu_seconds, pinned, resident, running, tree
from tests.benchmarks.report import Line
from tests.servers.postgres import Postgres
from tests.servers.valkey import Valkey

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from tests.benchmarks.installation import Installation
    from tests.benchmarks.report import Report

PARTITIONS = 8
STEADY = {"scoring": {"learn": False, "max_lag": 1e9}, "content": "redacted"}
"""A worker that is behind writes the log first; what is compared is the way that it keeps up by."""
PATIENCE = 900.0
LOOK = 0.5
"""Seconds between looks at how far they are."""


@dataclass(frozen=True, slots=True)
class Run:
    """What some workers did with the backlog, and what it cost; seconds of CPU an event."""

    rate: float
    """Events a second, all workers together, from the first commit on."""
    worker: float
    postgres: float = 0.0
    valkey: float = 0.0
    shipper: float = 0.0
    resident: int = 0
    """Bytes of the largest worker at the end."""
    stored: Stored | None = None


@dataclass(frozen=True, slots=True)
class Stored:
    """What one of each takes in Postgres, indexes with it; bytes."""

    entity: float
    """With its states."""
    row: float
    """A query in the log, without its texts."""
    text: float
    """The texts of a query, as far as they are kept."""


def measure(report: Report, folder: Path, *, events: int) -> None:
    """Let the embedded worker, one worker and two take the same records, and add the lines."""
    folder.mkdir()
    options = {**STEADY, "secrets": str(folder / "secrets")}
    spool = _filled(folder / "filled", options, events)
    alone = _embedded(folder / "embedded", options, spool, events)
    one = _shared(folder / "one", options, spool, events=events, cpus=[TARGET])
    two = _shared(folder / "two", options, spool, events=events, cpus=[TARGET, LOAD])
    note = f"{one.rate:,.0f} against {alone.rate:,.0f} events/s; {events:,} events of made-up words, waiting"
    report.add(
        Line(
            "one worker on Postgres and Valkey against embedded", one.rate / alone.rate, "times", least=0.8, note=note
        ),
        Line(
            "two workers against one",
            two.rate / one.rate,
            "times",
            least=1.6 if TARGET != LOAD else None,
            note=f"{two.rate:,.0f} events/s on {len(ALL)} CPUs that the servers share",
        ),
        Line("CPU per event: embedded worker", alone.worker * 1e6, "µs"),
        Line("CPU per event: worker on Postgres and Valkey", one.worker * 1e6, "µs"),
        Line("CPU per event: Postgres", one.postgres * 1e6, "µs"),
        Line("CPU per event: Valkey", one.valkey * 1e6, "µs", note="taking it in and giving it out"),
        Line("CPU per event: shipper", one.shipper * 1e6, "µs"),
        Line("memory of the worker at the end", one.resident / 2**20, "MiB"),
        *_sizes(one.stored),
    )


def _sizes(stored: Stored | None) -> list[Line]:
    if stored is None:
        return []
    return [
        Line("an entity in Postgres", stored.entity / 1024, "KiB", note="row, states and index"),
        Line("a query in Postgres, texts left out", stored.row, "bytes", note="row and index"),
        Line("a query's texts in Postgres", stored.text, "bytes", note=f"content: {STEADY['content']}"),
    ]


def _filled(folder: Path, options: Mapping[str, Any], events: int) -> Path:
    """A spool with all the records, its gateway gone."""
    folder.mkdir()
    settings = Settings.model_validate({**options, "data": str(folder)})

    async def write() -> None:
        writer = SpoolWriter.open(settings.spool, secrets(settings).spool_key, reserve_bytes=0)
        group = []
        for record in records(made_up(), events):
            group.append(writer.append(record))
            if len(group) == 1000:
                await asyncio.gather(*group)
                group.clear()
        await asyncio.gather(*group)
        await writer.close()

    asyncio.run(write())
    return settings.spool


def _embedded(folder: Path, options: Mapping[str, Any], spool: Path, events: int) -> Run:
    made = install(folder, upstream=9, decisions=0, options=options)
    shutil.copytree(spool, made.settings.spool)
    with running(made.command("worker"), cpu=TARGET, output=folder / "worker.out") as system:
        rate, used = _taken(made.settings, [system.process.pid], events)
    return Run(rate, worker=used[0])


def _shared(folder: Path, options: Mapping[str, Any], spool: Path, *, events: int, cpus: Sequence[set[int]]) -> Run:
    """As many workers as CPUs are named."""
    folder.mkdir()
    with ExitStack() as stack:
        with pinned(LOAD if len(cpus) == 1 else set(ALL)):
            postgres = stack.enter_context(Postgres())
            valkey = stack.enter_context(Valkey())
        places = {"database": postgres.url(), "stream": valkey.url(), "partitions": PARTITIONS}
        made = install(folder / "host", upstream=9, decisions=0, options={**options, **places})
        shutil.copytree(spool, made.settings.spool)
        before = cpu_seconds(tree(valkey.pid))
        shipper = _ship(made.settings, spool)
        systems = [
            stack.enter_context(running(_worker(made, n), cpu=cpu, output=folder / f"{n}.out"))
            for n, cpu in enumerate(cpus)
        ]
        groups = [system.process.pid for system in systems]
        rate, used = _taken(made.settings, [*groups, postgres.pid], events)
        return Run(
            rate,
            worker=sum(used[:-1]),
            postgres=used[-1],
            valkey=(cpu_seconds(tree(valkey.pid)) - before) / events,
            shipper=shipper / events,
            resident=max(resident(pid) for pid in groups),
            stored=_stored(postgres),
        )


def _stored(postgres: Postgres) -> Stored:
    found = postgres.execute(
        """
        WITH sizes AS (
            SELECT name, coalesce(
                (SELECT sum(pg_total_relation_size(relid)) FROM pg_partition_tree(name::regclass)),
                pg_total_relation_size(name::regclass)
            ) AS bytes
            FROM unnest(ARRAY['entities', 'states', 'events', 'event_text']) AS name
        )
        SELECT sum(bytes) FILTER (WHERE name IN ('entities', 'states')) / greatest(1, (SELECT count(*) FROM entities)),
            sum(bytes) FILTER (WHERE name = 'events') / greatest(1, (SELECT count(*) FROM events)),
            sum(bytes) FILTER (WHERE name = 'event_text') / greatest(1, (SELECT count(*) FROM event_text))
        FROM sizes
        """
    )[0]
    return Stored(*map(float, found))


def _worker(made: Installation, number: int) -> list[str]:
    """A worker with a data folder of its own."""
    return [*made.command("worker"), "--data", str(made.folder / f"worker-{number}")]


def _ship(settings: Settings, spool: Path) -> float:
    """Bring everything into the stream; the seconds of CPU that took."""
    store = stores(settings)
    assert store.link is not None
    store.link.one("SET", keys.PARTITIONS, store.partitions.ensure(PARTITIONS))
    boot = next(path.name.partition("-")[0] for path in spool.glob("*.seg"))
    shipper = Shipper(connect(settings.stream), settings, spool_key=secrets(settings).spool_key)
    began = time.process_time()
    deadline = time.monotonic() + PATIENCE
    while True:
        answers = store.link.run([("HGET", keys.shipped(number), boot) for number in range(PARTITIONS)])
        if all(answer is not None and int(answer) == FINAL for answer in answers):
            break
        if time.monotonic() > deadline:
            raise RuntimeError(f"not everything was shipped within {PATIENCE:.0f} s: {shipper.trouble()}")
        time.sleep(shipper.step())
    used = time.process_time() - began
    shipper.close()
    store.close()
    return used


def _taken(settings: Settings, groups: Sequence[int], events: int) -> tuple[float, list[float]]:
    """Wait until the backlog is in the log: events a second, and seconds of CPU an event of each process group."""
    store = stores(settings)

    def rows() -> int:
        with suppress(StoreUnavailable):
            return store.records.logged()["events"]
        return 0

    deadline = time.monotonic() + PATIENCE
    first, began, before = 0, 0.0, [0.0] * len(groups)
    while (found := rows()) < events:
        if found and not first:
            first, began, before = found, time.monotonic(), [cpu_seconds(tree(pid)) for pid in groups]
        if time.monotonic() > deadline:
            raise RuntimeError(f"only {found:,} of {events:,} events were taken within {PATIENCE:.0f} s")
        time.sleep(LOOK)
    took, done = time.monotonic() - began, max(events - first, 1)
    store.close()
    used = [(cpu_seconds(tree(pid)) - since) / done for pid, since in zip(groups, before, strict=True)]
    return done / took, used
