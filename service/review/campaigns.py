"""Campaigns as reviewers see them: what the machine found, under what people corrected of it.

Pure functions from flags and corrections. A flag never changes and the next one may come at any time, so a correction
is applied whenever a campaign is read or a flag is gathered: it holds against whatever is found later. Exclusions and
splits of a campaign apply to all that is merged into it too.

Campaigns that were flagged before they were seen to be one are shown as one; the newest flag counts them all. What was
corrected of each of them holds.

What a split part took is not counted apart, so it has no odometer. A campaign of several has the sum of what they
took, and the largest share of topics that one of them asked about, which is at least what they covered together.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from service.model.campaign import Campaign, Correction, Split
from service.model.entity import Entity, Scope
from service.model.link import Link, LinkKind, Odometer
from service.review.standing import Standing

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from service.model.campaign import Member
    from service.model.flag import Flag, Severity
    from service.ports import FoundCampaign
    from service.review.standing import Corrections

HOURS = 72
"""After a block within which accounts that take up a campaign's content are its successors."""
PAIR = 2


class Unfit(Exception):
    """The correction does not fit the campaign as it stands; the message says why."""


@dataclass(frozen=True, slots=True)
class _Part:
    """What one campaign, or one split of it, holds by what was found."""

    id: str
    members: frozenset[str]
    found: FoundCampaign
    split_from: str = ""


def shown(found: Iterable[FoundCampaign], corrections: Corrections, *, apart: bool = False) -> list[Campaign]:
    """The campaigns there are, seen last first; one without members left is none.

    Parameters
    ----------
    apart
        Each as it was flagged last, also where it was seen to be part of another one since.

    """
    found = list(found)
    standing = Standing(corrections) if apart else Standing.of((item.flag for item in found), corrections)
    parts: dict[str, list[_Part]] = defaultdict(list)
    for item in found:
        for part in _parts(_Part(item.flag.entity.value, frozenset(item.flag.members), item), corrections):
            parts[standing.root(part.id)].append(part)
    made = (_campaign(name, some, standing) for name, some in parts.items())
    return sorted((c for c in made if c.members), key=lambda c: (c.last_seen, c.id), reverse=True)


def corrected(flag: Flag, standing: Standing) -> Flag | None:
    """A campaign's flag as it is to be gathered: of the campaign that it is part of, about the members left to it.

    None where nobody is left. A flag of another scope is as it was.
    """
    if flag.entity.scope is not Scope.CAMPAIGN:
        return flag
    name = standing.root(flag.entity.value)
    parts = {name, flag.entity.value, *flag.joined, *standing.ones.get(name, ())}
    away = {account for at in parts for account in _away(at, name, standing)}
    left = tuple(account for account in flag.members if account not in away)
    if flag.members and not left:
        return None
    return replace(flag, entity=Entity(Scope.CAMPAIGN, name), members=left)


def merged(campaign: Campaign, into: Campaign, corrections: Corrections, now: int) -> Correction:
    """The correction by which ``campaign`` is part of ``into``.

    Raises
    ------
    Unfit
        They are one campaign already.

    """
    if campaign.id == into.id:
        raise Unfit("they are one campaign already")
    return replace(_next(campaign.id, corrections, now), into=into.id)


def excluded(campaign: Campaign, accounts: Sequence[str], corrections: Corrections, now: int) -> Correction:
    """The correction by which the accounts are no members, whatever is found later.

    Raises
    ------
    Unfit
        One of them is no member.

    """
    _refuse_strangers(campaign, accounts)
    before = _next(campaign.id, corrections, now)
    return replace(before, excluded=tuple(sorted({*before.excluded, *accounts})))


def included(campaign: Campaign, accounts: Sequence[str], corrections: Corrections, now: int) -> tuple[Correction, ...]:
    """The corrections by which accounts that were taken out may be members again, under whichever id it was done.

    Raises
    ------
    Unfit
        One of them was not taken out.

    """
    others = sorted(set(accounts) - set(campaign.excluded))
    if others:
        raise Unfit(f"'{others[0]}' was not taken out of campaign {campaign.id}")
    parts = (_next(name, corrections, now) for name in _names(campaign) if name in corrections)
    return tuple(
        replace(before, excluded=tuple(name for name in before.excluded if name not in accounts))
        for before in parts
        if not set(accounts).isdisjoint(before.excluded)
    )


def split(campaign: Campaign, accounts: Sequence[str], corrections: Corrections, now: int) -> Correction:
    """The correction by which the accounts are a campaign of their own.

    Raises
    ------
    Unfit
        One of them is no member, or all members would leave.

    """
    _refuse_strangers(campaign, accounts)
    if len(set(accounts)) == len(campaign.members):
        raise Unfit("nobody would be left in the campaign: split off fewer of its members")
    before = _next(campaign.id, corrections, now)
    whole = "|".join([campaign.id, str(before.version), *sorted(set(accounts))])
    name = hashlib.blake2b(whole.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
    return replace(before, splits=(*before.splits, Split(name, tuple(sorted(set(accounts))))))


def succession(campaign: Campaign, members: Iterable[Member], blocked: Mapping[str, int]) -> Link | None:
    """The link of members who came after others were blocked; None where nobody did.

    Parameters
    ----------
    blocked
        Member -> since when it is blocked, microseconds since the epoch.

    """
    ours = [blocked[account] for account in campaign.members if account in blocked]
    span = HOURS * 3_600_000_000
    heirs = sorted(m.account for m in members if any(at < m.first_seen <= at + span for at in ours))
    if not heirs:
        return None
    rate = campaign.flag.false_positive_rate
    words = (
        f"{_accounts(len(heirs))} first seen within {HOURS} hours after {_accounts(len(ours))} of the campaign"
        f" {'was' if len(ours) == 1 else 'were'} blocked, with the same content"
    )
    return Link(LinkKind.SUCCESSION, tuple(heirs), 1.0 - rate.estimate, rate.estimate, rate.n, words)


def _parts(part: _Part, corrections: Corrections) -> Iterable[_Part]:
    """A campaign without those split off, and each of the splits, which may have been corrected too."""
    correction = corrections.get(part.id)
    rest = part.members
    for apart in correction.splits if correction else ():
        moved = rest.intersection(apart.accounts)
        rest -= moved
        yield from _parts(_Part(apart.id, moved, part.found, part.id), corrections)
    yield replace(part, members=rest.difference(_excluded(part.id, corrections)))


def _campaign(name: str, whole: Sequence[_Part], standing: Standing) -> Campaign:
    # What is seen to be of it stands in its own flag already.
    seen = standing.ones.get(name, ())
    parts = [part for part in whole if part.id not in seen] or whole
    newest = max(parts, key=lambda part: (part.id == name, part.found.flag.flagged_at, part.id))
    away = frozenset(account for at in (name, *seen) for account in _away(at, name, standing))
    members = frozenset[str]().union(*(part.members for part in parts)) - away
    flags = [part.found.flag for part in parts if part.members]
    others = tuple(sorted({part.id for part in parts if part.id != name}.difference(seen)))
    out = {account for at in (name, *seen, *others) for account in _excluded(at, standing.corrections)}
    links = [link for flag in flags for link in flag.links]
    by_hand = [_joined(others, members)] if others and len(members) >= PAIR else []
    return Campaign(
        id=name,
        flag=newest.found.flag,
        severity=_worst([part.found.severity for part in whole]),
        first_seen=min((flag.first_seen for flag in flags), default=newest.found.flag.first_seen),
        last_seen=max((flag.last_seen for flag in flags), default=newest.found.flag.last_seen),
        members=tuple(sorted(members)),
        links=(*filter(None, (_within(link, members) for link in links)), *by_hand),
        odometer=None if newest.split_from else _sum([flag.odometer for flag in flags]),
        merged=others,
        joined=tuple(at for at in seen if at != name),
        split_from=newest.split_from,
        excluded=tuple(sorted(out - members)),
    )


def _joined(others: Sequence[str], members: frozenset[str]) -> Link:
    words = f"a reviewer put {', '.join(others)} into it"
    return Link(LinkKind.REVIEWER, tuple(sorted(members)), 1.0, 0.0, 0, words)


def _within(link: Link, members: frozenset[str]) -> Link | None:
    """The link between those who are left; None where it ties nobody."""
    left = tuple(account for account in link.accounts if account in members)
    return replace(link, accounts=left) if len(left) >= PAIR else None


def _sum(odometers: Sequence[Odometer | None]) -> Odometer | None:
    held = [odometer for odometer in odometers if odometer is not None]
    if not held:
        return None
    topics = max(o.topics for o in held)
    return Odometer(sum(o.queries for o in held), sum(o.output_tokens for o in held), topics)


def _worst(severities: Sequence[Severity]) -> Severity:
    return max(severities, key=lambda severity: severity.rank)


def _away(at: str, name: str, standing: Standing) -> Iterable[str]:
    """Accounts that are not in the campaign of that name by the correction of ``at``, which is part of it."""
    correction = standing.corrections.get(at)
    if correction is not None:
        yield from correction.excluded
        for apart in correction.splits:
            if standing.root(apart.id) != name:
                yield from apart.accounts


def _excluded(name: str, corrections: Corrections) -> tuple[str, ...]:
    correction = corrections.get(name)
    return correction.excluded if correction else ()


def _names(campaign: Campaign) -> tuple[str, ...]:
    """Every id under which it may have been corrected."""
    return (campaign.id, *campaign.joined, *campaign.merged)


def _next(name: str, corrections: Corrections, now: int) -> Correction:
    before = corrections.get(name)
    return replace(before, version=before.version + 1) if before else Correction(id=name, created=now)


def _refuse_strangers(campaign: Campaign, accounts: Sequence[str]) -> None:
    strangers = sorted(set(accounts) - set(campaign.members))
    if strangers:
        raise Unfit(f"'{strangers[0]}' is no member of campaign {campaign.id}")


def _accounts(number: int) -> str:
    return f"{number:,} account" if number == 1 else f"{number:,} accounts"
