"""Suppressions and declared jobs: what was found harmless or announced, who answers for it, and until when."""

from __future__ import annotations

from typing import TYPE_CHECKING

from detectors.core.registry import all_detectors
from service.api import declaring, suppressing
from service.api.errors import Unprocessable
from service.console.visit import ROOT
from service.model.declaration import Job
from service.model.entity import Entity, Scope
from service.model.flag import Severity
from service.model.ids import event_id, text_id
from service.model.suppression import Suppression
from service.review import suppressions as rules
from service.review.jobs import declaration

if TYPE_CHECKING:
    from starlette.responses import Response

    from service.console.visit import Visit
    from service.model.declaration import Declaration

DAY = 24 * 3600 * 1_000_000
LASTS = {"7": "7 days", "30": "30 days", "90": "90 days", "365": "1 year"}
SCOPES = (Scope.ACCOUNT, Scope.ORG, Scope.END_USER, Scope.CAMPAIGN)
LOOKED = 30 * DAY
"""Microseconds that a preview looks back."""
LONGEST = 512
LARGEST = 10**12
"""Queries that a job may take at most."""
LISTED = 200


def show(visit: Visit) -> Response:
    """Both, and the form for another suppression."""
    return _page(visit)


def preview(visit: Visit) -> Response:
    """What it would have hidden of the last 30 days; nothing is stored."""
    made = _made(visit)
    return _page(visit, made, rules.preview(made, visit.control.records, visit.now - LOOKED))


def make(visit: Visit) -> Response:
    """Hide an entity's flags from the queue and from the policy until its end. The flags are kept."""
    made = _made(visit)
    suppressing.suppress(visit.control.registers, made, visit.act)
    return visit.go(f"{ROOT}/suppressions", done="made")


def lift(visit: Visit) -> Response:
    """End one before its time; it stays in the list."""
    suppressing.lift(visit.control.registers, visit.part("id")[:128], visit.now, visit.act)
    return visit.go(f"{ROOT}/suppressions", done="lifted")


def preview_job(visit: Visit) -> Response:
    """What a job would have eased, had it begun 30 days ago; nothing is stored."""
    made = _job(visit)
    return _page(visit, job=made, job_preview=rules.job_preview(made, visit.control.records, visit.now - LOOKED))


def declare(visit: Visit) -> Response:
    """Declare a job, in the place of the account's earlier one."""
    declaring.declare(visit.control.registers, _job(visit), visit.act)
    return visit.go(f"{ROOT}/suppressions", done="declared")


def withdraw(visit: Visit) -> Response:
    """Take the account's declaration back; it stays in the list."""
    declaring.take_back(visit.control.registers, visit.part("account")[:LONGEST], visit.now, visit.act)
    return visit.go(f"{ROOT}/suppressions", done="withdrawn")


def _job(visit: Visit) -> Declaration:
    account, owner, reason = (visit.field(name)[:LONGEST] for name in ("account", "job_owner", "job_reason"))
    kind, days, budget = visit.field("job"), visit.field("job_days"), visit.field("budget")
    if not (account and owner and reason):
        raise Unprocessable("a job needs the account's name, an owner and a reason")
    if kind not in list(Job) or days not in LASTS:
        raise Unprocessable("choose what the job is, and its end, from the lists")
    if not (budget.isascii() and budget.isdecimal() and 0 < int(budget[:16]) <= LARGEST):
        raise Unprocessable(f"the budget is a whole number of queries, from 1 to {LARGEST:,}")
    return declaration(
        visit.control.records, account=account, job=Job(kind), until=visit.now + int(days) * DAY,
        budget=int(budget), owner=owner, reason=reason, now=visit.now,
    )  # fmt: skip


def _made(visit: Visit) -> Suppression:
    value, owner, reason = (visit.field(name)[:LONGEST] for name in ("value", "owner", "reason"))
    scope, days, signal = visit.field("scope"), visit.field("days"), visit.field("signal")
    if not (value and owner and reason):
        raise Unprocessable("a suppression needs the entity's name, an owner and a reason")
    if scope not in SCOPES or days not in LASTS or visit.field("severity") not in list(Severity):
        raise Unprocessable("choose scope, severity and end from the lists")
    if signal and signal not in {detector.name for detector in all_detectors()}:
        raise Unprocessable("there is no detector of that name")
    return Suppression(
        id=text_id(event_id(visit.now)), entity=Entity(Scope(scope), value), owner=owner, reason=reason,
        created=visit.now, until=visit.now + int(days) * DAY, severity=Severity(visit.field("severity")), signal=signal,
    )  # fmt: skip


def _page(
    visit: Visit,
    made: Suppression | None = None,
    found: rules.Preview | None = None,
    *,
    job: Declaration | None = None,
    job_preview: rules.Preview | None = None,
) -> Response:
    registers = visit.control.registers
    jobs = [
        (one, visit.control.records.account(Entity(Scope.ACCOUNT, one.account)))
        for one in registers.declarations.all()[:LISTED]
    ]
    return visit.page(
        "suppressions.html",
        suppressions=registers.suppressions.all(),
        hits=registers.hits.all("suppression:"),
        counter=rules.counter,
        jobs=jobs,
        eased=registers.hits.all("declared:"),
        job_counter=rules.job_counter,
        kinds=list(Job),
        job=job,
        job_preview=job_preview,
        entity=visit.asked("entity")[:LONGEST],
        scope=visit.asked("scope"),
        made=made,
        preview=found,
        field=visit.field,
        scopes=SCOPES,
        severities=list(Severity),
        lasts=LASTS,
        names=[detector.name for detector in all_detectors()],
        done=visit.asked("done"),
    )
