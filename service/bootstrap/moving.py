"""Moving an installation: into another database, or to another number of partitions."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from service.backends.spool.folder import in_use
from service.backends.sql import schema
from service.backends.sql.copying import OWNER, copy
from service.backends.sql.dialect import connect
from service.backends.sql.repartition import repartition
from service.bootstrap.stores import url_of
from service.pipeline import admission, sightings
from service.pipeline.campaigns import memory
from service.settings import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from service.settings import Settings

COMBINE: dict[str, Callable[[Sequence[bytes]], bytes]] = {
    "admission": admission.merged,
    "coordination": memory.merged,
    "sightings": sightings.merged,
    "time": max,
}
"""How blobs of several partitions become one; the stream's time is big-endian, so the larger bytes are the later."""


def move(settings: Settings, target: str, number: int, on_rows: Callable[[str, int, int], None]) -> int:
    """Copy the installation's database to the URL and part that; rows copied.

    Raises
    ------
    SettingsError
        The installation runs, or the URL is the same.
    StoreUnavailable
        One of the databases refuses; the source is as it was.

    """
    own, other = url_of(settings), url_of(settings.model_copy(update={"database": target}))
    _refuse_running(settings)
    if own == other:
        raise SettingsError("--to is the installation's own database: name an empty one")
    schema.upgrade(own)
    schema.upgrade(other)
    source, into = connect(own, patient=True), connect(other, patient=True)
    try:
        rows = copy(source, into, on_rows)
        repartition(into, number, COMBINE, owner=OWNER)
        return rows
    finally:
        source.dispose()
        into.dispose()


def part(settings: Settings, number: int) -> int:
    """Bring the database to so many partitions, and clear a shared stream of those before; how many it had.

    Raises as :func:`move`. A stream that does not answer is found out before anything is changed; given again,
    the command does what was left undone.
    """
    _refuse_running(settings)
    engine = connect(url_of(settings), patient=True)
    try:
        with _stream(settings) as clear:
            before = repartition(engine, number, COMBINE)
            clear(max(before, number))
        return before
    finally:
        engine.dispose()


@contextmanager
def _stream(settings: Settings) -> Iterator[Callable[[int], None]]:
    """What clears the shared stream of so many partitions; nothing to do on one host. Raises StreamUnavailable."""
    if not settings.shared_stream:
        yield lambda _: None
        return
    # Here, because an installation on one host needs no Redis.
    from service.backends.redis import keys  # noqa: PLC0415
    from service.backends.redis.clearing import clear  # noqa: PLC0415
    from service.backends.redis.client import connect as reach  # noqa: PLC0415

    link = reach(settings.stream)
    try:
        link.one("GET", keys.PARTITIONS)
        yield lambda number: clear(link, number)
    finally:
        link.close()


def _refuse_running(settings: Settings) -> None:
    if settings.database == "" and not (settings.data / "revenuer.db").exists():
        raise SettingsError(f"no installation in {settings.data}: name its folder with --data")
    if settings.spool.exists() and in_use(settings.spool):
        raise SettingsError(f"the gateway on {settings.data} runs: stop it first, and every worker")
