"""``revenuer user``: who may sign in to the console, and as what."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from service.api.documents import rfc3339
from service.cli import _wiring
from service.cli._acts import by_user
from service.cli._fail import Group, fail
from service.cli._options import with_settings
from service.cli._output import console, safe, table
from service.model.user import Role

if TYPE_CHECKING:
    from service.access.people import People
    from service.settings import Settings

ROLES = click.Choice([role.value for role in Role])


@click.group(cls=Group)
def user() -> None:
    """Users of the console: viewers, analysts and admins."""


@user.command()
@click.argument("name")
@click.option("--role", required=True, type=ROLES)
@click.option("--password", is_flag=True, help="Ask for a password here, instead of making a one-time link.")
@with_settings
def add(*, settings: Settings, name: str, role: str, password: bool) -> None:
    """Add a user; prints the one-time link, good for a day, by which they set their password."""
    given = click.prompt("password", hide_input=True, confirmation_prompt=True, err=True) if password else ""
    with _wiring.people(settings, create=True) as people:
        people.add(name, Role(role), by_user("user.added", f"user:{name}", role=role), password=given)
        if not password:
            _link(settings, people, name)


@user.command()
@click.argument("name")
@with_settings
def link(*, settings: Settings, name: str) -> None:
    """Print a one-time link by which the user sets a new password."""
    with _wiring.people(settings) as people:
        _link(settings, people, name)


@user.command("list")
@with_settings
def list_users(*, settings: Settings) -> None:
    """List the users, newest first."""
    with _wiring.people(settings) as people:
        rows = [
            (
                found.id,
                str(found.role),
                rfc3339(found.created)[:19] + "Z",
                "good" if found.disabled is None else f"disabled {rfc3339(found.disabled)[:19]}Z",
                "provider" if found.subject else "password" if found.password else "link not used yet",
            )
            for found in people.all()
        ]
    table("", ("name", "role", "created", "state", "signs in by"), rows, out=console())


@user.command()
@click.argument("name")
@click.argument("new", metavar="ROLE", type=ROLES)
@with_settings
def role(*, settings: Settings, name: str, new: str) -> None:
    """Give a user another role, from their next request on."""
    with _wiring.people(settings) as people:
        people.set_role(name, Role(new), by_user("user.role_set", f"user:{name}", role=new))


@user.command()
@click.argument("name")
@with_settings
def disable(*, settings: Settings, name: str) -> None:
    """Let a user in no longer: their sessions end at once, and their tokens open nothing."""
    with _wiring.people(settings) as people:
        people.disable(name, by_user("user.disabled", f"user:{name}"))
    click.echo(f"user {safe(name, 64)} is disabled", err=True)


@user.command()
@click.argument("name")
@with_settings
def enable(*, settings: Settings, name: str) -> None:
    """Let a disabled user in again."""
    with _wiring.people(settings) as people:
        people.enable(name, by_user("user.enabled", f"user:{name}"))


def _link(settings: Settings, people: People, name: str) -> None:
    if people.find(name) is None:
        fail(f"no user '{safe(name, 64)}'; 'revenuer user list' shows them")
    secret = people.link(name, by_user("user.link_made", f"user:{name}"))
    click.echo(_wiring.welcome(settings, secret))
