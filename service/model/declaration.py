"""Declaration: a job that its owner announced, so that an analyst need not ask."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from service.model.flag import Severity


class Job(enum.StrEnum):
    """What is announced."""

    EVALUATION = "evaluation"
    SYNTHETIC_DATA = "synthetic-data"
    BATCH = "batch"
    RESEARCH = "research"


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """What an account will do, until when and how much of it."""

    account: str
    job: Job
    since: int
    """Microseconds since the epoch, as ``until``; compared with event time."""
    until: int
    budget: int
    """Queries that the job may take."""
    before: int = 0
    """Queries of the account before it."""
    owner: str = ""
    """Who answers for it."""
    reason: str = ""
    removed: int | None = None
    """When it was taken back."""
    version: int = 1

    @property
    def id(self) -> str:
        """An account has one declaration, its latest."""
        return self.account

    @property
    def created(self) -> int:
        """When it was declared."""
        return self.since

    def covers(self, at: int, queries: int) -> bool:
        """Whether an account of that many queries is within it at event time ``at``."""
        return self.removed is None and self.since <= at <= self.until and queries - self.before <= self.budget

    def eased(self, severity: str) -> str:
        """The severity of what it covers: for the listing, not for an analyst."""
        return min(Severity(severity), Severity.LOW, key=lambda held: held.rank)

    def words(self, queries: int) -> str:
        """For the reviewer."""
        return f"a declared job ({self.job}): {max(queries - self.before, 0):,} of {self.budget:,} queries taken"
