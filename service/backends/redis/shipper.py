"""The shipper: from the spool of one host to the partitions' streams, and decisions the other way.

It keeps nothing of its own. Where it stands is in Redis, and where that was lost the partitions' owners say it from
SQL; what may be deleted is what they say is covered. So it may be killed at any moment, and so may Redis.
"""

from __future__ import annotations

import fcntl
import os
import time
from typing import TYPE_CHECKING

import structlog

from service import metrics
from service.backends.redis import keys
from service.backends.redis.backoff import Backoff
from service.backends.redis.carrier import Carrier
from service.backends.redis.decisions import DecisionsFetcher
from service.backends.redis.memory import fullest
from service.backends.redis.route import Route
from service.backends.redis.survey import Survey
from service.backends.spool import FINAL, SpoolError, SpoolTail
from service.backends.spool.announced import announce
from service.ports import StreamUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from service.backends.redis.client import Link
    from service.settings import Settings

log = structlog.get_logger(__name__)

POLL = 0.05
"""Seconds between looks at the spool."""
LOOK = 1.0
"""Seconds between looks at where the partitions stand."""
FETCH = 0.2
"""Seconds between looks at the decisions, so that one is obeyed within a second."""
PAUSE, GO_ON = 0.70, 0.65
"""Share of Redis' memory from which on nothing is shipped, and below which it is again. The rest is for everything
else that Redis holds and for what copies of itself it makes."""
YOUNG = 30.0
"""Seconds from a boot's beginning in which nothing can be known of it but what this shipper knows."""
LEAVE = 5.0
"""Seconds that a shipper which is told to stop may take to ship what is left."""


class Shipper:
    """Ships one spool folder. ``step`` is the whole of it.

    Parameters
    ----------
    link
        From :func:`service.backends.redis.client.connect`.
    settings
        ``spool``, ``log.retain`` and ``decisions_file`` are used.
    spool_key
        The installation's.

    Raises
    ------
    SpoolError
        Another shipper is at work on this folder.

    """

    def __init__(self, link: Link, settings: Settings, *, spool_key: bytes) -> None:
        self._lock = _claim(settings.spool)
        self._link = link
        self._folder = settings.spool
        self._spool = SpoolTail(settings.spool, spool_key, retain=settings.log.retain)
        self._backoff = Backoff()
        self._carrier = Carrier(link, self._spool, spool_key, backoff=self._backoff)
        self._decisions = DecisionsFetcher(link, settings.decisions_file)
        self._survey: Survey | None = None
        self._routes: dict[str, Route] = {}
        self._looked = self._fetched = float("-inf")
        self._known = time.monotonic()
        self._paused = False
        self._told = ""
        """The boot that was announced last."""
        self._trouble: str | None = None

    def step(self) -> float:
        """Do what is due; seconds until it should be called again.

        Whatever the stream and its servers do, it does not raise.

        Raises
        ------
        SpoolError
            The segments were sealed under another key.

        """
        now = time.monotonic()
        if now - self._fetched >= FETCH:
            self._fetched = now
            self._fetch(now)
        boots = self._spool.boots()
        new = self._survey is not None and any(boot not in self._routes for boot in boots)
        if now - self._looked >= (FETCH if new else LOOK):
            self._looked = now
            self._look(boots, now)
        more = False
        if boots and not self._paused and all(boot in self._routes for boot in boots):
            more = self._carrier.carry([self._routes[boot] for boot in boots], now)
            self._announced(self._routes[boots[-1]])
        self._tell()
        return 0.0 if more else POLL

    def run(self, stop: Callable[[], bool]) -> None:
        """Step until ``stop``, then ship what is left and close."""
        try:
            while not stop():
                time.sleep(self.step())
            deadline = time.monotonic() + LEAVE
            while self.step() == 0.0 and time.monotonic() < deadline:
                pass
        finally:
            self.close()

    def trouble(self) -> str | None:
        """None while the stream takes everything, else what is wrong and what to do: for health and the log."""
        if self._trouble is not None:
            return self._trouble
        return str(self._carrier.trouble) if self._carrier.trouble is not None else None

    def close(self) -> None:
        """Give the folder free. More than once is harmless."""
        self._spool.close()
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    # Every second

    def _look(self, boots: Sequence[str], now: float) -> None:
        try:
            self._meet()
            if self._survey is None:
                return
            for gone in self._routes.keys() - set(boots):
                if self._routes[gone].covered >= FINAL:
                    self._survey.retire(gone)
                del self._routes[gone]
            for boot in boots:
                if boot not in self._routes:
                    self._routes[boot] = Route(boot, self._survey.partitions, fresh=_age(boot) < YOUNG)
            self._survey.look(list(self._routes.values()), self._spool.first, now)
            self._pause()
        except StreamUnavailable as error:
            self._say(str(error))
            return
        self._spool.release({route.source: route.releasable() for route in self._routes.values()})
        metrics.UNCOVERED.set(sum(route.uncovered for route in self._routes.values()))

    def _announced(self, newest: Route) -> None:
        """Let the newest boot's gateway know that every partition knows of it."""
        if newest.source != self._told and all(newest.announced):
            try:
                announce(self._folder, newest.source)
                self._told = newest.source
            except OSError as error:
                log.warning("boot.not_announced", source=newest.source, error=error.strerror)

    def _meet(self) -> None:
        """Follow the number of partitions, which is not known before a worker has said it."""
        (published,) = self._link.run([("GET", keys.PARTITIONS)])
        if isinstance(published, StreamUnavailable):
            if self._survey is None:
                raise published
        elif published is None:
            if self._survey is None:
                self._say(
                    f"no worker has begun on the stream at {self._link.address} yet, so that the number of partitions "
                    "is not known; start one"
                )
        elif self._survey is None or self._survey.partitions != int(published):
            # Callers were shared out anew: what was known of the partitions before is of others.
            self._survey, self._routes = Survey(self._link, int(published)), {}
            log.info("shipper.partitions", number=int(published))

    def _pause(self) -> None:
        """Leave Redis the memory that it needs: workers go on taking the stream in, and so make room."""
        share = fullest(self._link)
        if share > PAUSE and not self._paused:
            log.warning("shipper.pauses", memory=round(share, 2), limit=PAUSE)
        self._paused = share > (GO_ON if self._paused else PAUSE)
        self._say(
            f"the stream at {self._link.address} has {share:.0%} of its memory in use, so nothing is shipped; "
            "raise maxmemory, or see why no worker takes the stream in"
            if self._paused
            else None
        )

    def _fetch(self, now: float) -> None:
        try:
            self._decisions.fetch()
            self._known = now
        except StreamUnavailable:
            # Said by the look; what the file holds stays in force.
            pass
        except OSError as error:
            log.warning("decisions.not_written", error=error.strerror)
        metrics.DECISIONS_AGE.set(now - self._known)

    def _say(self, trouble: str | None) -> None:
        if trouble and trouble != self._trouble:
            log.warning("shipper.waits", reason=trouble)
        self._trouble = trouble

    def _tell(self) -> None:
        if not self._backoff.failing and self._carrier.trouble is not None:
            self._carrier.trouble = None
            log.info("shipper.goes_on")
        metrics.SHIPPER_PAUSED.set(int(self.trouble() is not None))
        oldest = min((route.oldest for route in self._routes.values() if route.oldest), default=0)
        metrics.UNSHIPPED.set(max(time.time() - oldest / 1e6, 0.0) if oldest else 0.0)


def _age(boot: str) -> float:
    """Seconds since the time that is a boot's name."""
    return (time.time_ns() - int(boot)) / 1e9


def _claim(spool: Path) -> int:
    """Lock of the only shipper of a spool; the descriptor holds it, and its process' end lets it go."""
    spool.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(spool / "shipper.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise SpoolError(f"{spool}: another shipper is at work on this spool; one is enough, stop the other") from None
    return descriptor
