"""Declared jobs: how one is declared and taken back, for the API, the pages and the command line alike."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from service.model.declaration import Declaration
from service.model.entity import Entity, Scope

if TYPE_CHECKING:
    from collections.abc import Callable

    from service.model.audit import Act
    from service.model.declaration import Job
    from service.ports import Records, Registers

    Doing = Callable[..., Act]
    """From what was done, to whom, with which details, to the act of whoever does it."""


class NotDeclared(Exception):
    """There is no such job."""


class Overtaken(Exception):
    """Somebody else changed it meanwhile."""


def declaration(
    records: Records, *, account: str, job: Job, until: int, budget: int, owner: str, reason: str, now: int
) -> Declaration:
    """The job, whose budget counts from what the account has asked so far.

    Parameters
    ----------
    until, now
        Microseconds since the epoch.

    """
    known = records.account(Entity(Scope.ACCOUNT, account))
    return Declaration(
        account=account, job=job, since=now, until=until, budget=budget, before=known.queries if known else 0,
        owner=owner, reason=reason,
    )  # fmt: skip


def declare(registers: Registers, made: Declaration, act: Doing) -> Declaration:
    """Store it in the place of the account's earlier one.

    Raises
    ------
    Overtaken
        Somebody else declared one for the account meanwhile.

    """
    before = registers.declarations.find(made.account)
    after = replace(made, version=before.version + 1) if before else made
    detail = {
        "job": str(made.job), "owner": made.owner, "reason": made.reason, "until": str(made.until),
        "budget": str(made.budget),
    }  # fmt: skip
    if not registers.declarations.put(after, act("job.declared", f"account:{made.account}", **detail)):
        raise Overtaken("a job of this account was declared by somebody else meanwhile; read it again")
    return after


def take_back(registers: Registers, account: str, now: int, act: Doing) -> None:
    """Take the account's declaration back, before its end.

    Raises
    ------
    NotDeclared, Overtaken
        There is none, or somebody else changed it meanwhile.

    """
    found = registers.declarations.find(account)
    if found is None or found.removed is not None:
        raise NotDeclared("no declaration of that account")
    after = replace(found, removed=now, version=found.version + 1)
    if not registers.declarations.put(after, act("job.withdrawn", f"account:{account}", reason=found.reason)):
        raise Overtaken("it was changed by somebody else meanwhile; read it again")
