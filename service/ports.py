"""What the stages need from outside, as Protocols. ``backends`` gives it; ``bootstrap`` joins the two.

An implementation is chosen by the scheme of a URL. No stage asks which one it has.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

import msgspec

from service.model.query import Record

if TYPE_CHECKING:
    from collections.abc import Awaitable, Collection, Iterable, Mapping, Sequence

    from service.model.alert import Alert, Note, Status
    from service.model.appeal import Appeal
    from service.model.audit import Act, Entry, Fault
    from service.model.campaign import Correction, Member
    from service.model.decision import Decision
    from service.model.declaration import Declaration
    from service.model.entity import Entity, Scope
    from service.model.flag import Evaluation, Flag, Severity
    from service.model.notification import Destination, Notice
    from service.model.proposal import Proposal
    from service.model.query import Answer, Gap, Operation, Query, QueryEvent
    from service.model.suppression import Suppression
    from service.model.user import Session, User
    from service.model.view import SavedView

T = TypeVar("T")

# The gateway's side


class EventSink(Protocol):
    """Where the gateway puts its records."""

    def append(self, record: Record) -> Awaitable[bool]:
        """Queue a record; the answer comes when it is synced.

        True: the record is *acknowledged* and will be in the log whatever is killed.
        False: it could not be logged, and is counted exactly in a ``Gap``. Never raises for a
        full or broken disk, never blocks the event loop.
        """
        ...

    async def close(self) -> None:
        """Sync what is queued and end the segment."""
        ...


class DecisionTable(Protocol):
    """The guard's view of the decisions: a table in memory, refreshed behind its back."""

    def lookup(self, entities: Iterable[Entity], now: int) -> Decision | None:
        """The decision that rules over these entities, or None.

        Decisions past their ``until`` do not count. ``allow`` beats all; else the strictest kind wins.
        """
        ...

    @property
    def scopes(self) -> frozenset[Scope]:
        """Scopes that any decision is about, so that the guard computes no entity for nothing."""
        ...


class Dialect(Protocol):
    """One API's way of writing queries and answers: bytes in, words out, no I/O."""

    name: str

    def operation(self, method: str, path: str) -> Operation | None:
        """What the path asks for; None where it is not of this dialect."""
        ...

    def read_query(self, operation: Operation, document: object) -> Query:
        """The query in a JSON document; never raises, says ``unparsed`` instead."""
        ...

    def read_answer(self, operation: Operation, content_type: str, body: bytes) -> Answer:
        """The answer in a body (decoded of its Content-Encoding), stream or not; never raises."""
        ...

    def error(self, status: int, code: str, message: str) -> bytes:
        """A refusal of the gateway's own, as this API writes its errors."""
        ...


class Dialects(Protocol):
    """All dialects, as the pipeline needs them."""

    def read(self, method: str, path: str, body: bytes, *, full: bool) -> tuple[Query, object]:
        """Query and request document of a request."""
        ...

    def read_document(self, method: str, path: str, document: object) -> Query:
        """The same from a document that was parsed already (replay)."""
        ...

    def read_answer(
        self, method: str, path: str, *, content_type: str, encoding: str, body: bytes, full: bool
    ) -> Answer:
        """Answer of a response."""
        ...

    def read_answer_document(self, method: str, path: str, document: object) -> Answer:
        """The same from a document (replay)."""
        ...


# The worker's side

SLOT = 60_000_000
"""Microseconds of event time that coordination folds at once: campaigns are judged at the close of each slot."""


@dataclass(frozen=True, slots=True)
class Position:
    """Where a source's stream has been read to: the number of its last record taken."""

    source: str
    sequence: int


class Sourced(msgspec.Struct, frozen=True):
    """A record with the number its source gave it."""

    source: str
    sequence: int
    record: Record


@dataclass(frozen=True, slots=True)
class Lag:
    """How far the worker is behind."""

    bytes: int
    oldest: int | None
    """Time of the oldest record not yet taken, microseconds since the epoch."""


class EventSource(Protocol):
    """Where the worker takes records from, in each source's order and each once after its position."""

    def read(self, after: Mapping[str, int], limit: int) -> Sequence[Sourced]:
        """At most about ``limit`` records beyond the positions; empty when there is none yet."""
        ...

    def release(self, covered: Mapping[str, int]) -> None:
        """A checkpoint covers these positions: what lies wholly before them may be deleted."""
        ...

    def lag(self, after: Mapping[str, int]) -> Lag: ...

    def damage(self) -> Sequence[tuple[str, int]]:
        """Sources whose segments were found damaged, with bytes quarantined, since the last call."""
        ...


@dataclass(frozen=True, slots=True)
class EntityState:
    """An entity as the checkpoint keeps it."""

    queries: int
    first_seen: int
    last_seen: int
    window: int
    """Start of its open window in seconds, -1 where none is open."""
    raised: str
    """Window and severity flagged last, as in ``1793491200:medium``; empty where none."""
    states: bytes
    """All detectors' states, as ``service.pipeline.states`` packs them."""


@dataclass(frozen=True, slots=True)
class TrailEntry:
    """What the Trail remembers of a digest."""

    account: str
    seen: int
    """First seen, microseconds since the epoch."""


@dataclass(slots=True, kw_only=True)
class Commit:
    """All that changes with one batch. It is stored whole or not at all."""

    positions: dict[str, int] = field(default_factory=dict)
    """Source -> number of the last record taken into the states."""
    logged: dict[str, int] = field(default_factory=dict)
    """Source -> number of the last record taken into the log; at or ahead of ``positions``."""
    events: list[QueryEvent] = field(default_factory=list)
    """Idempotent by id."""
    entities: dict[Entity, EntityState] = field(default_factory=dict)
    trail: dict[bytes, TrailEntry] = field(default_factory=dict)
    opened: dict[bytes, bytes] = field(default_factory=dict)
    """Queries begun and not ended: event id -> sealed start record."""
    closed: list[bytes] = field(default_factory=list)
    log_opened: dict[bytes, bytes] = field(default_factory=dict)
    """The same for the log, while it runs ahead of the states."""
    log_closed: list[bytes] = field(default_factory=list)
    evaluations: list[Evaluation] = field(default_factory=list)
    flags: list[Flag] = field(default_factory=list)
    gaps: list[tuple[str, Gap]] = field(default_factory=list)
    meta: dict[str, bytes] = field(default_factory=dict)
    """Small named blobs: the admission sketch, the stream's time."""
    footprints: dict[int, tuple[int, bytes]] = field(default_factory=dict)
    """Number, rising -> slot of event time and what coordination may see of its queries."""
    folded: dict[int, int] = field(default_factory=dict)
    """Partition -> number: its footprints up to that are in the blob ``coordination`` and need not be kept."""


@dataclass(frozen=True, slots=True)
class Resume:
    """Where a worker starts from."""

    positions: Mapping[str, int]
    logged: Mapping[str, int]
    opened: Mapping[bytes, bytes]
    log_opened: Mapping[bytes, bytes]
    meta: Mapping[str, bytes]
    windows: Mapping[Entity, int]
    """Entities with an open window, and its start."""
    footprints: Mapping[int, tuple[int, bytes]] = field(default_factory=dict)
    """Number -> slot and footprints that are not in the blob ``coordination`` yet."""


@dataclass(frozen=True, slots=True)
class Gathered:
    """What the other partitions have for coordination."""

    footprints: Sequence[tuple[int, int, int, bytes]] = ()
    """Slot, partition, number and data, in that order."""
    times: Mapping[int, int] = field(default_factory=dict)
    """Partition -> its stream's time; nothing of an earlier one is missing among the footprints."""


class Checkpoint(Protocol):
    """The worker's store for one partition. One commit is one transaction."""

    @property
    def partition(self) -> int:
        """Its number. The first one, 0, gathers for coordination what all of them see."""
        ...

    def gathered(self, after: Mapping[int, int]) -> Gathered:
        """What the other partitions committed for coordination beyond these numbers; as much as fits a batch.

        Raises
        ------
        StoreUnavailable
            The store cannot answer now.

        """
        ...

    def claim(self, owner: str) -> int:
        """Become the partition's only writer; its new epoch, higher than every one before.

        Once this returns, no commit of an earlier owner can come about, and what it committed is
        seen by :meth:`resume`.

        Raises
        ------
        StoreUnavailable
            The store cannot answer now; nothing was changed.

        """
        ...

    def resume(self) -> Resume: ...

    def entities(self, wanted: Sequence[Entity]) -> Mapping[Entity, EntityState]:
        """Those of them that are known."""
        ...

    def trail(self, digests: Sequence[bytes]) -> Mapping[bytes, TrailEntry]:
        """Those of them that are known."""
        ...

    def commit(self, commit: Commit) -> None:
        """Store all of it, or raise and store nothing.

        Raises
        ------
        StoreUnavailable
            The store cannot take it now; the same commit may be tried again.
        Fenced
            Somebody else has claimed the partition since.

        """
        ...

    def recent_events(self, entity: Entity, limit: int) -> Sequence[str]:
        """Ids of the entity's latest events in the log, newest first."""
        ...

    def purge(self, now: int) -> Mapping[str, int]:
        """Take away some of what is past its retention at stream time ``now``: rows taken, by table."""
        ...


@dataclass(frozen=True, slots=True)
class Learnt:
    """A baseline that the installation fitted to its own traffic, or what is kept beside one, as it is stored."""

    version: str
    """Of the baseline."""
    body: bytes
    """The file, as ``Baselines.save`` writes it; under another name, what that name stands for."""
    created: int
    """Microseconds since the epoch."""


class LearntBaselines(Protocol):
    """Where every worker finds the same learnt baseline. Every method may raise StoreUnavailable."""

    def save(self, name: str, learnt: Learnt) -> None:
        """Store it; the newest by ``created`` is in force."""
        ...

    def newest(self, name: str) -> Learnt | None: ...

    def version(self, name: str) -> str:
        """Of the newest, empty where there is none; cheap, to be asked often."""
        ...


class StoreUnavailable(Exception):
    """The store cannot answer now: disk full, locked, or gone."""


class Fenced(Exception):
    """Another worker owns the partition now: what this one holds of it is worthless, and nothing of it was stored."""


class StreamUnavailable(StoreUnavailable):
    """The stream between gateways and workers cannot answer now."""


class StreamNewer(StreamUnavailable):
    """What comes next was written by a newer version: give the partition back, so that a newer worker takes it."""


class Leases(Protocol):
    """Which partitions this worker tends. Advice on who should work: that only one can is the checkpoint's claim."""

    def hold(self) -> Collection[int]:
        """Renew what is held, take what is free up to this worker's share, give back what is beyond it.

        Cheap to call often. Raises StreamUnavailable where nothing can be known; then nothing new may be
        begun and what was held may go on, since the checkpoint refuses whoever was replaced.
        """
        ...

    def give_back(self, partition: int) -> None:
        """Let another worker have it at once."""
        ...


@dataclass(frozen=True, slots=True)
class PartitionStatus:
    """One partition as operators watch it."""

    number: int
    owner: str
    """Empty where no worker tends it."""
    epoch: int
    entries: int
    """Entries of the stream that no checkpoint covers yet."""
    lag: float
    """Seconds from the oldest of them until now."""
    bytes: int
    heard: bool = True
    """Whether the stream answered; where it did not, the owner is who claimed it last, and what waits is not known."""


class Ingest(Protocol):
    """How far the way from gateways to the log is, for the API and the command line."""

    def partitions(self) -> Sequence[PartitionStatus]:
        """Every partition; the embedded installation has one. Raises StoreUnavailable."""
        ...


# The control plane's side


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a listing; ``next`` is None on the last."""

    items: Sequence[T]
    next: str | None


@dataclass(frozen=True, slots=True)
class Account:
    """An entity as the listing shows it."""

    entity: Entity
    queries: int
    first_seen: int
    last_seen: int
    score: float | None
    """Highest combined score of the last 30 days of event time; None before the first evaluation."""
    severity: Severity | None
    """Highest severity flagged."""


@dataclass(frozen=True, slots=True)
class FlagFilter:
    """Which flags; None means any. Times are event times in microseconds since the epoch."""

    scope: Scope | None = None
    entity: str | None = None
    severity: Severity | None = None
    """At least this."""
    since: int | None = None
    until: int | None = None


@dataclass(frozen=True, slots=True)
class FoundCampaign:
    """What the machine found of a campaign."""

    flag: Flag
    """The newest one."""
    severity: Severity
    """Highest of all its flags."""


class Records(Protocol):
    """What the API, the command line and the console read. Listings are newest first, paged by keyset."""

    def flags(self, where: FlagFilter, after: str | None, limit: int) -> Page[Flag]: ...

    def flag(self, flag_id: str) -> Flag | None: ...

    def latest_flags(self, wanted: Sequence[Entity]) -> Mapping[Entity, Flag]:
        """The newest flag of each of these entities that has one, in one question."""
        ...

    def accounts(self, scope: Scope, after: str | None, limit: int) -> Page[Account]: ...

    def account(self, entity: Entity) -> Account | None: ...

    def campaigns(self, limit: int) -> Sequence[FoundCampaign]:
        """The campaigns that were flagged last, newest first."""
        ...

    def members(self, accounts: Sequence[str]) -> Sequence[Member]:
        """Those of the accounts that have a row, in any order."""
        ...

    def models(self, accounts: Sequence[str], limit: int) -> Sequence[str]:
        """Models that the newest ``limit`` queries of these accounts asked, in order of their names."""
        ...

    def evaluations(self, entity: Entity, limit: int) -> Sequence[Evaluation]: ...

    def benign(self, period: int) -> Iterable[Evaluation]:
        """Evaluations of the last ``period`` microseconds of event time, oldest first, of entities taken as benign:
        without a flag of medium or above in it and without a decision of any kind but ``allow``, simulated ones and
        those that are over among them; or with a decision, not simulated, that says ``allow``.
        """
        ...

    def events(self, ids: Sequence[str]) -> Sequence[QueryEvent]:
        """The log rows of these ids, with text as far as ``content`` kept it."""
        ...

    def extract(self, entity: Entity, until: int, limit: int) -> Sequence[QueryEvent]:
        """The entity's latest events completed at ``until`` or before, oldest first; none where no index is."""
        ...

    def export(self) -> Iterable[QueryEvent]:
        """The whole log in order of completion."""
        ...

    def counts(self) -> Mapping[str, int]:
        """Rows of each table, records not logged, duplicates skipped."""
        ...

    def logged(self) -> Mapping[str, int]:
        """Of :meth:`counts` what costs nothing to know: ``events``, ``duplicates``, ``not_logged``, ``gaps``."""
        ...

    def traffic(self, period: int, parts: int) -> Sequence[tuple[int, int]]:
        """Queries completed in each of ``parts`` equal stretches of the log's last ``period`` microseconds, oldest
        first: beginning, count. A log that is younger is parted from its first query on; an empty one has none.
        """
        ...

    def ready(self) -> str | None:
        """None when the store answers and its schema is right, else what is wrong and what to do."""
        ...


@dataclass(frozen=True, slots=True)
class AlertFilter:
    """Which alerts; None means any."""

    statuses: frozenset[Status] | None = None
    assignee: str | None = None
    severity: Severity | None = None
    """At least this."""
    scope: Scope | None = None
    entity: str | None = None


@dataclass(frozen=True, slots=True)
class Changed:
    """An alert that is changed with another one, the notes of it beside either, and its act."""

    alert: Alert
    notes: Sequence[Note]
    act: Act


class Alerts(Protocol):
    """Reviewers' work items. Changes are audited in the same transaction."""

    def loose(self, limit: int) -> Sequence[Flag]:
        """Flags that were not gathered yet, oldest first."""
        ...

    def join(self, flag: Flag, alert: Alert | None, *, others: Sequence[Changed] = ()) -> bool:
        """Store the alert as it is with the flag in it, or that the flag concerns nobody (None).

        The flag may change others with it. False, and nothing stored, where another process has gathered the flag or
        changed one of the alerts.
        """
        ...

    def alert(self, alert_id: str) -> Alert | None: ...

    def alerts(self, where: AlertFilter, after: str | None, limit: int) -> Page[Alert]:
        """By priority, most urgent first."""
        ...

    def change(self, alert: Alert, note: Note, act: Act) -> bool:
        """Store a changed alert with a note; False where the stored one is not the version before it."""
        ...

    def write(self, note: Note, act: Act) -> None:
        """Store a note beside an alert, which stays as it is."""
        ...

    def notes(self, alert_id: str) -> Sequence[Note]:
        """All notes of an alert, oldest first."""
        ...

    def counts(self) -> Mapping[Status, int]:
        """Alerts of each status."""
        ...


class Audit(Protocol):
    """What people did, in a chain that shows every later change. Nothing in it is ever changed or taken away."""

    def append(self, act: Act) -> Entry:
        """Store it behind the newest entry.

        Changes that are stored append their own act in the same transaction; this is for acts that
        change nothing, such as reading a text. Raises StoreUnavailable: then it is not to be done either.
        """
        ...

    def entries(self, after: int | None, limit: int, *, actor: str | None = None) -> Sequence[Entry]:
        """Newest first, below the number ``after``; only those of ``actor`` where one is given."""
        ...

    def head(self) -> Entry | None:
        """The newest entry."""
        ...

    def verify(self) -> Sequence[Fault]:
        """Every place where an entry was changed, taken away, swapped or cut off; empty where all is as written."""
        ...


class Decisions(Protocol):
    """Operators' decisions. Changes are published to every gateway's table, and audited in the same transaction."""

    def add(self, decision: Decision, act: Act, *, settles: Proposal | None = None) -> bool:
        """Store it, and with it that its proposal is settled; False, and nothing stored, where that was otherwise."""
        ...

    def remove(self, decision_id: str, act: Act) -> bool: ...

    def all(self) -> Sequence[Decision]: ...

    def restore(self, found: Sequence[Decision], act: Act) -> None:
        """Store them all, then publish once."""
        ...

    def republish(self) -> None:
        """Publish the table as it stands, as at a start."""
        ...


@dataclass(frozen=True, slots=True)
class Token:
    """A control-plane token as stored: a digest, never the secret."""

    id: str
    role: str
    created: int
    expires: int | None
    digest: bytes
    note: str
    owner: str = ""
    """The user who made it, empty where the command line did."""


class Tokens(Protocol):
    """Control-plane tokens. Changes are audited in the same transaction."""

    def add(self, token: Token, act: Act) -> None: ...

    def find(self, token_id: str) -> Token | None: ...

    def revoke(self, token_id: str, act: Act) -> bool: ...

    def all(self) -> Sequence[Token]: ...


class Kept(Protocol):
    """What a register can keep."""

    @property
    def id(self) -> str: ...

    @property
    def version(self) -> int:
        """1 for a new one, raised by one with each change."""
        ...

    @property
    def created(self) -> int: ...


K = TypeVar("K", bound=Kept)


class Register(Protocol[K]):
    """What there is little of and is read whole, as documents of one type. Changes are audited with them.

    Every method may raise StoreUnavailable.
    """

    def find(self, key: str) -> K | None: ...

    def all(self) -> Sequence[K]:
        """Every one, newest first."""
        ...

    def put(self, item: K, act: Act, *others: K) -> bool:
        """Store version 1, or replace the version before; False, and nothing stored, where that was not there.

        Others are stored by the same act: all of them or none.
        """
        ...


class Sessions(Protocol):
    """Who is signed in. Nothing is remembered, so a session that is closed ends at once everywhere."""

    def open(self, session: Session, act: Act) -> None: ...

    def find(self, session_id: bytes) -> Session | None: ...

    def touch(self, session_id: bytes, *, seen: int, proved: int | None = None) -> None:
        """Move its times on."""
        ...

    def close(self, session_id: bytes, act: Act) -> bool: ...

    def close_all(self, user: str) -> int:
        """End every session of ``user:<name>`` or ``token:<id>``; how many there were. The act is the caller's."""
        ...

    def purge(self, *, seen: int, created: int) -> None:
        """Take away those seen last, or opened, before these times."""
        ...


@dataclass(frozen=True, slots=True)
class Hit:
    """How often, and when last, in microseconds since the epoch."""

    count: int
    last: int


class Hits(Protocol):
    """Counters that are worth no entry of their own. Every method may raise StoreUnavailable."""

    def add(self, name: str, at: int) -> None: ...

    def all(self, prefix: str) -> Mapping[str, Hit]:
        """Every counter whose name begins so."""
        ...


class Sealer(Protocol):
    """Keeps a secret from whoever reads the store."""

    def seal(self, data: bytes, context: bytes = b"") -> bytes: ...

    def open(self, data: bytes, context: bytes = b"") -> bytes:
        """What was sealed with the same context."""
        ...


class Outbox(Protocol):
    """Notices that were not delivered yet. Every method may raise StoreUnavailable."""

    def put(self, notices: Sequence[Notice], due: int) -> None:
        """Keep them until then; one that is there already stays as it is."""
        ...

    def take(self, now: int, lease: int) -> Sequence[Notice]:
        """All notices of one destination that is due, which nobody else gets within ``lease`` microseconds."""
        ...

    def done(self, ids: Sequence[str]) -> None:
        """Delivered, or given up."""
        ...

    def failed(self, ids: Sequence[str], *, due: int, failure: str) -> None:
        """To be tried again then."""
        ...


@dataclass(frozen=True, slots=True)
class Registers:
    """The people and what they have written down."""

    users: Register[User]
    sessions: Sessions
    proposals: Register[Proposal]
    suppressions: Register[Suppression]
    appeals: Register[Appeal]
    destinations: Register[Destination]
    hits: Hits
    outbox: Outbox
    corrections: Register[Correction]
    declarations: Register[Declaration]
    views: Register[SavedView]
