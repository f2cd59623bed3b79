"""Evaluation and Flag: what the machine measured, and what it says."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from detectors.core.detector import Signal
    from service.model.entity import Entity
    from service.model.link import Link, Odometer


class Severity(enum.StrEnum):
    """How sure, in units of the alarm budget that the operator stated."""

    INFO = "info"
    """One group of signals. Nobody is asked to look."""
    LOW = "low"
    """Two groups or more, outside the alarm budget."""
    MEDIUM = "medium"
    """Within the budget: an analyst is asked to look."""
    HIGH = "high"
    """Within a tenth of the budget."""
    CRITICAL = "critical"
    """Within a hundredth of the budget."""

    @property
    def rank(self) -> int:
        """0 for info to 4 for critical."""
        return list(Severity).index(self)


@dataclass(frozen=True, slots=True)
class Rate:
    """A rate with its interval and the count behind it."""

    estimate: float
    low: float
    high: float
    """95 % Clopper-Pearson bounds."""
    n: int
    """Benign account-days counted."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One scoring of one entity. The same stream gives the same evaluations, live or replayed."""

    entity: Entity
    window: int
    """Start of the window, seconds since the epoch."""
    trigger: str
    """``close`` of the window, or ``n=40``: the query count reached."""
    at: int
    """Event time, microseconds since the epoch."""
    queries: int
    score: float
    """Combined score in [0, 1]."""
    p_value: float
    """Calibrated: share of benign account-days whose highest score is at least this."""
    severity: Severity | None
    """None where nothing is worth a flag."""
    groups: dict[str, float]
    """p-value of each group of signals."""
    signals: tuple[Signal, ...]
    against: dict[str, str]
    values: dict[str, float] = field(default_factory=dict)
    """Everything measured, evidence and context: what a baseline is learnt from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """The machine's word: evidence crossed a threshold. Immutable."""

    id: str
    """Derived from entity, rule, window and version: the same evidence gives the same id."""
    entity: Entity
    severity: Severity
    score: float
    flagged_at: int
    """Event time of the evaluation, microseconds since the epoch."""
    first_seen: int
    last_seen: int
    queries: int
    window: int
    reasons: tuple[Signal, ...]
    against: dict[str, str]
    false_positive_rate: Rate
    techniques: tuple[str, ...]
    """MITRE ATLAS ids."""
    versions: dict[str, str]
    """Of the baseline, the features, the rule and every detector."""
    events: tuple[str, ...] = ()
    """Ids of the latest events behind it, at most 20."""
    members: tuple[str, ...] = ()
    """Accounts that it is about beside its entity: those of a campaign; of what was handed on, giver and sender."""
    links: tuple[Link, ...] = ()
    """Why its members belong together; of scope campaign."""
    odometer: Odometer | None = None
    """What they have taken so far; of scope campaign."""
    joined: tuple[str, ...] = ()
    """Ids of campaigns that were flagged before they were seen to be this one; of scope campaign."""
