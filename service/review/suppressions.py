"""Suppressions and declared jobs at work: what they hide, and what each would have hidden of stored flags."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from service.model.entity import Entity, Scope
from service.model.flag import Severity
from service.ports import FlagFilter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from service.model.declaration import Declaration
    from service.model.flag import Flag
    from service.model.suppression import Suppression
    from service.ports import Hits, Records, Register

PAGE = 500
EXAMPLES = 20
EVALUATIONS = 500
"""Scorings of an account that are looked at for where a job would have begun."""
EASED = Severity.LOW
"""The highest severity of what a declared job covers."""


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

    def eased(self, flag: Flag) -> None:
        """A declared job has eased one more flag."""
        self._hits.add(job_counter(flag.entity.value), self._clock())


def counter(suppression_id: str) -> str:
    """Name of a suppression's hit counter."""
    return f"suppression:{suppression_id}"


def job_counter(account: str) -> str:
    """Name of the counter of flags that an account's declared job eased."""
    return f"declared:{account}"


def preview(suppression: Suppression, records: Records, since: int) -> Preview:
    """What it would have hidden of the entity's stored flags from event time ``since`` on."""
    flags = list(_flags(suppression.entity, records, since))
    return _found(flags, [flag for flag in flags if suppression.matches(flag)])


def job_preview(made: Declaration, records: Records, since: int) -> Preview:
    """What the job would have eased of the account's stored flags, had it begun at event time ``since``.

    Its budget is counted from the account's first scoring in that time, before which nothing of it is known.
    """
    entity = Entity(Scope.ACCOUNT, made.account)
    flags = list(_flags(entity, records, since))
    scored = [one.queries for one in records.evaluations(entity, EVALUATIONS) if one.at >= since]
    began = min((*scored, *(flag.queries for flag in flags)), default=0)
    asked = [flag for flag in flags if flag.severity.rank > EASED.rank]
    return _found(flags, [flag for flag in asked if flag.queries - began <= made.budget])


def _found(flags: Sequence[Flag], hidden: Sequence[Flag]) -> Preview:
    counts = Counter(str(flag.severity) for flag in hidden)
    return Preview(len(hidden), len(flags), dict(counts), tuple(flag.id for flag in hidden[:EXAMPLES]))


def _flags(entity: Entity, records: Records, since: int) -> Iterator[Flag]:
    where = FlagFilter(scope=entity.scope, entity=entity.value, since=since)
    after: str | None = None
    while True:
        page = records.flags(where, after, PAGE)
        yield from page.items
        if page.next is None:
            return
        after = page.next
