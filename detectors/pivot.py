"""Pivot: traffic that moves to a model within a day of its first appearance.

A model counts as new for 24 hours after the first answer that the whole
stream saw from it. Of the queries that an entity makes while some model is
new, the share that goes to it; only for an entity that had traffic before,
since a newcomer has nothing to move.

Weakness: everybody tries a new model, and evaluations do so with all they
have; read it beside the content. A quiet renaming of a model looks the same.

References
----------
[^1]: Anthropic, 2026. Detecting and preventing distillation attacks.
      https://www.anthropic.com/news/detecting-and-preventing-distillation-attacks
      (half of a campaign's traffic moved within 24 hours of a release).

"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from detectors.core.detector import Group, Measurement, Score, SignalSpec
from detectors.core.judge import judge, rounded
from detectors.core.tail import Tail

if TYPE_CHECKING:
    from collections.abc import Mapping

    from detectors.core.baseline import Baseline
    from detectors.core.observation import Observations
    from detectors.core.state import State

STATE = np.dtype([("before", "<u8"), ("during", "<u8"), ("moved", "<u8")])


@dataclass(frozen=True, slots=True, kw_only=True)
class Pivot:
    """Share of the traffic that moves to a new model.

    Parameters
    ----------
    grace
        Queries before the first score; as many are needed before a model appears and since, for a share above 0.

    """

    name: ClassVar[str] = "pivot"
    version: ClassVar[int] = 1
    group: ClassVar[Group] = Group.VOLUME
    scopes: ClassVar[frozenset[str]] = frozenset({"account", "org", "end_user"})
    signals: ClassVar[Mapping[str, SignalSpec]] = {
        "pivot.moved_share": SignalSpec(
            unit="%",
            tail=Tail.UPPER,
            words="{value} of the traffic moved to a model within a day of its first appearance",
        ),
    }

    grace: int = 20

    def empty(self) -> State:
        """Nothing seen."""
        return np.zeros((), STATE)

    def update(self, state: State, batch: Observations) -> State:
        """The counts with the batch in them."""
        out = state.copy()
        during = np.count_nonzero(batch.launch)
        out["before"] += np.uint64(len(batch) - during)
        out["during"] += np.uint64(during)
        out["moved"] += np.uint64(np.count_nonzero(batch.new_model))
        return out

    def merge(self, a: State, b: State) -> State:
        """The counts of both."""
        out = a.copy()
        for name in ("before", "during", "moved"):
            out[name] += b[name]
        return out

    def measure(self, state: State, at: float) -> Measurement | None:  # noqa: ARG002 - counts do not age
        """The share; 0 where nothing could move; None below ``grace`` queries."""
        before, during = int(state["before"]), int(state["during"])
        if before + during < self.grace:
            return None
        known = min(before, during) >= self.grace
        return Measurement({"pivot.moved_share": rounded(int(state["moved"]) / during) if known else 0.0})

    def score(self, state: State, baseline: Baseline, at: float) -> Score | None:
        """How far the share lies above that of benign entities."""
        measured = self.measure(state, at)
        return None if measured is None else judge(self.signals, measured, baseline)
