"""Counters: the rules of thumb of public gateway guards, as one score.

Queries in the busiest hour and the share of the commonest beginning of a prompt, each over the threshold that such
guards ship (100 an hour, 30 % of one 50-character prefix), weighted as they do.

References
----------
[^1]: AegisGate, distillation_detect.go (public source; hand-set weights).
[^2]: CISA, NSA, FBI, 2026. AA26-251A (sustained rates as an indicator).

"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.bench.peers.peer import Calls

HOUR = 3600.0
AN_HOUR, COMMONEST = 100.0, 0.3
RATE_WEIGHT, PREFIX_WEIGHT = 0.3, 0.25
PREFIX = 50


@dataclass(slots=True)
class Counters:
    """The two counters over their thresholds; unlike the guards' steps, they keep their order above it."""

    name: ClassVar[str] = "counters"
    reference: ClassVar[str] = "per-key counters with the thresholds and weights of public gateway guards"

    def fit(self, benign: Sequence[Calls]) -> None:
        """Nothing: the thresholds are set by hand."""

    def score(self, account: Calls) -> float:
        """The weighted sum."""
        time = account.observations.time
        if not len(time):
            return 0.0
        busiest = int((np.searchsorted(time, time + HOUR) - np.arange(len(time))).max())
        prefixes = Counter(text[:PREFIX] for text in account.texts if text)
        commonest = max(prefixes.values(), default=0) / len(time)
        return RATE_WEIGHT * busiest / AN_HOUR + PREFIX_WEIGHT * commonest / COMMONEST
