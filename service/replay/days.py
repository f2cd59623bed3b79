"""Days: the accounts of each day of a replay, and which of them are discoveries among all that were looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from detectors.core.discoveries import discoveries
from service.model.entity import Scope

if TYPE_CHECKING:
    from collections.abc import Iterator

    from service.model.flag import Evaluation

DAY = 86_400_000_000


class Found(NamedTuple):
    """One day's discoveries."""

    day: int
    """Of event time, days since the epoch."""
    looked_at: int
    """Accounts that were evaluated."""
    accounts: tuple[str, ...]
    """Those of them that are discoveries."""


class Days:
    """Smallest p-value of every account and day."""

    def __init__(self) -> None:
        self._smallest: dict[int, dict[str, float]] = {}

    def see(self, evaluation: Evaluation) -> None:
        """Take an evaluation; those of other scopes than accounts are passed over."""
        if evaluation.entity.scope is Scope.ACCOUNT:
            of_day = self._smallest.setdefault(evaluation.at // DAY, {})
            account = evaluation.entity.value
            of_day[account] = min(evaluation.p_value, of_day.get(account, 1.0))

    def found(self) -> Iterator[Found]:
        """The days with a discovery, in order."""
        for day, smallest in sorted(self._smallest.items()):
            names = list(smallest)
            if places := discoveries([smallest[name] for name in names]):
                yield Found(day, len(names), tuple(names[place] for place in places))
