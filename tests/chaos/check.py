"""The log, held against what the clients know."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from service.model.entity import Scope
from tests.chaos.left import accounts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.bootstrap.stores import Stores
    from tests.chaos.load import Sent

MARKER = re.compile(r"chaos-(\d{8})")


@dataclass(frozen=True, slots=True)
class Verdict:
    """Counts of what must not be; all zero for a log that keeps its promise."""

    rows: int
    """Queries in the log, for scale; not a fault."""
    lost: int
    """Answered queries that the log does not have."""
    doubled: int
    """Rows beyond the first of one query."""
    invented: int
    """Rows of no query that was sent."""
    miscounted: int
    """By how many queries the accounts' counts differ from the log's rows."""

    @property
    def faults(self) -> int:
        """All of them."""
        return self.lost + self.doubled + self.invented + self.miscounted


def judge(store: Stores, sent: Sequence[Sent]) -> Verdict:
    """The log and the accounts' counts against the clients' record."""
    logged: Counter[int] = Counter()
    rows: Counter[str] = Counter()
    for event in store.records.export():
        rows[event.account] += 1
        if found := MARKER.search(str(event.request)):
            logged[int(found[1])] += 1
    answered = {request.number for request in sent if request.answered}
    counted = {account.entity.value: account.queries for account in accounts(store, Scope.ACCOUNT)}
    return Verdict(
        rows=rows.total(),
        lost=len(answered - logged.keys()),
        doubled=logged.total() - len(logged),
        invented=len(logged.keys() - {request.number for request in sent}),
        miscounted=sum(abs(counted.get(name, 0) - rows[name]) for name in counted.keys() | rows.keys()),
    )
