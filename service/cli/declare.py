"""``revenuer declare``: a job that an account announced, so that it is not held against it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from service.api.control import clock
from service.api.documents import rfc3339
from service.cli import _wiring
from service.cli._fail import fail
from service.cli._options import Until, with_settings
from service.cli._output import console, table
from service.model.declaration import Declaration, Job
from service.model.entity import Entity, Scope

if TYPE_CHECKING:
    from service.settings import Settings


@click.command()
@click.option("--account", metavar="ID", help="As a flag shows it; without it, the declarations are listed.")
@click.option("--kind", type=click.Choice([job.value for job in Job]), help="What the job is.")
@click.option("--until", type=Until(), metavar="7d", help="Duration or RFC 3339 time.")
@click.option("--budget", type=click.IntRange(1), metavar="N", help="Queries that the job may take.")
@click.option("--remove", is_flag=True, help="Take the account's declaration back.")
@with_settings
def declare(
    *, settings: Settings, account: str | None, kind: str | None, until: int | None, budget: int | None, remove: bool
) -> None:
    """Declare a job: until then, and for so many queries, no flag of the account goes above low."""
    held = _wiring.declarations(settings)
    if account is None:
        rows = [
            (made.account, str(made.job), rfc3339(made.until)[:19] + "Z", f"{made.budget:,}")
            for made in held.all().values()
        ]
        table("", ("account", "kind", "until", "#queries"), rows, out=console())
        return
    if remove:
        if not held.remove(account):
            fail("no declaration of that account")
        return
    if not account.strip() or kind is None or until is None or budget is None:
        fail("a declaration needs --account, --kind, --until and --budget")
    with _wiring.stores(settings) as stores:
        known = stores.records.account(Entity(Scope.ACCOUNT, account))
    before = known.queries if known else 0
    now = clock()
    held.put(Declaration(account=account, job=Job(kind), since=now, until=until, budget=budget, before=before))
