"""Suppressing: an entity's flags hidden, and shown again, for the API and the pages alike."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from service.api.errors import Conflict, NotFound, Overtaken

if TYPE_CHECKING:
    from service.model.suppression import Suppression
    from service.ports import Registers
    from service.review.jobs import Doing


def suppress(registers: Registers, made: Suppression, act: Doing) -> None:
    """Hide the entity's flags from the queue and from the policy until its end. The flags are kept."""
    detail = {"id": made.id, "owner": made.owner, "reason": made.reason, "until": str(made.until)}
    registers.suppressions.put(made, act("suppression.made", str(made.entity), **detail))


def lift(registers: Registers, suppression_id: str, now: int, act: Doing) -> None:
    """End it before its time; it stays in the list.

    Raises
    ------
    NotFound, Conflict
        There is none of that id; it is lifted already, or was changed meanwhile.

    """
    found = registers.suppressions.find(suppression_id)
    if found is None:
        raise NotFound("no suppression of that id", param="id")
    if found.lifted is not None:
        raise Conflict("it is lifted already")
    lifted = replace(found, lifted=now, version=found.version + 1)
    if not registers.suppressions.put(lifted, act("suppression.lifted", str(found.entity), id=found.id)):
        raise Overtaken
