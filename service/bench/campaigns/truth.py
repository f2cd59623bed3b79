"""Truth: which account belongs to what, and when a campaign's queries were answered, as the labels say."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from service.gateway.dialects import Dialects
from service.replay.records import read

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from service.model.query import QueryEvent


def _times() -> array[int]:
    return array("q")


@dataclass(slots=True)
class Members:
    """One campaign, or one honest crowd."""

    accounts: set[str] = field(default_factory=set)
    successors: set[str] = field(default_factory=set)
    """Those that came in place of members who were shut out."""
    first: dict[str, int] = field(default_factory=dict)
    """Account -> completion of its first query."""
    done: array[int] = field(default_factory=_times)
    """Completion of each query, microseconds since the epoch, in order of arrival."""

    def by(self, at: int) -> int:
        """Queries completed by then."""
        return bisect_right(sorted(self.done), at)

    def seen_by(self, at: int) -> set[str]:
        """Accounts that had asked something by then."""
        return {account for account, first in self.first.items() if first <= at}


@dataclass(slots=True)
class Truth:
    """What the labels say of a stream. No detector sees it."""

    campaigns: dict[str, Members] = field(default_factory=dict)
    crowds: dict[str, Members] = field(default_factory=dict)
    """By family: every kind of honest account."""
    events: int = 0

    @property
    def honest(self) -> int:
        """Queries of honest accounts."""
        return sum(len(crowd.done) for crowd in self.crowds.values())

    @property
    def honest_accounts(self) -> int:
        """How many there are."""
        return sum(len(crowd.accounts) for crowd in self.crowds.values())

    def without(self, names: Collection[str]) -> Truth:
        """The truth of the stream without these campaigns."""
        kept = {name: held for name, held in self.campaigns.items() if name not in names}
        gone = sum(len(self.campaigns[name].done) for name in names)
        return Truth(kept, self.crowds, self.events - gone)

    def noted(self, records: Iterable[dict[str, Any]]) -> Iterator[QueryEvent]:
        """The events of records, each noted by its label on its way."""
        dialects = Dialects()
        for number, record in enumerate(records):
            event = read(record, dialects=dialects, number=number)
            self._note(event, record.get("label") or {})
            yield event

    def _note(self, event: QueryEvent, label: dict[str, Any]) -> None:
        self.events += 1
        family = str(label.get("family", ""))
        if label.get("attack"):
            members = self.campaigns.setdefault(str(label.get("campaign") or family), Members())
        else:
            members = self.crowds.setdefault(family, Members())
        members.accounts.add(event.account)
        members.first.setdefault(event.account, event.done)
        members.done.append(event.done)
        if family.endswith("/successor"):
            members.successors.add(event.account)
