"""How long a source has been silent, told by the stream's own time and only while it could have been heard.

A source that ships nothing holds the others up until it counts as silent. The time for that runs with the entries, by
the time that the server put into their ids, so that a reader that is late hears what one in time would have heard. A
stretch without any entry counts for little, because the stream was out of everybody's reach then; unless this
reader stood at the end of the stream and listened.
"""

from __future__ import annotations

STRETCH = 2.0
"""Seconds that the way from one entry to the next counts at most. Shippers send several a second."""
LISTENING = 5.0
"""Seconds that the way from one look to the next counts at most: a reader that stood still has not listened."""


class Attention:
    """A clock in seconds, from any beginning, that never goes back."""

    __slots__ = ("_base", "_idle", "_last")

    def __init__(self) -> None:
        self._base = self._idle = 0.0
        self._last: int | None = None

    @property
    def now(self) -> float:
        """Seconds in which a source could have been heard."""
        return self._base + self._idle

    def entry(self, identifier: bytes) -> None:
        """An entry was read; its id begins with the server's milliseconds."""
        milliseconds = int(identifier.split(b"-", 1)[0])
        passed = 0.0 if self._last is None else (milliseconds - self._last) / 1000
        self._base += max(self._idle, min(max(passed, 0.0), STRETCH))
        self._idle, self._last = 0.0, milliseconds

    def listened(self, seconds: float) -> None:
        """For so long nothing came, at the end of the stream."""
        self._idle += min(max(seconds, 0.0), LISTENING)
