"""Volume: leaky sums of what was taken, and how much of it answers something new.

A surrogate is trained on the sum of the answers, not on their rate, so the
detector follows sums that leak with half-lives of an hour and a day. Only
answers to *fresh* prompts count towards evidence: what continues a
conversation, was asked before or is a retry teaches a thief nothing new, and
an honest heavy user asks much of it; nor does the part of an answer that
stands in the request already. The share of exact re-runs speaks against.

Weakness: it cannot tell a patient thief from a small customer, nor a large
new customer from a hasty thief, and a job spread over many accounts is small
in each of them. Read it together with the content and the response.

References
----------
[^1]: Tramèr, F. et al., 2016. Stealing Machine Learning Models via
      Prediction APIs. USENIX Security.
[^2]: Juuti, M. et al., 2019. PRADA: Protecting Against DNN Model Stealing
      Attacks. EuroS&P. arXiv:1805.02628.

"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from detectors.core.detector import Group, Measurement, Score, SignalSpec
from detectors.core.judge import judge, quantity, rounded
from detectors.core.tail import Tail

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from detectors.core.baseline import Baseline
    from detectors.core.observation import Observations
    from detectors.core.state import State

HOUR, DAY = 3600.0, 86400.0
HALF_LIVES = np.array([HOUR, DAY])
STATE = np.dtype(
    [
        ("time", "<f8"),
        ("tokens", "<f8", 2),  # answers to fresh prompts, a column a half-life
        ("queries", "<f8", 2),  # fresh queries
        ("seen", "<u8"),
        ("continued", "<u8"),
        ("reruns", "<u8"),
        ("retries", "<u8"),
    ]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """Leaky sums of fresh answers.

    Parameters
    ----------
    grace
        Queries before the first score.

    """

    name: ClassVar[str] = "volume"
    version: ClassVar[int] = 2
    group: ClassVar[Group] = Group.VOLUME
    scopes: ClassVar[frozenset[str]] = frozenset({"account", "org", "end_user"})
    signals: ClassVar[Mapping[str, SignalSpec]] = {
        "volume.fresh_tokens_1h": SignalSpec(
            unit="tokens",
            tail=Tail.UPPER,
            words="answers to new, single-turn prompts add up to {value} in the last hours (half-life 1 h)",
            stratified=False,
        ),
        "volume.fresh_tokens_1d": SignalSpec(
            unit="tokens",
            tail=Tail.UPPER,
            words="answers to new, single-turn prompts add up to {value} in the last days (half-life 1 day)",
            stratified=False,
        ),
        "volume.fresh_queries_1d": SignalSpec(
            unit="queries", tail=None, words="{value} new, single-turn prompts (half-life 1 day)", stratified=False
        ),
        "volume.continued_share": SignalSpec(
            unit="%", tail=None, words="{value} of queries continue an earlier conversation"
        ),
        "volume.rerun_share": SignalSpec(
            unit="%", tail=None, clears=True, words="{value} of queries are exact re-runs"
        ),
    }

    grace: int = 20

    def empty(self) -> State:
        """Nothing seen."""
        state = np.zeros((), STATE)
        state["time"] = -math.inf
        return state

    def update(self, state: State, batch: Observations) -> State:
        """The sums with the batch in them, brought to the newest time of both."""
        if not len(batch):
            return state.copy()
        # Everything is brought to the newest time, so a late event cannot make the sum grow.
        last = max(float(state["time"]), float(batch.time.max()))
        fresh = batch.fresh & batch.ok
        weights = np.exp2((batch.time[fresh, None] - last) / HALF_LIVES)
        out = self._at(state, last)
        out["tokens"] += batch.new_tokens[fresh] @ weights
        out["queries"] += weights.sum(axis=0)
        out["seen"] += np.uint64(len(batch))
        out["continued"] += np.uint64(np.count_nonzero(batch.continues))
        out["reruns"] += np.uint64(np.count_nonzero(batch.rerun & ~batch.continues))
        out["retries"] += np.uint64(np.count_nonzero(batch.retry))
        return out

    def merge(self, a: State, b: State) -> State:
        """The sums of both at the later of their times."""
        last = max(float(a["time"]), float(b["time"]))
        out, other = self._at(a, last), self._at(b, last)
        for name in ("tokens", "queries", "seen", "continued", "reruns", "retries"):
            out[name] += other[name]
        return out

    def measure(self, state: State, at: float) -> Measurement | None:
        """The sums at ``at``; None below ``grace`` queries."""
        seen = int(state["seen"])
        if seen < self.grace:
            return None
        tokens, queries = self._leaked(state, "tokens", at), self._leaked(state, "queries", at)
        values = {
            "volume.fresh_tokens_1h": tokens[0],
            "volume.fresh_tokens_1d": tokens[1],
            "volume.fresh_queries_1d": queries[1],
            "volume.continued_share": int(state["continued"]) / seen,
            "volume.rerun_share": int(state["reruns"]) / seen,
        }
        return Measurement({name: rounded(float(value)) for name, value in values.items()}, _against(values))

    def score(self, state: State, baseline: Baseline, at: float) -> Score | None:
        """How far the sums lie above those of benign entities."""
        measured = self.measure(state, at)
        return None if measured is None else judge(self.signals, measured, baseline)

    def _at(self, state: State, now: float) -> State:
        out = state.copy()
        out["time"] = now
        if state["seen"] and now > state["time"]:
            left = np.exp2((float(state["time"]) - now) / HALF_LIVES)
            out["tokens"] *= left
            out["queries"] *= left
        return out

    def _leaked(self, state: State, name: str, now: float) -> NDArray[np.float64]:
        # A score is never asked from before the newest event but by the lateness; the sum does not grow back.
        age = max(now - float(state["time"]), 0.0)
        return np.asarray(state[name] * np.exp2(-age / HALF_LIVES))


def _against(values: Mapping[str, float]) -> dict[str, str]:
    """What an honest heavy user does more than a harvester."""
    found = {}
    reruns = float(values["volume.rerun_share"])
    if reruns >= 0.1:
        found["volume.rerun_share"] = f"{quantity(reruns, '%')} are exact re-runs, as evaluation harnesses do"
    return found
