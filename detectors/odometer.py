"""Odometer: how much of the map of topics was answered, and with how much text.

The first long answer on a topic teaches a surrogate more than the hundredth.
So each answer to a *fresh* prompt counts with its tokens divided by one plus
the earlier visits to its topic; over a topic with mean answer m and n visits
that is close to m · ln(1 + n). The sum over the 256 topics of the codebook,
leaking with a half-life of three hours, is how far the caller has come through what
the model can do. It tells breadth with substance from each alone: a content
mill is long and narrow, a labelling job broad and short.

Weakness: several harvesters that split the topics among them each show a
narrow part (the sum over a campaign shows it whole); a harvest of one skill
stays low here and must be seen elsewhere; a codebook that does not know a
field takes it for one topic.

References
----------
[^1]: Kesarwani, M. et al., 2018. Model Extraction Warning in MLaaS Paradigm.
      ACSAC. arXiv:1711.07221 (how much was learned, as a meter).
[^2]: Dubiński, J. et al., 2023. Bucks for Buckets (B4B): Active Defenses
      Against Stealing Encoders. NeurIPS (coverage as the sign of theft).

"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from detectors.core.detector import Group, Measurement, Score, SignalSpec
from detectors.core.judge import judge, rounded
from detectors.core.tail import Tail
from detectors.features.codebook import CELLS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from detectors.core.baseline import Baseline
    from detectors.core.observation import Observations
    from detectors.core.state import State

STATE = np.dtype([("time", "<f8"), ("seen", "<u8"), ("visits", "<f8", CELLS), ("tokens", "<f8", CELLS)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Odometer:
    """Leaky sums of visits and answer tokens, a pair a topic.

    Parameters
    ----------
    half_life
        Seconds after which a visit and its tokens count for half.
    grace
        Fresh prompts before the first score.

    """

    name: ClassVar[str] = "odometer"
    version: ClassVar[int] = 2
    group: ClassVar[Group] = Group.CONTENT
    scopes: ClassVar[frozenset[str]] = frozenset({"account", "org", "end_user"})
    signals: ClassVar[Mapping[str, SignalSpec]] = {
        "odometer.taken_3h": SignalSpec(
            unit="tokens",
            tail=Tail.UPPER,
            words="answers on ever-new topics add up to {value}, repeats of a topic counted less (half-life 3 h)",
            stratified=False,
        ),
        "odometer.topics_3h": SignalSpec(
            unit="of 256 topics",
            tail=None,
            words="new prompts touched {value} in the last hours (half-life 3 h)",
            stratified=False,
        ),
    }

    half_life: float = 10800.0
    grace: int = 20

    def empty(self) -> State:
        """Nothing taken."""
        state = np.zeros((), STATE)
        state["time"] = -math.inf
        return state

    def update(self, state: State, batch: Observations) -> State:
        """The sums with the batch's fresh answers in them, brought to the newest time of both."""
        rows = batch.fresh & batch.ok
        if not rows.any():
            return state.copy()
        time, cells = batch.time[rows], batch.cell[rows]
        last = max(float(state["time"]), float(time.max()))
        weights = np.exp2((time - last) / self.half_life)
        out = self._at(state, last)
        out["visits"] += np.bincount(cells, weights, CELLS)
        new = batch.new_tokens[rows]
        out["tokens"] += np.bincount(cells, weights * new, CELLS)
        out["seen"] += np.uint64(len(time))
        return out

    def merge(self, a: State, b: State) -> State:
        """The sums of both at the later of their times."""
        last = max(float(a["time"]), float(b["time"]))
        out, other = self._at(a, last), self._at(b, last)
        for name in ("visits", "tokens", "seen"):
            out[name] += other[name]
        return out

    def measure(self, state: State, at: float) -> Measurement | None:
        """What was taken, at ``at``; None below ``grace`` fresh prompts."""
        if int(state["seen"]) < self.grace:
            return None
        known = state["visits"] > 0
        # The mean answer of a topic does not leak: numerator and denominator would alike.
        answers = state["tokens"][known] / state["visits"][known]
        visits = self._factor(state, at) * state["visits"][known]
        values = {
            "odometer.taken_3h": float((answers * np.log1p(visits)).sum()),
            "odometer.topics_3h": float(-np.expm1(-visits).sum()),
        }
        return Measurement({name: rounded(value) for name, value in values.items()})

    def score(self, state: State, baseline: Baseline, at: float) -> Score | None:
        """How far the sum lies above that of benign entities."""
        measured = self.measure(state, at)
        return None if measured is None else judge(self.signals, measured, baseline)

    def _at(self, state: State, last: float) -> State:
        out = state.copy()
        factor = self._factor(state, last)
        out["visits"] *= factor
        out["tokens"] *= factor
        out["time"] = last
        return out

    def _factor(self, state: State, at: float) -> float:
        time = float(state["time"])
        return float(np.exp2((time - at) / self.half_life)) if math.isfinite(time) else 0.0
