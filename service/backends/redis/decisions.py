"""Decisions on their way from the control plane to every gateway's host, and the shipper's side of it.

Redis carries a copy of the decisions file. What is in SQL is the word; what is in a gateway's file is in force. So a
Redis that is down or empty changes nothing for any caller, and the control plane fills it again.
"""

from __future__ import annotations

import os
import time
from hashlib import blake2b
from typing import TYPE_CHECKING

import structlog

from service.backends.decisions_file import encode, readable, write
from service.backends.redis import keys, scripts
from service.ports import StreamUnavailable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from service.backends.redis.client import Link
    from service.model.audit import Act
    from service.model.decision import Decision
    from service.model.proposal import Proposal
    from service.ports import Decisions

log = structlog.get_logger(__name__)

PATIENCE = 2.0
"""Seconds that a publisher waits for another."""
LOCK = 5_000
"""Milliseconds after which a publisher that was stopped no longer holds off the others."""


class SharedDecisions:
    """``ports.Decisions`` that publishes to every host, over a store that knows its own host only.

    Parameters
    ----------
    stored
        The store; it goes on writing its own snapshot.
    link
        From :func:`service.backends.redis.client.connect`.

    """

    def __init__(self, stored: Decisions, link: Link) -> None:
        self._stored = stored
        self._link = link

    def add(self, decision: Decision, act: Act, *, settles: Proposal | None = None) -> bool:
        """Store and publish it. See ``ports.Decisions``; raises StoreUnavailable, and repeating it is safe."""
        stored = self._stored.add(decision, act, settles=settles)
        if stored:
            self._publish()
        return stored

    def remove(self, decision_id: str, act: Act) -> bool:
        """Remove it and publish; False where there is none of that id. Raises StoreUnavailable."""
        removed = self._stored.remove(decision_id, act)
        self._publish()
        return removed

    def all(self) -> Sequence[Decision]:
        """Every decision."""
        return self._stored.all()

    def restore(self, found: Sequence[Decision], act: Act) -> None:
        """Store them all, publish once. Raises StoreUnavailable."""
        self._stored.restore(found, act)
        self._publish()

    def republish(self) -> None:
        """Publish what is stored. Raises StoreUnavailable."""
        self._stored.republish()
        self._publish()

    def tend(self) -> None:
        """Publish again what a wiped or restored Redis has not, or has otherwise. To be called every few seconds.

        Raises
        ------
        StoreUnavailable
            A store or the stream does not answer; gateways keep what they have.

        """
        if self._link.one("HGET", keys.DECISIONS, "v") != version(encode(self._stored.all())):
            self._publish()

    def _publish(self) -> None:
        """Under a lock taken before the decisions are read, so that whoever publishes last has read all."""
        token = os.urandom(16).hex()
        deadline = time.monotonic() + PATIENCE
        while not self._link.one("SET", keys.PUBLISHING, token, "NX", "PX", LOCK):
            if time.monotonic() > deadline:
                raise StreamUnavailable(
                    "another control plane is publishing decisions and does not finish; repeat the change"
                )
            time.sleep(0.02)
        document = encode(self._stored.all())
        call = scripts.call(scripts.PUBLISH, [keys.PUBLISHING, keys.DECISIONS], token, version(document), document)
        if self._link.one(*call) != 1:
            raise StreamUnavailable("the decisions took too long to be read and were not published; repeat the change")


class DecisionsFetcher:
    """Keeps a host's decisions file as the control plane published it."""

    def __init__(self, link: Link, path: Path) -> None:
        self._link = link
        self._path = path
        self._have: bytes | None = None
        self._refused: bytes | None = None

    def fetch(self) -> bool:
        """Write the file anew where another version was published; whether it was.

        Where none is published the file stays as it is. Raises StreamUnavailable; raises OSError where the
        file cannot be written.
        """
        published = self._link.one("HGET", keys.DECISIONS, "v")
        if published is None or published == self._version() or published == self._refused:
            return False
        document = self._link.one("HGET", keys.DECISIONS, "d")
        if document is None:
            return False
        if version(document) != published or not readable(document):
            # Of a newer version of this program, or changed by somebody else: never obeyed.
            self._refused = published
            log.error("decisions.unreadable", source=self._link.address, kept=str(self._path))
            return False
        write(self._path, document)
        self._have = published
        log.info("decisions.fetched", version=published.decode())
        return True

    def _version(self) -> bytes | None:
        """The version of what the file holds."""
        if self._have is None:
            try:
                self._have = version(self._path.read_bytes())
            except OSError:
                return None
        return self._have


def version(document: bytes) -> bytes:
    """A document's version: it says what it is, not which came first, so that to publish twice changes nothing."""
    return blake2b(document, digest_size=16).hexdigest().encode()
