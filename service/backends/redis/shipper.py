"""The shipper: from the spool of one host to the partitions' streams, and decisions the other way."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from service.backends.redis.client import Link
    from service.settings import Settings


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
        raise NotImplementedError

    def step(self) -> float:
        """Do what is due; seconds until it should be called again. Never raises for the stream or its servers."""
        raise NotImplementedError

    def run(self, stop: Callable[[], bool]) -> None:
        """Step until ``stop``, then ship what is left and close."""
        raise NotImplementedError

    def trouble(self) -> str | None:
        """None while the stream takes everything, else what is wrong and what to do: for health and the log."""
        raise NotImplementedError

    def close(self) -> None:
        """Give the folder free."""
        raise NotImplementedError
