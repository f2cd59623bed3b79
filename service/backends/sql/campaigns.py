"""The questions about campaigns: their newest flags, their members' rows, and which models they asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select

from service.backends.sql import documents, queries
from service.backends.sql.bulk import chosen
from service.backends.sql.names import digest, values
from service.backends.sql.tables import entities, events, flags, names
from service.model.campaign import Member
from service.model.entity import Entity, Scope
from service.ports import FoundCampaign

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.engine import Connection


def found(connection: Connection, limit: int) -> Sequence[FoundCampaign]:
    """The campaigns that were flagged last, newest first."""
    newest = func.max(flags.c.flagged_at).label("newest")
    known = select(flags.c.value, newest, func.max(flags.c.severity).label("worst"))
    of_all = known.where(flags.c.scope == Scope.CAMPAIGN.value).group_by(flags.c.value)
    rows = connection.execute(of_all.order_by(newest.desc(), flags.c.value).limit(limit)).all()
    wanted = [Entity(Scope.CAMPAIGN, row.value) for row in rows]
    flagged = connection.execute(queries.latest_flags(wanted)).all() if wanted else ()
    # Several of one moment: the severest, and of those one by its id.
    latest = {row.value: row for row in sorted(flagged, key=lambda row: (row.severity, row.id))}
    return [
        FoundCampaign(documents.flag(latest[row.value]), documents.SEVERITIES[row.worst])
        for row in rows
        if row.value in latest
    ]


def members(connection: Connection, accounts: Sequence[str]) -> Sequence[Member]:
    """Those of the accounts that have a row, in any order."""
    columns = (entities.c.value, entities.c.queries, entities.c.first_seen, entities.c.last_seen)
    query = select(*columns).where(entities.c.scope == Scope.ACCOUNT.value)
    return [
        Member(row.value, row.queries, row.first_seen, row.last_seen)
        for some in chosen(connection, entities.c.value, accounts)
        for row in connection.execute(query.where(some))
    ]


def models(connection: Connection, accounts: Sequence[str], limit: int) -> Sequence[str]:
    """Models that the newest ``limit`` queries of each few hundred of these accounts asked."""
    numbers: list[int] = []
    for some in chosen(connection, names.c.digest, [digest(account) for account in accounts]):
        numbers += connection.execute(select(names.c.id).where(some)).scalars()
    asked: set[int] = set()
    for some in chosen(connection, events.c.account, numbers):
        newest = select(events.c.model).where(some).order_by(events.c.done.desc()).limit(limit).subquery()
        asked.update(filter(None, connection.execute(select(newest.c.model).distinct()).scalars()))
    return sorted(filter(None, values(connection, asked).values()))
