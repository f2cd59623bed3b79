"""The documents about campaigns, declared."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from service.api.schema import VALUE_LENGTH, DecisionOut, FlagOut, LinkOut, OdometerOut, Time, _Out
from service.model.flag import Severity

Account = Annotated[str, Field(min_length=1, max_length=VALUE_LENGTH)]


class CampaignOut(_Out):
    """Accounts that act as one, as the machine found them under what reviewers corrected."""

    id: str
    severity: Severity = Field(description="highest of its flags")
    first_seen: Time
    last_seen: Time
    accounts: int
    odometer: OdometerOut | None = Field(description="what it has taken so far; null of a part that was split off")
    pace: float | None = Field(description="queries a day, from the first seen to the last")
    kinds: list[str] = Field(description="kinds of its links")
    reason: str = Field(description="the most telling reason of its newest flag")
    merged: list[str] = Field(description="campaigns that a reviewer put into it")
    joined: list[str] = Field(description="campaigns that were flagged before they were seen to be this one")
    split_from: str | None = Field(description="campaign that a reviewer split it off from")


class CampaignPage(_Out):
    """Campaigns, seen last first; ``next`` is the cursor of the next page, null on the last."""

    items: list[CampaignOut]
    next: str | None


class MemberOut(_Out):
    """An account of a campaign."""

    account: str
    queries: int = Field(description="all of the account's, of the campaign or not")
    first_seen: Time
    last_seen: Time


class MemberPage(_Out):
    """Members by name; ``next`` is the cursor of the next page, null on the last."""

    items: list[MemberOut]
    next: str | None


class CampaignDetail(CampaignOut):
    """A campaign with why it is one."""

    links: list[LinkOut]
    models: list[str] = Field(description="asked by its members' newest queries")
    members: list[MemberOut] = Field(description="by name, the first 500; `/members` has them all")
    excluded: list[str] = Field(description="accounts that a reviewer took out, and that stay out")
    evidence: FlagOut = Field(description="its newest flag")
    decisions: list[DecisionOut] = Field(description="about it and its members, newest first, at most 500")


class MergeIn(_Out):
    """Which campaign it becomes part of."""

    into: str = Field(min_length=1, max_length=128)
    reason: str = Field(min_length=1, max_length=1000)


class AccountsIn(_Out):
    """Which members it is about."""

    accounts: list[Account] = Field(min_length=1, max_length=10_000)
    reason: str = Field(min_length=1, max_length=1000)
