"""A bounded copy of an answer: all of it, or its head and its tail."""

from __future__ import annotations

from collections import deque


class Capture:
    """Keeps at most ``limit`` bytes of what passes: all while it fits, else the first and the last half.

    Pieces are kept as they came, so a piece costs one append; only the pieces at the seams are cut.
    """

    __slots__ = ("_head", "_limit", "_tail", "_tail_size", "size")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._head: list[bytes] = []
        self._tail: deque[bytes] | None = None
        self._tail_size = 0
        self.size = 0

    def add(self, piece: bytes) -> None:
        """Take the next piece."""
        self.size += len(piece)
        if self.size <= self._limit:
            self._head.append(piece)
        elif self._tail is None:
            self._split(piece)
        else:
            self._tail.append(piece)
            self._tail_size += len(piece)
            self._trim(self._tail)

    def result(self) -> tuple[bytes, bool]:
        """The copy, and whether it is the whole."""
        if self._tail is None:
            return b"".join(self._head), True
        room = self._limit - self._limit // 2
        return self._head[0] + b"".join(self._tail)[-room:], False

    def _split(self, piece: bytes) -> None:
        whole = b"".join(self._head) + piece[: self._limit]
        half = self._limit // 2
        rest = b"".join(self._head)[half:]
        self._head = [whole[:half]]
        self._tail = deque((rest, piece[-(self._limit - half) :]))
        self._tail_size = sum(map(len, self._tail))
        self._trim(self._tail)

    def _trim(self, tail: deque[bytes]) -> None:
        room = self._limit - self._limit // 2
        while self._tail_size - len(tail[0]) >= room:
            self._tail_size -= len(tail.popleft())
