"""Campaigns for the API and the console: read with all that belongs to them, and corrected by hand, audited."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from service.api.errors import Conflict, NotFound, Overtaken
from service.model.decision import Kind
from service.model.entity import Scope
from service.review import campaigns as rules
from service.review.desk import ASKED, MOST
from service.review.standing import Standing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from service.api.control import Control
    from service.model.audit import Act
    from service.model.campaign import Campaign, Correction, Member
    from service.model.decision import Decision

    Corrections = Mapping[str, Correction]
    Change = Callable[[Campaign, Corrections], Correction | tuple[Correction, ...]]


@dataclass(frozen=True, slots=True)
class Detail:
    """A campaign with what is looked up for it."""

    campaign: Campaign
    """Its links are with that of succession, where there is one."""
    members: Sequence[Member]
    """In order of their names."""
    models: Sequence[str]
    decisions: Sequence[Decision]
    """About it and its members, newest first."""


def campaigns(control: Control) -> list[Campaign]:
    """Those there are, seen last first."""
    return rules.shown(control.records.campaigns(MOST), corrections(control))


def campaign(control: Control, name: str) -> Campaign:
    """The campaign of that id, or the one that it was merged into or seen to be.

    Raises
    ------
    NotFound
        There is none.

    """
    held = corrections(control)
    at = Standing(held).root(name)
    found = next((c for c in rules.shown(control.records.campaigns(MOST), held) if at in (c.id, *c.joined)), None)
    if found is None:
        raise NotFound("no campaign of that id", param="id")
    return found


def detail(control: Control, found: Campaign) -> Detail:
    """The campaign with its members' rows, the models it asks, and what was decided about it."""
    rows = {member.account: member for member in control.records.members(found.members)}
    members = [rows[account] for account in found.members if account in rows]
    ours = frozenset(found.members)
    about = [d for d in control.decisions.all() if _about(d, found, ours)]
    heirs = rules.succession(found, members, _blocked(about, found))
    links = (*found.links, heirs) if heirs else found.links
    models = control.records.models(found.members, ASKED)
    newest = sorted(about, key=lambda decision: decision.id, reverse=True)
    return Detail(replace(found, links=links), members, models, newest)


def correct(control: Control, name: str, change: Change, act: Act) -> Campaign:
    """Store what ``change`` makes of the campaign's correction; the campaign as it is then.

    Raises
    ------
    NotFound
        There is no campaign of that id.
    Conflict
        The change does not fit it, or somebody else corrected it in between.

    """
    found, held = campaign(control, name), corrections(control)
    try:
        made = change(found, held)
    except rules.Unfit as refused:
        raise Conflict(str(refused), code="not_allowed") from None
    several = made if isinstance(made, tuple) else (made,)
    if not control.registers.corrections.put(several[0], act, *several[1:]):
        raise Overtaken(f"campaign {found.id} was corrected by somebody else; read it again")
    return campaign(control, several[0].id)


def corrections(control: Control) -> Corrections:
    """By the campaign's id."""
    return {correction.id: correction for correction in control.registers.corrections.all()}


def _about(decision: Decision, found: Campaign, members: frozenset[str]) -> bool:
    if decision.entity.scope is Scope.CAMPAIGN:
        return decision.entity.value in (found.id, *found.merged, *found.joined)
    return decision.entity.scope is Scope.ACCOUNT and decision.entity.value in members


def _blocked(decisions: Iterable[Decision], found: Campaign) -> dict[str, int]:
    """Members that are blocked for all to see, and since when."""
    since: dict[str, int] = {}
    for decision in decisions:
        if decision.kind is Kind.BLOCK and not decision.simulated and decision.entity.scope is Scope.ACCOUNT:
            at = max(decision.since, decision.created)
            since[decision.entity.value] = min(at, since.get(decision.entity.value, at))
    return {account: at for account, at in since.items() if account in found.members}
