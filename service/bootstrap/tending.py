"""Tending: what the control plane does again and again in a thread, out of the way of every request."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import structlog

from service.ports import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable

log = structlog.get_logger()


def keep(
    name: str, work: Callable[[], object], *, failed: str, pause: float, on_failure: Callable[[], object] = lambda: None
) -> None:
    """Do the work in a thread of that name, again after each pause, for as long as the process lives.

    Parameters
    ----------
    failed
        Event that is logged when the work fails: the first time of several in a row.
    pause
        Seconds.
    on_failure
        Called each time that it fails.

    """

    def run() -> None:
        told = False
        while True:
            try:
                work()
                told = False
            except Exception as error:  # noqa: BLE001 - whatever it is, the next look may find it mended
                on_failure()
                if not told:
                    log.warning(
                        failed, error=str(error) if isinstance(error, StoreUnavailable) else type(error).__name__
                    )
                told = True
            time.sleep(pause)

    threading.Thread(target=run, name=name, daemon=True).start()
