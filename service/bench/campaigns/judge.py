"""Judge: what the flags found of each campaign, against the labels."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from service.model.flag import Severity

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from service.bench.campaigns.drive import Run, Said
    from service.bench.campaigns.truth import Members

ALARMS = (Severity.MEDIUM, Severity.HIGH, Severity.CRITICAL)
CROWD = 8
"""Accounts of an honest crowd in a flag from which on the flag is about the crowd."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What was found of one campaign."""

    name: str
    accounts: int
    queries: int
    flagged_at: int | None
    """When it was first flagged at medium or above, microseconds since the epoch; None: never."""
    before: int
    """Its queries until then; all of them where it never was."""
    recall: float
    """Share of its accounts in its flags, by the end."""
    precision: float
    """Share of the accounts in its flags that are its own; NaN where there is none."""
    members: int
    """Accounts in its flags."""
    entities: int
    """Campaigns that it was flagged as and that are not one by the end."""
    alone_before: int
    """Its queries until one of its accounts was flagged by itself; all of them where none was."""
    alone: int
    """Its accounts that were flagged by themselves."""

    @property
    def share(self) -> float:
        """Of its queries, before the first flag."""
        return self.before / self.queries


def found(run: Run) -> dict[str, Found]:
    """By name of the campaign."""
    owners = {account: name for name, held in run.truth.campaigns.items() for account in held.accounts}
    flags = [said for said in run.said if said.is_alarm]
    about: dict[str, list[Said]] = {}
    for said in flags:
        about.setdefault(_owner(said, owners), []).append(said)
    return {name: _found(name, held, about.get(name, ()), run.accounts) for name, held in run.truth.campaigns.items()}


def _owner(said: Said, owners: Mapping[str, str]) -> str:
    """Whose most members are; empty where most are nobody's."""
    counts = Counter(owners.get(member, "") for member in said.members)
    return counts.most_common(1)[0][0] if counts else ""


def _found(name: str, held: Members, flags: Sequence[Said], alone: Mapping[str, int]) -> Found:
    first = min((said.at for said in flags), default=None)
    # The last word on each campaign counts: members are added as they show, and taken out again.
    last = {said.campaign: said for said in sorted(flags, key=lambda said: said.at)}
    for other in {other for said in flags for other in said.joined}:
        last.pop(other, None)
    members = {member for said in last.values() for member in said.members}
    by_itself = {account: at for account, at in alone.items() if account in held.accounts}
    queries = len(held.done)
    return Found(
        name=name,
        accounts=len(held.accounts),
        queries=queries,
        flagged_at=first,
        before=queries if first is None else held.by(first),
        recall=len(members & held.accounts) / len(held.accounts),
        precision=len(members & held.accounts) / len(members) if members else float("nan"),
        members=len(members),
        entities=len(last),
        alone_before=held.by(min(by_itself.values())) if by_itself else queries,
        alone=len(by_itself),
    )


@dataclass(frozen=True, slots=True)
class Crowded:
    """The severest flag about an honest crowd."""

    name: str
    accounts: int
    queries: int
    severity: Severity | None
    """None: no flag at all."""

    @property
    def is_alarm(self) -> bool:
        """Whether somebody was asked to look."""
        return self.severity in ALARMS


def crowded(run: Run, names: Sequence[str]) -> list[Crowded]:
    """Each of these crowds."""
    return [_crowded(run, name) for name in names if name in run.truth.crowds]


def _crowded(run: Run, name: str) -> Crowded:
    held = run.truth.crowds[name]
    ranks = [said.severity for said in run.said if len(held.accounts.intersection(said.members)) >= CROWD]
    worst = max(ranks, key=lambda severity: severity.rank, default=None)
    return Crowded(name, len(held.accounts), len(held.done), worst)


def false(run: Run) -> list[str]:
    """Campaigns that were flagged at medium or above and are none: most of their members are honest."""
    owners = {account: name for name, held in run.truth.campaigns.items() for account in held.accounts}
    flags = (said for said in run.said if said.is_alarm)
    # A campaign has the name of its key, in every pass of a bench.
    return sorted({said.campaign.rpartition("/")[2] for said in flags if not _owner(said, owners)})
