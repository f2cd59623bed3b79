"""Campaign: accounts that act as one, why each link between them is believed, and what people corrected of it.

What the machine found of a campaign is in its flags, which never change; what a reviewer knows better is in
*corrections*, one document a campaign. A campaign as it is shown is its newest flag under its correction, so a
correction holds whatever the machine finds next.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from service.model.flag import Flag, Severity
    from service.model.link import Link, Odometer


@dataclass(frozen=True, slots=True)
class Member:
    """An account of a campaign."""

    account: str
    queries: int
    """All of the account's; 0 where its row is past its time."""
    first_seen: int
    """Event time, microseconds since the epoch, as ``last_seen``; 0 where its row is past its time."""
    last_seen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """A campaign as it is shown: what was found of it, under what people corrected."""

    id: str
    flag: Flag
    """The newest one."""
    severity: Severity
    """Highest of the flags that it is made of."""
    first_seen: int
    last_seen: int
    members: tuple[str, ...]
    """Accounts, in order of their names."""
    links: tuple[Link, ...]
    odometer: Odometer | None
    """None where it was not counted: of a part that was split off, and of flags of earlier releases."""
    merged: tuple[str, ...] = ()
    """Ids of campaigns that somebody put into it."""
    joined: tuple[str, ...] = ()
    """Ids of campaigns that were flagged before they were seen to be this one."""
    split_from: str = ""
    """Id of the campaign that somebody split it off from."""
    excluded: tuple[str, ...] = ()
    """Accounts that somebody took out, under whichever of its ids, and that stay out."""

    @property
    def pace(self) -> float | None:
        """Queries a day, from the first seen to the last; None where they were not counted."""
        if self.odometer is None:
            return None
        days = max((self.last_seen - self.first_seen) / 86_400_000_000, 1 / 24)
        return self.odometer.queries / days


@dataclass(frozen=True, slots=True)
class Split:
    """Accounts that somebody made a campaign of their own."""

    id: str
    accounts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """What people know better of one campaign. Kept for good; each change makes a new version of it."""

    id: str
    """Of the campaign."""
    created: int
    """Wall-clock time of the first one, microseconds since the epoch."""
    into: str = ""
    """The campaign that it was merged into."""
    excluded: tuple[str, ...] = ()
    splits: tuple[Split, ...] = ()
    version: int = 1
