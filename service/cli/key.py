"""``revenuer key``: a caller key's name in the identity map."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from service.cli import _wiring
from service.cli._fail import Group, fail
from service.cli._options import with_settings

if TYPE_CHECKING:
    from service.settings import Settings


@click.group(cls=Group)
def key() -> None:
    """Caller keys, which are known by their digests only."""


@key.command()
@with_settings
def digest(*, settings: Settings) -> None:
    """Print the digest of a caller key, to name the caller in the identity map.

    The key is read from standard input or from a hidden prompt, never from the command line, which others can see.
    """
    text = click.prompt("caller key", hide_input=True, err=True) if sys.stdin.isatty() else sys.stdin.read()
    if not text.strip():
        fail("no key on standard input")
    click.echo(_wiring.key_digest(_wiring.secrets(settings).pepper, text))
