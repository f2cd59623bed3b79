"""What becomes of an alert: pure functions from an alert and what happened to the alert afterwards.

A flag of medium or above opens an alert; a lower one joins an alert that is open and opens none, because nobody
is asked to look at it. A closed alert opens again only when something has changed since: twice the queries, a new
model, more accounts, or a higher severity than was judged. So nobody reads the same evidence twice.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

from service.model.alert import Alert, Status, Verdict
from service.model.flag import Severity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.model.entity import Entity
    from service.model.flag import Flag

ASKS = Severity.MEDIUM
"""The lowest severity that asks somebody to look."""
LEASE = 15 * 60 * 1_000_000
"""Microseconds for which a claim holds without a further act of whoever made it."""
GROWTH = 2
"""Times the queries that a closed alert had, at which it opens again."""


class NotAllowed(Exception):
    """The change does not fit the alert as it stands; the message says why."""


def alert_id(entity: Entity) -> str:
    """The id of an entity's alert."""
    return f"al-{hashlib.blake2b(str(entity).encode('utf-8', 'surrogatepass'), digest_size=8).hexdigest()}"


def flagged(alert: Alert | None, flag: Flag, models: Sequence[str], members: int = 1) -> Alert | None:
    """The alert once the flag has joined it; None where the flag concerns nobody.

    Parameters
    ----------
    models
        Those that the flag's events were sent to.
    members
        Accounts behind the entity.

    """
    if alert is None:
        return _opened(flag, tuple(sorted(set(models))), members) if _asks(flag) else None
    known = tuple(sorted({*alert.models, *models}))
    grown = replace(
        alert,
        severity=max(alert.severity, flag.severity, key=lambda severity: severity.rank),
        updated=max(alert.updated, flag.flagged_at),
        flags=alert.flags + 1,
        queries=max(alert.queries, flag.queries),
        models=known,
        members=max(alert.members, members),
        version=alert.version + 1,
    )
    if alert.status is not Status.CLOSED:
        return grown
    why = _changed(grown, flag, judged=alert.severity) if _asks(flag) else ""
    if not why:
        return grown
    return replace(
        grown, status=Status.NEW, severity=flag.severity, opened=flag.flagged_at, flags=1, assignee="",
        lease_until=None, reopened=why,
    )  # fmt: skip


def claimed(alert: Alert, by: str, now: int) -> Alert:
    """The alert in the hands of ``by``.

    Raises
    ------
    NotAllowed
        Somebody else has it, or it is closed.

    """
    _open(alert)
    if alert.assignee not in ("", by) and (alert.lease_until or 0) > now:
        raise NotAllowed(f"'{alert.assignee}' has claimed it; ask them to release it, or wait until the claim ends")
    return replace(_next(alert), status=Status.IN_REVIEW, assignee=by, lease_until=now + LEASE)


def released(alert: Alert, by: str, now: int) -> Alert:
    """The alert, in nobody's hands."""
    _held(alert, by, now)
    return replace(_next(alert), status=Status.NEW, assignee="", lease_until=None)


def waiting(alert: Alert, by: str, now: int) -> Alert:
    """The alert, waiting for an answer from outside; whoever set it waits for it."""
    _held(alert, by, now)
    return replace(_next(alert), status=Status.WAITING, assignee=by, lease_until=None)


def closed(alert: Alert, verdict: Verdict, by: str, now: int) -> Alert:
    """The alert with its verdict."""
    _held(alert, by, now)
    return _closed(alert, verdict, by, now)


def duplicate(alert: Alert, by: str, now: int) -> Alert:
    """The alert, closed because the work goes on in another one, whoever has it.

    Raises
    ------
    NotAllowed
        It is closed.

    """
    _open(alert)
    return _closed(alert, Verdict.DUPLICATE, by, now)


def reopened(alert: Alert, by: str) -> Alert:
    """The alert, open again because ``by`` says so.

    Raises
    ------
    NotAllowed
        It is open.

    """
    if alert.status is not Status.CLOSED:
        raise NotAllowed("it is open already")
    return replace(_next(alert), status=Status.NEW, assignee="", lease_until=None, reopened=f"opened again by {by}")


def _asks(flag: Flag) -> bool:
    return flag.severity.rank >= ASKS.rank


def _opened(flag: Flag, models: tuple[str, ...], members: int) -> Alert:
    return Alert(
        id=alert_id(flag.entity),
        entity=flag.entity,
        status=Status.NEW,
        severity=flag.severity,
        opened=flag.flagged_at,
        updated=flag.flagged_at,
        flags=1,
        queries=flag.queries,
        models=models,
        members=members,
        version=1,
    )


def _changed(alert: Alert, flag: Flag, *, judged: Severity) -> str:
    """What is different from when it was closed, in words; empty where nothing is."""
    new = sorted(set(alert.models) - set(alert.closed_models))
    if new:
        return f"it asks another model: {', '.join(new[:3])}"
    if alert.members > alert.closed_members:
        return f"{alert.members} accounts, {alert.closed_members} when it was closed"
    if alert.queries >= GROWTH * max(alert.closed_queries, 1):
        return f"{alert.queries:,} queries, {alert.closed_queries:,} when it was closed"
    if flag.severity.rank > judged.rank:
        return f"severity {flag.severity}, {judged} when it was closed"
    return ""


def _closed(alert: Alert, verdict: Verdict, by: str, now: int) -> Alert:
    return replace(
        _next(alert), status=Status.CLOSED, assignee=by, lease_until=None, verdict=verdict, closed=now,
        closed_queries=alert.queries, closed_members=alert.members, closed_models=alert.models,
    )  # fmt: skip


def _next(alert: Alert) -> Alert:
    return replace(alert, version=alert.version + 1)


def _open(alert: Alert) -> None:
    if alert.status is Status.CLOSED:
        raise NotAllowed("it is closed; open it again first")


def _held(alert: Alert, by: str, now: int) -> None:
    """Refuse a change by somebody else than the holder, as far as there is one."""
    _open(alert)
    if alert.assignee not in ("", by) and (alert.lease_until is None or alert.lease_until > now):
        raise NotAllowed(f"'{alert.assignee}' has it; claim it first once they have released it")
