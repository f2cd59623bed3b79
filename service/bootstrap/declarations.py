"""Declared jobs as scoring and the pages see them: the register, read again now and then."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import structlog

from service.ports import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from service.model.declaration import Declaration
    from service.ports import Register

log = structlog.get_logger()

FRESH = 2.0
"""Seconds for which what was read holds."""


class Declarations:
    """The declarations of an installation that were not taken back.

    Parameters
    ----------
    register
        Where they are kept.
    clock
        Seconds, monotonic.

    """

    def __init__(self, register: Register[Declaration], clock: Callable[[], float] = time.monotonic) -> None:
        self._register = register
        self._clock = clock
        self._lock = threading.Lock()
        self._read: float | None = None
        self._held: Mapping[str, Declaration] = {}

    def all(self) -> Mapping[str, Declaration]:
        """Account -> its declaration. A store that cannot answer leaves the last ones in force, and is told."""
        with self._lock:
            now = self._clock()
            if self._read is None or now - self._read >= FRESH:
                self._read = now
                try:
                    every = self._register.all()
                except StoreUnavailable as error:
                    log.warning("declarations.unreadable", error=str(error))
                else:
                    self._held = {made.account: made for made in every if made.removed is None}
            return self._held

    def of(self, account: str) -> Declaration | None:
        """The account's declaration."""
        return self.all().get(account)
