"""``revenuer token``: who may ask the control plane."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from service.api.access import Role
from service.api.control import clock
from service.api.documents import rfc3339
from service.api.tokens import issue, retire_first
from service.cli import _wiring
from service.cli._acts import by_user, user
from service.cli._fail import Group, fail
from service.cli._options import Duration, with_settings
from service.cli._output import console, safe, table

if TYPE_CHECKING:
    from service.settings import Settings


@click.group(cls=Group)
def token() -> None:
    """Tokens of the control plane."""


@token.command()
@click.option("--role", required=True, type=click.Choice([role.value for role in Role]))
@click.option("--expires", type=Duration(), metavar="90d", help="How long it is good for; without it, until revoked.")
@click.option("--note", default="", metavar="TEXT", help="Whom or what it is for.")
@with_settings
def create(*, settings: Settings, role: str, expires: int | None, note: str) -> None:
    """Make a token and print it, alone, on standard output. It is shown this once.

    An admin token takes the place of the one of the first start, which is revoked.
    """
    key = _wiring.secrets(settings).token_key
    with _wiring.prepared(settings) as stores:
        if role == Role.ADMIN and retire_first(stores.tokens, settings, actor=user()):
            click.echo("the admin token of the first start is revoked", err=True)
        text = issue(stores.tokens, key, role=Role(role), now=clock(), life=expires, note=note, actor=user())
    click.echo(text)


@token.command("list")
@with_settings
def list_tokens(*, settings: Settings) -> None:
    """List the tokens, by id; the tokens themselves are not stored."""
    now = clock()
    with _wiring.stores(settings) as stores:
        held = sorted(stores.tokens.all(), key=lambda token: token.created)
    rows = [
        (
            stored.id,
            stored.role,
            rfc3339(stored.created)[:19] + "Z",
            "never" if stored.expires is None else rfc3339(stored.expires)[:19] + "Z",
            "expired" if stored.expires is not None and stored.expires <= now else "good",
            safe(stored.note),
        )
        for stored in held
    ]
    table("", ("id", "role", "created", "expires", "state", "note"), rows, out=console())


@token.command()
@click.argument("token_id", metavar="ID")
@with_settings
def revoke(*, settings: Settings, token_id: str) -> None:
    """Revoke the token of that id, at once and for good."""
    if token_id.startswith("rvn_"):
        fail("give the token's id, the part between the underscores, not the token")
    with _wiring.stores(settings) as stores:
        if not stores.tokens.revoke(token_id, by_user("token.revoked", f"token:{token_id}")):
            fail(f"no token of id '{safe(token_id, 64)}'; 'revenuer token list' shows them")
    click.echo(f"token {token_id} is revoked", err=True)
