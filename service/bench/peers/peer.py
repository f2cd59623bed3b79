"""Peer: one protocol for every detector that ours is compared with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from detectors.core.observation import Observations


@dataclass(frozen=True, slots=True, eq=False)
class Calls:
    """What an account asked, in order of time."""

    observations: Observations
    """A row a query."""
    texts: Sequence[str]
    """The last user turn of each query, empty where it has none; as long as ``observations``."""

    def first(self, queries: int) -> Calls:
        """The account as it looked after so many queries."""
        return Calls(self.observations.take(slice(0, queries)), self.texts[:queries])


class Peer(Protocol):
    """A detector of others. ``fit`` comes first and once."""

    name: ClassVar[str]
    reference: ClassVar[str]
    """Paper, and what was adapted, in one line."""

    def fit(self, benign: Sequence[Calls]) -> None:
        """Learn what benign looks like; the seeded parts take their randomness from the instance."""
        ...

    def score(self, account: Calls) -> float:
        """How suspicious the account is, high is suspicious; 0 where it has too little to say anything."""
        ...
