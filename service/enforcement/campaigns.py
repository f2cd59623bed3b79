"""Decisions about a campaign follow its members: each has one of its own, made and removed with its membership.

A guard knows accounts, not campaigns, so a campaign's decision acts through those of its members. Pure functions.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

from service.model.entity import Scope

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from service.model.decision import Decision
    from service.model.entity import Entity

MARK = "~"
"""Between a campaign's decision and the member's in the latter's id; no other id has it."""


def followed(
    decisions: Iterable[Decision], members: Mapping[str, Iterable[Entity]]
) -> tuple[list[Decision], list[Decision]]:
    """What is to be made and what is to be removed, so that every member has its campaign's decisions and nobody else.

    Parameters
    ----------
    decisions
        All there are.
    members
        Campaign id -> its members now. A campaign that is not named has none.

    """
    held = {decision.id: decision for decision in decisions}
    wanted = {
        made.id: made
        for decision in held.values()
        if decision.entity.scope is Scope.CAMPAIGN
        for made in (_of_member(decision, member) for member in members.get(decision.entity.value, ()))
    }
    make = [made for key, made in wanted.items() if held.get(key) != made]
    remove = [made for key, made in held.items() if MARK in key and key not in wanted]
    return make, remove


def _of_member(decision: Decision, member: Entity) -> Decision:
    digest = hashlib.blake2b(str(member).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
    reason = f"member of {decision.entity}: {decision.reason}"
    return replace(decision, id=f"{decision.id[:40]}{MARK}{digest}", entity=member, reason=reason)
