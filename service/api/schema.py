"""The documents of the API, declared: what ``documents`` writes and what a request may hold."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from service.model.alert import Status, Verdict
from service.model.decision import Guarded, Kind, Origin
from service.model.entity import Scope
from service.model.flag import Severity
from service.model.link import LinkKind
from service.model.proposal import ProposalState

VALUE_LENGTH = 512
"""Longest id of an entity that the API takes, in characters."""

# Text, so that it stays as ``documents`` wrote it; a datetime would be written anew, and otherwise.
Time = Annotated[str, Field(json_schema_extra={"format": "date-time"})]


class _Out(BaseModel):
    model_config = ConfigDict(extra="forbid")


class EntityOut(_Out):
    """Whom it is about."""

    scope: Scope
    value: str


class BaselineOut(_Out):
    """What is benign for a signal."""

    median: float | None
    p99: float | None = Field(description="99th percentile; the 1st where low values are suspicious")
    n: int = Field(description="benign evaluations behind the p-value")


class ReasonOut(_Out):
    """One measured quantity, beside what is benign for it."""

    signal: str
    value: float | None
    unit: str
    baseline: BaselineOut
    p_value: float | None = Field(description="share of benign entities at least this extreme")
    text: str


class AgainstOut(_Out):
    """One thing that speaks against."""

    name: str
    text: str


class RateOut(_Out):
    """Share of benign account-days with a score at least this high, with its 95 % Clopper-Pearson interval."""

    estimate: float | None
    low: float | None
    high: float | None
    n: int = Field(description="benign account-days counted")


class LinkOut(_Out):
    """Why accounts belong together, and how often honest accounts share as much."""

    kind: LinkKind
    accounts: list[str] = Field(description="all that it ties, by name")
    strength: float | None = Field(description="one minus `benign`; 1 where the link is certain")
    benign: float | None = Field(description="share of what honest accounts share that is as much like a campaign")
    n: int = Field(description="honest cases counted")
    evidence: str


class OdometerOut(_Out):
    """What a campaign has taken so far."""

    queries: int
    output_tokens: int
    topics: float | None = Field(description="share of the codebook's topics asked about")


class FlagOut(_Out):
    """Evidence about an entity crossed a threshold. Immutable."""

    id: str
    entity: EntityOut
    severity: Severity
    score: float | None = Field(description="combined score in [0, 1]")
    flagged_at: Time
    first_seen: Time
    last_seen: Time
    queries: int
    window: Time = Field(description="start of the window that was scored")
    reasons: list[ReasonOut]
    against: list[AgainstOut]
    false_positive_rate: RateOut
    techniques: list[str] = Field(description="MITRE ATLAS ids")
    versions: dict[str, str]
    events: list[str] = Field(description="ids of the latest events behind it, at most 20")
    members: list[str] = Field(description="accounts it is about beside its entity, as a campaign's")
    links: list[LinkOut] = Field(description="why the members of a campaign belong together")
    odometer: OdometerOut | None = Field(description="what a campaign has taken so far")
    joined: list[str] = Field(description="campaigns that were flagged before they were seen to be this one")


class FlagPage(_Out):
    """Flags, newest first; ``next`` is the cursor of the next page, null on the last."""

    items: list[FlagOut]
    next: str | None


class AccountOut(_Out):
    """An entity as the listing shows it."""

    entity: EntityOut
    queries: int
    first_seen: Time
    last_seen: Time
    score: float | None = Field(description="highest combined score of the last 30 days; null before the first")
    severity: Severity | None = Field(description="highest severity flagged")


class AccountPage(_Out):
    """Accounts, newest first; ``next`` is the cursor of the next page, null on the last."""

    items: list[AccountOut]
    next: str | None


class EvaluationOut(_Out):
    """One scoring of the entity."""

    at: Time
    window: Time
    trigger: str = Field(description="`close` of the window, or `n=40`: the query count reached")
    queries: int
    score: float | None
    p_value: float | None
    severity: Severity | None
    groups: dict[str, float | None] = Field(description="p-value of each group of signals")


class AccountDetail(AccountOut):
    """An entity with its score over time, its latest signals and its flags."""

    scores: list[EvaluationOut] = Field(description="newest first, at most 500")
    signals: list[ReasonOut] = Field(description="of the latest scoring")
    against: list[AgainstOut] = Field(description="of the latest scoring")
    flags: list[FlagOut] = Field(description="newest first, at most 100")


class DecisionOut(_Out):
    """What the gateway does with an entity's requests, and until when."""

    id: str
    entity: EntityOut
    kind: Kind
    until: Time | None = Field(description="null: holds until it is removed")
    origin: Origin
    reason: str
    simulated: bool
    created: Time
    since: Time = Field(description="acts from then on; a policy's decision waits")
    state: Literal["made", "proposed"] = Field(
        default="made", description="`proposed`: it acts once a second person has approved it"
    )


class ProposalOut(_Out):
    """A decision that waits for a second person, or did."""

    id: str
    decision: DecisionOut
    by: str
    created: Time
    state: ProposalState
    settled_by: str | None
    settled: Time | None


class ProposalList(_Out):
    """Proposals, newest first."""

    items: list[ProposalOut]


class DecisionPage(_Out):
    """Decisions, newest first; ``next`` is the cursor of the next page, null on the last."""

    items: list[DecisionOut]
    next: str | None


class DecisionIn(_Out):
    """A new decision. Allow needs the role admin, a block a second person; an analyst's throttle lasts 24 hours."""

    scope: Guarded | Literal[Scope.CAMPAIGN] = Field(description="a campaign's follows its members as they change")
    value: str = Field(min_length=1, max_length=VALUE_LENGTH)
    kind: Kind
    until: str | float | None = Field(
        default=None, description="RFC 3339 with offset, or seconds since the epoch; null holds until removed"
    )
    reason: str = Field(min_length=1, max_length=1000)
    since: str | float | None = Field(default=None, description="acts from then on; null: at once")
    simulated: bool = Field(default=False, strict=True, description="recorded and counted, not enforced")


class AlertOut(_Out):
    """The flags of one entity as a piece of work."""

    id: str
    entity: EntityOut
    status: Status
    severity: Severity = Field(description="highest of its flags since it was opened last")
    priority: float = Field(description="severity times expected harm; the queue's order")
    opened: Time = Field(description="event time of the flag that opened it last")
    updated: Time = Field(description="event time of its newest flag")
    flags: int
    queries: int
    models: list[str]
    members: int = Field(description="accounts behind it; above 1 for a campaign")
    assignee: str | None
    claimed_until: Time | None
    verdict: Verdict | None = Field(description="of the last closing; kept when it opens again")
    closed: Time | None
    reopened: str | None = Field(description="why it was opened again")
    version: int = Field(description="raised by every change")


class AlertPage(_Out):
    """Alerts, most urgent first; ``next`` is the cursor of the next page, null on the last."""

    items: list[AlertOut]
    next: str | None


class NoteOut(_Out):
    """What somebody wrote beside an alert, or what was done to it."""

    id: str
    at: Time
    by: str
    kind: str = Field(description="`note` for somebody's words, else what was done, as in `alert.closed`")
    text: str


class AlertDetail(AlertOut):
    """An alert with all that belongs to it."""

    evidence: list[FlagOut] = Field(description="flags of its entity, newest first, at most 100")
    notes: list[NoteOut] = Field(description="oldest first")
    decisions: list[DecisionOut] = Field(description="about its entity")


class AlertChange(_Out):
    """A change of an alert."""

    text: str = Field(default="", max_length=4000, description="why, for whoever reads it later")
    version: int | None = Field(
        default=None, strict=True, description="the version that was seen; 409 where it is not the newest"
    )


class AlertClose(AlertChange):
    """The verdict that an alert is closed with."""

    verdict: Verdict


class NoteIn(_Out):
    """A new note."""

    text: str = Field(min_length=1, max_length=4000)


class EntryOut(_Out):
    """One thing that somebody did."""

    number: int
    at: Time
    actor: str = Field(description="who: `token:<id>`, `system:<user>` on the command line, `policy`")
    origin: str = Field(description="by which way: `api`, `cli`, `policy`")
    action: str
    subject: str
    detail: dict[str, str]
    digest: str = Field(description="SHA-256 over the digest before, the number and the act, in hex")


class AuditPage(_Out):
    """Entries, newest first; ``next`` is the cursor of the next page, null on the last."""

    items: list[EntryOut]
    next: str | None


class FaultOut(_Out):
    """Where the log is not what was written."""

    number: int
    what: str


class AuditVerification(_Out):
    """Whether the log is what was written."""

    sound: bool
    entries: int = Field(description="number of the newest entry")
    faults: list[FaultOut]


class PartitionOut(_Out):
    """One partition of the callers: who tends it, and what waits in it."""

    number: int
    owner: str | None = Field(description="the worker that tends it, or claimed it last; null where none does")
    epoch: int = Field(description="how often it was claimed; what an earlier claim commits is refused")
    entries: int | None = Field(description="entries of the shared stream that no checkpoint covers yet")
    lag_seconds: float | None = Field(description="from the oldest of what waits until now")
    bytes: int | None = Field(description="of what waits; of a shared stream an estimate")


class IngestOut(_Out):
    """How far the way from the gateways to the log is."""

    stream: Literal["up", "down"] = Field(description="down: a shared one does not answer, so what waits is null")
    partitions: list[PartitionOut]
    not_logged: int = Field(description="records that gateways counted because they could not log them")
    gaps: int = Field(description="reports of such records, by gateway")
    duplicates: int = Field(description="queries that came again and were skipped")


class WhoAmI(_Out):
    """Who asks."""

    token: str | None = Field(description="id of the token, not the token")
    user: str | None
    role: str
    expires: Time | None = Field(description="when the token, or the session at the latest, ends")
    csrf: str | None = Field(description="to be sent as X-CSRF-Token with a session's changes")


class Ready(_Out):
    """Whether this control plane can answer. ``detail`` and ``counts`` only for a viewer's token."""

    status: str = Field(description="`ready` or `unavailable`")
    detail: str | None = Field(default=None, description="what is wrong and what to do")
    counts: dict[str, int] | None = Field(default=None, description="rows of each table, records not logged")


class ErrorDetail(_Out):
    """What went wrong."""

    code: str
    message: str
    param: str | None
    request_id: str


class ErrorOut(_Out):
    """The shape of every error."""

    error: ErrorDetail
