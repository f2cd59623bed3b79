"""Declaring: the jobs of :mod:`service.review.jobs` with the errors of the API, for it and the pages alike."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from service.api.errors import NotFound, Overtaken
from service.review import jobs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from service.model.declaration import Declaration
    from service.ports import Registers
    from service.review.jobs import Doing


def declare(registers: Registers, made: Declaration, act: Doing) -> Declaration:
    """Store it in the place of the account's earlier one. Raises Conflict where somebody else just did."""
    with _told():
        return jobs.declare(registers, made, act)


def take_back(registers: Registers, account: str, now: int, act: Doing) -> None:
    """Take the account's declaration back. Raises NotFound or Conflict."""
    with _told():
        jobs.take_back(registers, account, now, act)


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except jobs.NotDeclared as error:
        raise NotFound(str(error), param="account") from None
    except jobs.Overtaken as error:
        raise Overtaken(str(error)) from None
