"""The questions of :mod:`service.backends.sql.records`, each answered from an index."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, func, literal, literal_column, or_, select, tuple_

from service.backends.sql import keyset
from service.backends.sql.names import DAY, digest
from service.backends.sql.tables import decisions, entities, evaluations, event_text, events, flags, names
from service.model.decision import Kind
from service.model.entity import Entity, Scope
from service.model.flag import Severity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement, Select
    from sqlalchemy.engine import Row

    from service.ports import FlagFilter

_BY = {Scope.ACCOUNT: events.c.account, Scope.ORG: events.c.org, Scope.END_USER: events.c.end_user}
SCORED = 30 * DAY
"""How far back of the stream's time an account's score is the highest of."""


def _chosen(where: FlagFilter) -> list[ColumnElement[bool]]:
    """The conditions of a filter."""
    conditions: list[ColumnElement[bool]] = []
    if where.scope is not None:
        conditions.append(flags.c.scope == where.scope.value)
    if where.entity is not None:
        conditions.append(flags.c.value == where.entity)
    if where.severity is not None:
        conditions.append(flags.c.severity >= where.severity.rank)
    if where.since is not None:
        conditions.append(flags.c.flagged_at >= where.since)
    if where.until is not None:
        conditions.append(flags.c.flagged_at < where.until)
    return conditions


def _behind(at: ColumnElement[int], key: ColumnElement[str], after: str) -> ColumnElement[bool]:
    """What comes behind a place, newest first; the first condition alone is of use to an index of ``at``."""
    number, text = keyset.read(after)
    return and_(at <= number, or_(at < number, key < text))


def flags_of(where: FlagFilter, after: str | None) -> Select[Any]:
    """The flags of a filter behind a place, newest first."""
    query = select(flags).where(*_chosen(where))
    if after is not None:
        query = query.where(_behind(flags.c.flagged_at, flags.c.id, after))
    return query.order_by(flags.c.flagged_at.desc(), flags.c.id.desc())


def latest_flags(wanted: Sequence[Entity]) -> Select[Any]:
    """The newest flag of each entity, in any order; several of one moment are all there."""
    other = flags.alias()
    newest = (
        select(func.max(other.c.flagged_at))
        .where(other.c.scope == flags.c.scope, other.c.value == flags.c.value)
        .correlate(flags)
        .scalar_subquery()
    )
    # By value within each scope, and in no order but the reader's: a list of pairs, or an order by id, makes SQLite go
    # through all flags.
    scopes = sorted({entity.scope.value for entity in wanted})
    these = or_(*(_of_scope(scope, wanted) for scope in scopes))
    return select(flags).where(these, flags.c.flagged_at == newest)


def _of_scope(scope: str, wanted: Sequence[Entity]) -> ColumnElement[bool]:
    values = [entity.value for entity in wanted if entity.scope.value == scope]
    return and_(flags.c.scope == scope, flags.c.value.in_(values))


def accounts_of(scope: Scope, after: str | None) -> Select[Any]:
    """The entities of a scope behind a place, seen last first."""
    query = _accounts().where(entities.c.scope == scope.value)
    if after is not None:
        query = query.where(_behind(entities.c.last_seen, entities.c.value, after))
    return query.order_by(entities.c.last_seen.desc(), entities.c.value.desc())


def account(entity: Entity) -> Select[Any]:
    """One entity, as :func:`accounts_of` gives it."""
    return _accounts().where(entities.c.scope == entity.scope.value, entities.c.value == entity.value)


def evaluations_of(entity: Entity) -> Select[Any]:
    """An entity's evaluations, newest first."""
    return (
        select(evaluations)
        .where(evaluations.c.scope == entity.scope.value, evaluations.c.value == entity.value)
        .order_by(evaluations.c.at.desc(), evaluations.c.reason.desc())
    )


def recent(entity: Entity) -> Select[Any] | None:
    """Ids of an entity's events, newest first; None for scopes that the log has no index of."""
    column = _BY.get(entity.scope)
    if column is None:
        return None
    number = select(names.c.id).where(names.c.digest == digest(entity.value)).scalar_subquery()
    return select(events.c.id).where(column == number).order_by(events.c.done.desc(), events.c.id.desc())


def edge(since: int | None) -> Select[Any]:
    """Time of the first query completed after ``since``, or of the newest of all where it is None."""
    if since is None:
        return select(func.max(events.c.done))
    return select(func.min(events.c.done)).where(events.c.done > since)


def traffic(first: int, step: int) -> Select[Any]:
    """Number of each stretch of ``step`` microseconds from ``first`` on, and how many queries were completed in it."""
    part = ((events.c.done - first) // step).label("part")
    # By its name: of the same expression with other parameters Postgres does not know that it is the same.
    return select(part, func.count()).where(events.c.done >= first).group_by(literal_column("part"))


def _accounts() -> Select[Any]:
    """Entities with their highest recent score and their highest severity."""
    newest = (
        select(func.max(entities.c.last_seen))
        .where(entities.c.scope == Scope.ACCOUNT.value)
        .correlate(None)
        .scalar_subquery()
    )
    score = (
        select(func.max(evaluations.c.score))
        .where(evaluations.c.scope == entities.c.scope, evaluations.c.value == entities.c.value)
        .where(evaluations.c.at > newest - SCORED)
        .scalar_subquery()
    )
    severity = (
        select(func.max(flags.c.severity))
        .where(flags.c.scope == entities.c.scope, flags.c.value == entities.c.value)
        .scalar_subquery()
    )
    return select(entities, score.label("score"), severity.label("severity"))


def log_rows() -> Select[Any]:
    """Events with what was kept of their texts."""
    return select(events, event_text.c.body).outerjoin(event_text, events.c.id == event_text.c.event_id)


def log_after(done: int, event_id: bytes) -> Select[Any]:
    """The log behind an event, in order of completion."""
    later = or_(events.c.done > done, events.c.id > event_id)
    return log_rows().where(events.c.done >= done, later).order_by(events.c.done, events.c.id)


def benign(since: int, last: Row[Any] | None) -> Select[Any]:
    """Evaluations later than ``since`` of entities taken as benign, oldest first, those up to ``last`` left out."""
    key = (evaluations.c.at, evaluations.c.scope, evaluations.c.value, evaluations.c.reason)
    entity = tuple_(evaluations.c.scope, evaluations.c.value)
    suspected = select(flags.c.scope, flags.c.value).where(
        flags.c.flagged_at > since, flags.c.severity >= Severity.MEDIUM.rank
    )
    decided = select(decisions.c.scope, decisions.c.value).where(decisions.c.kind != Kind.ALLOW.value)
    allowed = select(decisions.c.scope, decisions.c.value).where(
        decisions.c.kind == Kind.ALLOW.value, decisions.c.simulated.is_(False)
    )
    taken = or_(and_(entity.not_in(suspected), entity.not_in(decided)), entity.in_(allowed))
    query = select(evaluations).where(evaluations.c.at > since, taken)
    if last is not None:
        query = query.where(tuple_(*key) > tuple_(*(literal(last._mapping[c], c.type) for c in key)))  # noqa: SLF001
    return query.order_by(*key)
