"""Start and end records into the log: when a request waits for them, and when it must not."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog

from service import metrics
from service.gateway.refusal import Refusal
from service.gateway.trouble import told
from service.gateway.waiting import within

if TYPE_CHECKING:
    from service.gateway.tally import Tally
    from service.model.query import End, Mark, Start
    from service.ports import EventSink
    from service.settings import Logging

log = structlog.get_logger()

PATIENCE = 5.0
"""Seconds that a request waits for the log in closed mode before it is refused."""


class Recorder:
    """Writes a gateway's records.

    In open mode a request waits for its start record at most ``settings.wait`` and is then forwarded, counted
    in ``revenuer_forwarded_before_durable_total``. In closed mode nothing is forwarded that is not logged.
    """

    def __init__(self, sink: EventSink, settings: Logging, tally: Tally) -> None:
        self._sink = sink
        self._tally = tally
        self._wait = settings.wait
        self._closed = settings.failure_mode == "closed"

    async def start(self, record: Start) -> None:
        """Queue a start record, and wait for it as far as the settings say.

        Raises
        ------
        Refusal
            503 in closed mode, where it could not be logged.

        """
        written = self.queue(record)
        answered = written is not None and await within(written, PATIENCE if self._closed else self._wait)
        if answered and _acknowledged(written):
            return
        if not self._closed:
            if not answered:
                self._tally.early += 1
            return
        raise Refusal(503, "log_unavailable", "This query cannot be logged now, so it is not served.", retry_after=5)

    def queue(self, record: Start | End | Mark) -> asyncio.Future[bool] | None:
        """Queue a record and go on. None where the sink itself failed, which is logged and counted."""
        try:
            future = asyncio.ensure_future(self._sink.append(record))
        except Exception as error:  # noqa: BLE001 - observation fails open
            metrics.FAIL_OPEN.labels("log").inc()
            log.error("log.append_failed", **told(error))  # noqa: TRY400 - a traceback shows prompts
            return None
        future.add_done_callback(_retrieve)
        return future


def _acknowledged(written: asyncio.Future[bool] | None) -> bool:
    return written is not None and not written.cancelled() and written.exception() is None and written.result()


def _retrieve(future: asyncio.Future[bool]) -> None:
    error = None if future.cancelled() else future.exception()
    if error is not None:
        metrics.FAIL_OPEN.labels("log").inc()
        log.error("log.append_failed", **told(error))
