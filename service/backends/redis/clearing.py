"""Clearing: what the stream holds of partitions that were replaced by others of the same numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.backends.redis import keys
from service.ports import StreamUnavailable

if TYPE_CHECKING:
    from service.backends.redis.client import Link

OF_A_PARTITION = (keys.stream, keys.shipped, keys.when, keys.asked, keys.covered, keys.aside, keys.lease)


def clear(link: Link, partitions: int) -> None:
    """Take away what so many partitions, or as many as were published, have in the stream, and their number.

    Shippers begin from what SQL says then.

    Nothing is lost: what no checkpoint covers is in the spools. Decisions and the list of workers stay. A second time
    it changes nothing.

    Raises
    ------
    StreamUnavailable
        Some of it may be there still; call it again.

    """
    published = int(link.one("GET", keys.PARTITIONS) or 0)
    commands = [("DEL", name(number)) for number in range(max(partitions, published)) for name in OF_A_PARTITION]
    # Their number last, so that whoever calls again clears as many.
    for answer in [*link.run(commands), *link.run([("DEL", keys.PARTITIONS)])]:
        if isinstance(answer, StreamUnavailable):
            raise answer
