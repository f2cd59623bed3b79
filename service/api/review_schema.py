"""The documents about evidence, suppressions, declared jobs, views, appeals and precision, declared."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from service.api.schema import VALUE_LENGTH, EntityOut, Time, _Out
from service.model.appeal import AppealState
from service.model.declaration import Job
from service.model.entity import Scope
from service.model.flag import Severity
from service.review.highest import Vouching


class EvidenceIn(_Out):
    """What is to go into a flag's archive of evidence, and why it is handed out."""

    content: Literal["none", "redacted", "full"] | None = Field(
        default=None, description="what of the texts goes in, at most what the log keeps, which is also the default"
    )
    reason: str = Field(min_length=1, max_length=500, description="goes into the audit log")


class SuppressionIn(_Out):
    """Flags of one entity that nobody is to be asked about."""

    scope: Scope
    value: str = Field(min_length=1, max_length=VALUE_LENGTH)
    owner: str = Field(min_length=1, max_length=128, description="who answers for it")
    reason: str = Field(min_length=1, max_length=1000)
    until: str | float = Field(description="RFC 3339 with offset, or seconds since the epoch; at most a year ahead")
    severity: Severity = Field(default=Severity.HIGH, description="the highest that it hides")
    signal: str = Field(default="", max_length=64, description="only flags whose every reason is of this detector")


class SuppressionOut(_Out):
    """A suppression and how often it hid a flag."""

    id: str
    entity: EntityOut
    owner: str
    reason: str
    created: Time
    until: Time
    severity: Severity
    signal: str
    lifted: Time | None
    state: Literal["in force", "over", "lifted"]
    hits: int
    last_hit: Time | None


class SuppressionList(_Out):
    """Every suppression, newest first."""

    items: list[SuppressionOut]


class PreviewOut(_Out):
    """What a suppression would have hidden of the flags of the last 30 days."""

    flags: int
    looked_at: int = Field(description="flags of the entity in that time")
    severities: dict[str, int]
    examples: list[str] = Field(description="ids of the newest, at most 20")


class DeclarationIn(_Out):
    """A job that an account's owner announced."""

    account: str = Field(min_length=1, max_length=VALUE_LENGTH)
    job: Job
    owner: str = Field(min_length=1, max_length=128, description="who answers for it")
    reason: str = Field(min_length=1, max_length=1000)
    until: str | float = Field(description="RFC 3339 with offset, or seconds since the epoch; at most a year ahead")
    budget: int = Field(ge=1, le=10**12, description="queries that it may take")


class DeclarationOut(_Out):
    """A declared job and how often it eased a flag."""

    account: str
    job: Job
    owner: str
    reason: str
    since: Time
    until: Time
    budget: int
    state: Literal["in force", "over", "withdrawn"]
    hits: int = Field(description="flags of the account that stayed low because of a declared job")
    last_hit: Time | None


class DeclarationList(_Out):
    """Every declared job, newest first."""

    items: list[DeclarationOut]


class ViewIn(_Out):
    """A name for what the queue is asked."""

    name: str = Field(pattern=r"^[^\x00-\x1f/?#]{1,64}$")
    query: str = Field(
        min_length=1, max_length=2000, description="status, severity, scope, assignee and entity, as in an address"
    )


class ViewOut(_Out):
    """A saved view."""

    name: str
    query: str
    owner: str
    created: Time


class ViewList(_Out):
    """Every saved view, by name."""

    items: list[ViewOut]


class AppealIn(_Out):
    """A customer's word against a decision, filed for them."""

    decision: str = Field(min_length=1, max_length=128, description="id of the decision")
    statement: str = Field(min_length=1, max_length=8000)


class AppealDecide(_Out):
    """The second reviewer's word. `granted` takes the decision back at once."""

    outcome: Literal["granted", "denied"]
    answer: str = Field(min_length=1, max_length=8000, description="what the customer is told")


class AppealOut(_Out):
    """An appeal."""

    id: str
    entity: EntityOut
    decision: str
    statement: str
    filed_by: str
    created: Time
    state: AppealState
    decided_by: str | None
    decided: Time | None
    answer: str


class AppealList(_Out):
    """Every appeal, newest first."""

    items: list[AppealOut]


class PrecisionOut(_Out):
    """How often reviewers found a detector right."""

    detector: str = Field(description="`all` for every alert")
    precision: float | None = Field(description="null where no verdict says anything")
    low: float = Field(description="95 % Clopper-Pearson")
    high: float
    n: int = Field(description="alerts judged true positive, false positive or benign")
    verdicts: dict[str, int]


class PrecisionList(_Out):
    """Precision over all alerts, then of each detector."""

    items: list[PrecisionOut]
    alerts: int = Field(description="closed alerts looked at, the newest 2,000 at most")


class AccountDayOut(_Out):
    """An account's highest moment of its highest day, of those that were learnt from."""

    account: str
    at: Time = Field(description="event time")
    queries: int = Field(description="of the account, until then")
    score: float = Field(description="combined score in [0, 1], under the baseline that was learnt")
    standing: Vouching = Field(
        description="`vouched`: allowed, so learnt from; `left_out`: another decision is about it, so not learnt from "
        "next time; `open`: nothing is decided"
    )


class HighestOut(_Out):
    """What sets the threshold of the baseline that was learnt: its highest accounts, each by its highest day."""

    version: str | None = Field(description="of that baseline; null where nothing was learnt yet")
    learnt: Time | None
    items: list[AccountDayOut] = Field(description="at most 100")
