"""The installation's own baseline: learnt in one place, the same for every worker."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import structlog

from service.ports import StoreUnavailable

if TYPE_CHECKING:
    from pathlib import Path

    from service.backends.sql.baselines import SqlBaselines
    from service.settings import Settings

log = structlog.get_logger()

LOOK = 30.0
"""Seconds between looks into the database."""
NAME = "own"


class OwnBaseline:
    """Keeps this host's file of it as the database has it."""

    def __init__(self, settings: Settings, stored: SqlBaselines) -> None:
        self._file = settings.own_baseline
        self._wanted = settings.scoring.learn
        self._stored = stored
        self._version = ""
        """What the file was written from, as far as this process knows."""
        self._looked = float("-inf")

    def changed(self) -> int:
        """A number that changes with the baseline; 0 where there is none."""
        if self._wanted and time.monotonic() - self._looked >= LOOK:
            self._looked = time.monotonic()
            self._fetch()
        try:
            return self._file.stat().st_mtime_ns
        except OSError:
            return 0

    def _fetch(self) -> None:
        try:
            if self._stored.version(NAME) in ("", self._version):
                return
            learnt = self._stored.newest(NAME)
            if learnt is None:
                return
            if not self._file.exists() or self._file.read_bytes() != learnt.body:
                _write(self._file, learnt.body)
                log.info("baseline.fetched", version=learnt.version, file=str(self._file))
            self._version = learnt.version
        except Exception as error:  # noqa: BLE001 - the one in force stays so, and the next look may find it
            said = str(error) if isinstance(error, StoreUnavailable | OSError) else type(error).__name__
            log.warning("baseline.not_fetched", error=said)


def _write(path: Path, body: bytes) -> None:
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        aside.write_bytes(body)
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)
