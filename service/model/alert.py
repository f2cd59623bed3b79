"""Alert: the reviewer's work item, the flags of one entity or campaign with a status; and Verdict, how it ended."""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from service.model.entity import Entity
    from service.model.flag import Severity


class Status(enum.StrEnum):
    """Where an alert stands."""

    NEW = "new"
    """Nobody has looked at it yet."""
    IN_REVIEW = "in_review"
    """Somebody has claimed it."""
    WAITING = "waiting"
    """For an answer from outside: the customer, another team."""
    CLOSED = "closed"
    """Done, with a verdict."""


class Verdict(enum.StrEnum):
    """What an alert turned out to be."""

    TRUE_POSITIVE = "true_positive"
    """The entity distils the model."""
    FALSE_POSITIVE = "false_positive"
    """The evidence was wrong or misread."""
    BENIGN = "benign"
    """The evidence was right and its cause is allowed."""
    INSUFFICIENT_DATA = "insufficient_data"
    DUPLICATE = "duplicate"
    TEST = "test"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One entity's flags as a piece of work. There is one alert an entity; it closes and opens again."""

    id: str
    entity: Entity
    status: Status
    severity: Severity
    """Highest of its flags since it was opened last."""
    opened: int
    """Event time of the flag that opened it last, microseconds since the epoch."""
    updated: int
    """Event time of its newest flag."""
    flags: int
    """Flags since it was opened last."""
    queries: int
    """Of the entity, at its newest flag."""
    models: tuple[str, ...] = ()
    """Models that its flags' events were sent to, in order of their names."""
    members: int = 1
    """Accounts behind the entity: above 1 for a campaign."""
    assignee: str = ""
    """Who has claimed it, empty where nobody has."""
    lease_until: int | None = None
    """Wall-clock time at which the claim ends by itself, microseconds since the epoch."""
    verdict: Verdict | None = None
    """Of the last closing; kept when it opens again, so that it is seen that it was closed before."""
    closed: int | None = None
    """Wall-clock time of the last closing."""
    closed_queries: int = 0
    """Queries, members and models that the last closing had before it, to be compared with what comes."""
    closed_members: int = 0
    closed_models: tuple[str, ...] = ()
    reopened: str = ""
    """Why it was opened again, in words; empty where it was opened once."""
    version: int = 0
    """Raised by every change: who changes an alert says which version was seen."""

    @property
    def priority(self) -> float:
        """What the queue is ordered by: severity times expected harm.

        Harm is what the entity has asked so far and by how many accounts, on a logarithmic scale: a
        surrogate gains from the tenth thousand answers less than from the first.
        """
        return (self.severity.rank + 1) * math.log2(2 + self.queries) * (1 + math.log2(self.members))


@dataclass(frozen=True, slots=True)
class Note:
    """What somebody wrote beside an alert, or what was done to it."""

    id: str
    alert: str
    at: int
    """Wall-clock time, microseconds since the epoch."""
    by: str
    kind: str
    """``note`` for somebody's words, else what was done, as in ``alert.closed``."""
    text: str
