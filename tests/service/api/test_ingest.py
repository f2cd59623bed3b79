"""How far the log has come, by the API and on the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.api.documents import ingest_document
from service.backends.spool import SpoolWriter
from service.bootstrap.ingest import ingest
from service.bootstrap.stores import secrets, stores
from service.bootstrap.worker import Workers
from service.model.query import Gap
from tests.service.pipeline.factories import T0, a_start, an_end

if TYPE_CHECKING:
    from tests.service.api.conftest import Plane


async def test_the_one_partition_of_one_host(plane: Plane) -> None:
    """Before a worker there is a lag and no owner; after it an owner, an epoch, and nothing that waits."""
    writer = SpoolWriter.open(plane.settings.spool, secrets(plane.settings).spool_key)
    start = a_start()
    for record in (start, an_end(start), Gap(T0, T0, 2, 1)):
        assert await writer.append(record)
    try:
        async with plane.client("viewer") as client:
            before = (await client.get("/api/v1/ingest")).json()
            workers = Workers(plane.settings.model_copy(update={"scoring": _off(plane)}))
            workers().step()
            after = (await client.get("/api/v1/ingest")).json()
    finally:
        await writer.close()
    (waiting,), (taken,) = before["partitions"], after["partitions"]
    assert (waiting["bytes"] > 0, waiting["lag_seconds"] > 0) == (True, True)
    assert (taken["owner"], taken["bytes"], taken["lag_seconds"]) == (workers.name, 0, 0.0)
    assert taken["epoch"] == waiting["epoch"] + 1
    assert (after["not_logged"], after["gaps"]) == (3, 1)


def _off(plane: Plane) -> object:
    return plane.settings.scoring.model_copy(update={"enabled": False})


async def test_what_the_database_knows_while_the_stream_is_down(plane: Plane) -> None:
    """Owners and epochs, no figures of what waits, and the word that the stream is down."""
    gone = plane.settings.model_copy(update={"stream": "redis://:secret@127.0.0.1:1/0"})
    held = stores(gone)
    held.checkpoint_of(1).claim("worker-1")
    document = ingest_document(ingest(gone, held).partitions(), held.records.counts())
    held.close()
    assert document["stream"] == "down"
    waiting = {"entries": None, "lag_seconds": None, "bytes": None}
    assert document["partitions"][-1] == {"number": 1, "owner": "worker-1", "epoch": 1, **waiting}
