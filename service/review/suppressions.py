"""Suppressions at work: which flags they hide, and what each would have hidden of those that are stored."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from service.ports import FlagFilter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from service.model.flag import Flag
    from service.model.suppression import Suppression
    from service.ports import Hits, Records, Register

PAGE = 500
EXAMPLES = 20


@dataclass(frozen=True, slots=True)
class Preview:
    """What a suppression would have hidden."""

    flags: int
    """Hidden, of those looked at."""
    looked_at: int
    """Stored flags of the entity within the period."""
    severities: Mapping[str, int]
    """Hidden ones by severity."""
    examples: tuple[str, ...]
    """Ids of the newest, at most 20."""


class Suppressions:
    """Suppressions over their register."""

    def __init__(self, register: Register[Suppression], hits: Hits, clock: Callable[[], int]) -> None:
        self._register = register
        self._hits = hits
        self._clock = clock

    def hiding(self, flag: Flag) -> Suppression | None:
        """The suppression in force that hides the flag; the newest where several do."""
        now = self._clock()
        return next((s for s in self._register.all() if s.holds(now) and s.matches(flag)), None)

    def hit(self, suppression: Suppression) -> None:
        """It has hidden one more flag."""
        self._hits.add(counter(suppression.id), self._clock())


def counter(suppression_id: str) -> str:
    """Name of a suppression's hit counter."""
    return f"suppression:{suppression_id}"


def preview(suppression: Suppression, records: Records, since: int) -> Preview:
    """What it would have hidden of the entity's stored flags from event time ``since`` on."""
    looked_at, hidden = 0, []
    for flag in _flags(suppression, records, since):
        looked_at += 1
        if suppression.matches(flag):
            hidden.append(flag)
    counts = Counter(str(flag.severity) for flag in hidden)
    return Preview(len(hidden), looked_at, dict(counts), tuple(flag.id for flag in hidden[:EXAMPLES]))


def _flags(suppression: Suppression, records: Records, since: int) -> Iterator[Flag]:
    where = FlagFilter(scope=suppression.entity.scope, entity=suppression.entity.value, since=since)
    after: str | None = None
    while True:
        page = records.flags(where, after, PAGE)
        yield from page.items
        if page.next is None:
            return
        after = page.next
