from __future__ import annotations

import os
from pathlib import Path

from service.backends.spool import SpoolWriter
from service.bootstrap.stores import secrets, upgrade
from service.bootstrap.worker import Workers
from service.settings import Settings
from tests.service.pipeline.factories import a_start, an_end

OPEN = Path("/dev/fd")


async def test_workers_made_one_after_the_other_keep_no_files_open(tmp_path: Path) -> None:
    """A store that is gone for hours makes a new worker every few seconds; the files of the old ones are closed."""
    settings = Settings.model_validate({"data": tmp_path, "scoring": {"enabled": False}})
    upgrade(settings)
    writer = SpoolWriter.open(settings.spool, secrets(settings).spool_key)
    try:
        start = a_start()
        for record in (start, an_end(start)):
            assert await writer.append(record)
        workers = Workers(settings)
        workers().step()
        before = len(os.listdir(OPEN))  # noqa: PTH208 - names alone
        for _ in range(20):
            workers().step()
        assert len(os.listdir(OPEN)) <= before + 1  # noqa: PTH208
    finally:
        await writer.close()
