"""Volume alone: how many tokens of answers an account has taken."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.bench.peers.peer import Calls


@dataclass(slots=True)
class Volume:
    """The sum."""

    name: ClassVar[str] = "volume"
    reference: ClassVar[str] = "tokens of answers taken, and nothing else"

    def fit(self, benign: Sequence[Calls]) -> None:
        """Nothing is learnt."""

    def score(self, account: Calls) -> float:
        """Tokens."""
        return float(account.observations.output_tokens.sum())
