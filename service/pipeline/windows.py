"""Windows: the moments at which an entity is evaluated, from its own rows and the stream's time alone."""

from __future__ import annotations

from dataclasses import dataclass

FIRST = 20
"""Queries at the first evaluation; each next one is at twice as many."""


@dataclass(frozen=True, slots=True)
class Moment:
    """When an entity is evaluated, and why then."""

    window: int
    """Start of the window it belongs to, seconds since the epoch."""
    trigger: str
    """``close``, or ``n=40``."""
    at: int
    """Event time, microseconds since the epoch."""


@dataclass(frozen=True, slots=True)
class Windows:
    """Tumbling windows of event time, each closed ``lateness`` after its end."""

    length: int
    """Seconds."""
    lateness: int
    """Microseconds."""

    def of(self, at: int) -> int:
        """Start of the window that ``at`` lies in."""
        return at // 1_000_000 // self.length * self.length

    def closes(self, window: int) -> int:
        """When the window is closed, microseconds since the epoch."""
        return (window + self.length) * 1_000_000 + self.lateness

    def moments(
        self, done: list[int], *, window: int, last_seen: int, queries: int, now: int
    ) -> tuple[list[tuple[int, Moment]], int]:
        """The entity's moments within a batch, in order, and its open window afterwards.

        Parameters
        ----------
        done
            Completion times of its rows, in order.
        window, last_seen, queries
            Its open window (-1: none), last completion and count before the batch.
        now
            The stream's time after the batch.

        Returns
        -------
        moments
            Each with the number of rows to fold before it.
        window
            Start of the window still open, -1 for none.

        """
        found: list[tuple[int, Moment]] = []
        latest = self.of(last_seen) if last_seen else -1
        for i, at in enumerate(done):
            window = self._close(found, i, window, latest, at)
            latest = self.of(at)
            window = latest if window < 0 else window
            queries += 1
            if _doubled(queries):
                found.append((i + 1, Moment(latest, f"n={queries}", at)))
        return found, self._close(found, len(done), window, latest, now)

    def _close(self, found: list[tuple[int, Moment]], rows: int, window: int, latest: int, now: int) -> int:
        while window >= 0 and self.closes(window) < now:
            found.append((rows, Moment(window, "close", self.closes(window))))
            window = latest if latest > window else -1
        return window


def _doubled(queries: int) -> bool:
    times, rest = divmod(queries, FIRST)
    return rest == 0 and times.bit_count() == 1
