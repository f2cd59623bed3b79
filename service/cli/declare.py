"""``revenuer declare``: a job that an account announced, so that it is not held against it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from service.api.control import clock
from service.api.documents import rfc3339
from service.cli import _wiring
from service.cli._acts import by_user, user
from service.cli._fail import fail
from service.cli._options import Until, with_settings
from service.cli._output import console, table
from service.model.declaration import Job
from service.review import jobs
from service.review.suppressions import job_counter, job_preview

if TYPE_CHECKING:
    from service.bootstrap.stores import Stores
    from service.model.declaration import Declaration
    from service.settings import Settings

LOOKED = 30 * 24 * 3600 * 1_000_000
"""Microseconds that a preview looks back."""


@click.command()
@click.option("--account", metavar="ID", help="As a flag shows it; without it, the declarations are listed.")
@click.option("--kind", type=click.Choice([job.value for job in Job]), help="What the job is.")
@click.option("--until", type=Until(), metavar="7d", help="Duration or RFC 3339 time.")
@click.option("--budget", type=click.IntRange(1), metavar="N", help="Queries that the job may take.")
@click.option("--owner", default="", metavar="NAME", help="Who answers for it; you, without it.")
@click.option("--reason", default="", metavar="TEXT", help="For whoever asks later.")
@click.option("--preview", is_flag=True, help="Say what it would have eased of the last 30 days' flags; store nothing.")
@click.option("--remove", is_flag=True, help="Take the account's declaration back.")
@with_settings
def declare(
    *, settings: Settings, account: str | None, kind: str | None, until: int | None, budget: int | None, owner: str,
    reason: str, preview: bool, remove: bool,
) -> None:  # fmt: skip
    """Declare a job: until then, and for so many queries, no flag of the account goes above low."""
    with _wiring.stores(settings) as stores:
        if account is None:
            _list(stores)
            return
        if remove:
            jobs.take_back(stores.registers, account, clock(), by_user)
            return
        if not account.strip() or kind is None or until is None or budget is None:
            fail("a declaration needs --account, --kind, --until and --budget")
        now = clock()
        made = jobs.declaration(
            stores.records, account=account, job=Job(kind), until=until, budget=budget, owner=owner or user(),
            reason=reason, now=now,
        )  # fmt: skip
        if preview:
            found = job_preview(made, stores.records, now - LOOKED)
            click.echo(f"it would have eased {found.flags:,} of {found.looked_at:,} flags of the last 30 days")
            return
        jobs.declare(stores.registers, made, by_user)


def _list(stores: Stores) -> None:
    hits, now = stores.registers.hits.all("declared:"), clock()
    rows = [
        (
            made.account,
            str(made.job),
            rfc3339(made.until)[:19] + "Z",
            _state(made, now),
            f"{made.budget:,}",
            f"{hit.count if (hit := hits.get(job_counter(made.account))) else 0:,}",
            made.owner,
            made.reason,
        )
        for made in stores.registers.declarations.all()
    ]
    columns = ("account", "kind", "until", "state", "#queries", "#flags eased", "owner", "reason")
    table("", columns, rows, out=console())


def _state(made: Declaration, now: int) -> str:
    return "taken back" if made.removed is not None else "over" if made.until <= now else "in force"
