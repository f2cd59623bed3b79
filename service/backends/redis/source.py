"""The worker's source: an ``EventSource`` over one partition of the stream."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from service.backends.redis.client import Link
    from service.ports import Lag, Sourced


class StreamSource:
    """Reads one partition. Not for use from several threads at once.

    ``read`` raises ``StreamNewer`` (a ``StreamUnavailable``, in ports) where the next entry was written by a newer
    revenuer: give the partition back.

    Parameters
    ----------
    link
        From :func:`service.backends.redis.client.connect`; all partitions of a process share it.
    partition
        Its number.
    spool_key
        The installation's, under which shippers seal.
    owner
        True for the source that the states are made from, whose positions are the checkpoint's: it tells the
        shippers what is covered. False for the one that the log runs ahead by.

    """

    def __init__(self, link: Link, partition: int, spool_key: bytes, *, owner: bool = True) -> None:
        raise NotImplementedError

    def read(self, after: Mapping[str, int], limit: int) -> Sequence[Sourced]:
        """At most ``limit`` items beyond the positions; ``Mark`` records end the ranges. Raises StreamUnavailable."""
        raise NotImplementedError

    def release(self, covered: Mapping[str, int]) -> None:
        """Publish what is covered and trim the stream; a stream that does not answer is tried again later."""
        raise NotImplementedError

    def lag(self, after: Mapping[str, int]) -> Lag:
        """What is known from the last read; asks nothing of the network."""
        raise NotImplementedError

    def damage(self) -> Sequence[tuple[str, int]]:
        """Sources whose entries were set aside, with their bytes, since the last call."""
        raise NotImplementedError
