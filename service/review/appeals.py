"""What becomes of an appeal: pure functions from an appeal and what somebody does to it."""

from __future__ import annotations

from dataclasses import replace

from service.model.appeal import Appeal, AppealState


class NotDecided(Exception):
    """The appeal cannot be decided in that way; the message says why."""


def decided(appeal: Appeal, state: AppealState, *, by: str, answer: str, now: int) -> Appeal:
    """The appeal, decided by somebody who neither filed it nor made what it is against.

    Raises
    ------
    NotDecided
        It is decided already, or ``by`` has had a part in it.

    """
    _filed(appeal)
    if by == appeal.filed_by or by in appeal.decided_before:
        raise NotDecided("a second reviewer decides: neither who filed it nor who made the decision")
    return replace(appeal, state=state, decided_by=by, decided=now, answer=answer, version=appeal.version + 1)


def withdrawn(appeal: Appeal, by: str, now: int) -> Appeal:
    """The appeal, taken back."""
    _filed(appeal)
    return replace(appeal, state=AppealState.WITHDRAWN, decided_by=by, decided=now, version=appeal.version + 1)


def _filed(appeal: Appeal) -> None:
    if appeal.state is not AppealState.FILED:
        raise NotDecided(f"it is {appeal.state} already")
