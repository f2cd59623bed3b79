"""Campaigns: read, and corrected by hand. A correction holds whatever is found later."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Path, Query, Request

from service.api import acts, campaigning
from service.api.campaign_schema import AccountsIn, CampaignDetail, CampaignPage, MemberPage, MergeIn
from service.api.documents import Document, campaign_detail, campaign_document, member_document
from service.api.parameters import Cursor, Limit
from service.api.responses import errors
from service.api.schema import VALUE_LENGTH
from service.model.flag import Severity
from service.review import campaigns as rules

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fastapi import FastAPI

    from service.api.control import Control
    from service.model.campaign import Campaign

    Made = Callable[..., Any]

Member = Annotated[str | None, Query(min_length=1, max_length=VALUE_LENGTH, description="those that it is a member of")]
SHOWN = 500
"""Members and decisions of a campaign's own page."""
REFUSALS = errors(404, 409, 413, 415, 422)
CHANGES: dict[str, tuple[str, Made, str]] = {
    "exclude": ("excluded", rules.excluded, "Take accounts out of it; they stay out, whatever is found later."),
    "include": ("included", rules.included, "Let accounts that were taken out be members again."),
    "split": ("split", rules.split, "Make some of its members a campaign of their own; the answer is what is left."),
}
"""What a reviewer does to members -> what was done then, the correction itself, and what the API says of it."""


def add(app: FastAPI, control: Control) -> None:
    """``/api/v1/campaigns`` and what is below it."""
    _add_reading(app, control)
    _add_merging(app, control)
    for verb, (done, made, words) in CHANGES.items():
        _add_change(app, control, verb, done=done, made=made, words=words)


def _add_reading(app: FastAPI, control: Control) -> None:
    @app.get("/api/v1/campaigns", response_model=CampaignPage, responses=errors(422), tags=["campaigns"])
    def list_campaigns(
        *,
        severity: Annotated[Severity | None, Query(description="at least this")] = None,
        account: Member = None,
        cursor: Cursor = None,
        limit: Limit = 50,
    ) -> Document:
        """Campaigns, seen last first; of the 500 that were flagged last."""
        filters = {"severity": severity, "account": account}
        after = control.cursors.open(cursor, "campaigns", filters)
        found = [c for c in campaigning.campaigns(control) if _chosen(c, severity, account)]
        items, following = _page(found, _place, after, limit)
        return {
            "items": [campaign_document(campaign) for campaign in items],
            "next": control.cursors.seal(following, "campaigns", filters),
        }

    @app.get("/api/v1/campaigns/{id}", response_model=CampaignDetail, responses=errors(404, 422), tags=["campaigns"])
    def read_campaign(campaign_id: Annotated[str, Path(alias="id", max_length=128)]) -> Document:
        """One campaign: members, why each link between them is believed, what it took, and what was decided.

        The id of one that was merged into another gives that one.
        """
        return _detail(control, campaigning.campaign(control, campaign_id))

    @app.get(
        "/api/v1/campaigns/{id}/members", response_model=MemberPage, responses=errors(404, 422), tags=["campaigns"]
    )
    def list_members(
        campaign_id: Annotated[str, Path(alias="id", max_length=128)], *, cursor: Cursor = None, limit: Limit = 50
    ) -> Document:
        """Its members that have a row, by name."""
        found = campaigning.campaign(control, campaign_id)
        filters = {"campaign": found.id}
        after = control.cursors.open(cursor, "members", filters)
        behind = [name for name in found.members if after is None or name > after][: limit + 1]
        rows = sorted(control.records.members(behind[:limit]), key=lambda member: member.account)
        following = behind[limit - 1] if len(behind) > limit else None
        return {
            "items": [member_document(member) for member in rows],
            "next": control.cursors.seal(following, "members", filters),
        }


def _add_merging(app: FastAPI, control: Control) -> None:
    @app.post("/api/v1/campaigns/{id}/merge", response_model=CampaignDetail, responses=REFUSALS, tags=["campaigns"])
    def merge_campaign(
        campaign_id: Annotated[str, Path(alias="id", max_length=128)], body: MergeIn, request: Request
    ) -> Document:
        """Make it part of another campaign; the answer is that one. What is found of it later is that one's too."""
        into, now = campaigning.campaign(control, body.into), control.clock()
        subject = f"campaign:{campaign_id}"
        act = acts.by_token(request, now, "campaign.merged", subject, into=into.id, reason=body.reason)
        return _detail(
            control,
            campaigning.correct(control, campaign_id, lambda found, held: rules.merged(found, into, held, now), act),
        )


def _add_change(app: FastAPI, control: Control, verb: str, *, done: str, made: Made, words: str) -> None:
    def handle(
        campaign_id: Annotated[str, Path(alias="id", max_length=128)], body: AccountsIn, request: Request
    ) -> Document:
        now, accounts = control.clock(), sorted(set(body.accounts))
        detail = {"accounts": str(len(accounts)), "first": accounts[0], "reason": body.reason}
        act = acts.by_token(request, now, f"campaign.{done}", f"campaign:{campaign_id}", **detail)
        change = partial(_members, made, accounts, now)
        return _detail(control, campaigning.correct(control, campaign_id, change, act))

    app.post(
        f"/api/v1/campaigns/{{id}}/{verb}",
        response_model=CampaignDetail,
        responses=REFUSALS,
        tags=["campaigns"],
        name=f"{verb}_accounts",
        description=words,
    )(handle)


def _members(made: Made, accounts: Sequence[str], now: int, found: Campaign, held: Any) -> Any:
    return made(found, accounts, held, now)


def _detail(control: Control, found: Campaign) -> Document:
    whole = campaigning.detail(control, found)
    return campaign_detail(
        whole.campaign, members=whole.members[:SHOWN], models=whole.models, decisions=whole.decisions[:SHOWN]
    )


def _chosen(campaign: Campaign, severity: Severity | None, account: str | None) -> bool:
    return (severity is None or campaign.severity.rank >= severity.rank) and (
        account is None or account in campaign.members
    )


def _place(campaign: Campaign) -> str:
    """Its place in the listing, as a string that falls along it."""
    return f"{campaign.last_seen:020d}:{campaign.id}"


def _page(
    found: Sequence[Campaign], place: Callable[[Campaign], str], after: str | None, limit: int
) -> tuple[Sequence[Campaign], str | None]:
    rest = [campaign for campaign in found if after is None or place(campaign) < after]
    return rest[:limit], place(rest[limit - 1]) if len(rest) > limit else None
