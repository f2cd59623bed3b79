"""Errors of our own end in one clear line on standard error and exit code 2, never in a traceback."""

from __future__ import annotations

import sys
from typing import IO, Any, NoReturn

import click

OURS = ("service.", "detectors.")


class Failure(click.ClickException):
    """What the command cannot do, and why."""

    exit_code = 2

    def show(self, file: IO[Any] | None = None) -> None:
        click.echo(f"revenuer: {self.format_message()}", file=file or sys.stderr)


def fail(message: str) -> NoReturn:
    """End the command with this message."""
    raise Failure(message)


class Group(click.Group):
    """A group whose commands end as this module says."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (click.exceptions.Exit, click.Abort, click.ClickException):
            raise
        except BrokenPipeError:
            # Whoever read the output has enough of it.
            sys.stderr.close()
            sys.exit(0)
        except OSError as error:
            where = f"{error.filename}: " if error.filename else ""
            fail(f"{where}{error.strerror or error}")
        except Exception as error:
            # Told by where it was defined, so that no command imports the parts of another to name their errors.
            if not type(error).__module__.startswith(OURS):
                raise
            fail(str(error))
