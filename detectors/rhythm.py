"""Rhythm: when the queries come. Around the clock, at full speed at once, on with another key after a block.

Kept are counts of 64 hours in a ring, so that states of any part of the
traffic add up. From them: in how many of the hours there was traffic, the
busiest hour, the queries an hour since the first one. A request that another
account was refused (403, 429) within the hour, and that comes again word for
word, was *rotated*: failover after an error of the server is not counted.

Weakness: a batch is paced by a machine whoever owns it, a product with users
everywhere never sleeps, and a thief may buy the rhythm of a person: except for
rotation this is weak evidence that helps only beside other groups. After 64
hours the ring folds.

References
----------
[^1]: CISA, NSA, FBI, 2026. AA26-251A: sustained usage without human variation,
      new subscriptions at once at full use, automated failover when blocked.
      https://www.cisa.gov/news-events/cybersecurity-advisories/aa26-251a
[^2]: Gianvecchio, S., Wang, H., 2007. Detecting Covert Timing Channels: An
      Entropy-Based Approach. CCS (regularity as a sign of machines).

"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from detectors.core.detector import Group, Measurement, Score, SignalSpec
from detectors.core.judge import judge, rounded
from detectors.core.tail import Tail

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from detectors.core.baseline import Baseline
    from detectors.core.observation import Observations
    from detectors.core.state import State

HOUR, RING, DAY_HOURS = 3600.0, 64, 24
STATE = np.dtype(
    [("hours", "<u4", RING), ("first", "<f8"), ("last", "<f8"), ("refused", "<u8"), ("rotated", "<u8"), ("seen", "<u8")]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """Hours of activity, and rotation.

    Parameters
    ----------
    grace
        Queries before the first score.

    """

    name: ClassVar[str] = "rhythm"
    version: ClassVar[int] = 1
    group: ClassVar[Group] = Group.VOLUME
    scopes: ClassVar[frozenset[str]] = frozenset({"account", "org", "end_user"})
    signals: ClassVar[Mapping[str, SignalSpec]] = {
        "rhythm.duty": SignalSpec(
            unit="%", tail=None, words="in {value} of the hours since the first query, or of a day, there was traffic"
        ),
        "rhythm.busiest_hour": SignalSpec(
            unit="queries", tail=Tail.UPPER, words="the busiest hour had {value}", stratified=False
        ),
        "rhythm.onset": SignalSpec(
            unit="queries", tail=None, words="since the first query an hour had {value}, on average", stratified=False
        ),
        "rhythm.steadiness": SignalSpec(
            unit="%", tail=None, words="the hours with traffic are alike to {value} (one over one plus their variation)"
        ),
        "rhythm.rotated_share": SignalSpec(
            unit="%",
            tail=Tail.UPPER,
            words="{value} of queries are requests that another account was refused just before",
        ),
        "rhythm.refused_share": SignalSpec(unit="%", tail=None, words="{value} of queries were refused (403, 429)"),
    }

    grace: int = 20

    def empty(self) -> State:
        """Nothing seen."""
        state = np.zeros((), STATE)
        state["first"], state["last"] = math.inf, -math.inf
        return state

    def update(self, state: State, batch: Observations) -> State:
        """The counts with the batch in them."""
        out = state.copy()
        if not len(batch):
            return out
        out["hours"] += np.bincount(batch.derived(_slots), minlength=RING).astype(np.uint32)
        out["first"] = min(float(state["first"]), float(batch.time.min()))
        out["last"] = max(float(state["last"]), float(batch.time.max()))
        out["refused"] += np.uint64(np.count_nonzero(batch.refused))
        out["rotated"] += np.uint64(np.count_nonzero(batch.rotated))
        out["seen"] += np.uint64(len(batch))
        return out

    def merge(self, a: State, b: State) -> State:
        """The counts of both."""
        out = a.copy()
        out["first"] = min(float(a["first"]), float(b["first"]))
        out["last"] = max(float(a["last"]), float(b["last"]))
        for name in ("hours", "refused", "rotated", "seen"):
            out[name] += b[name]
        return out

    def measure(self, state: State, at: float) -> Measurement | None:  # noqa: ARG002 - it is about the hours seen
        """Shares and counts; None below ``grace`` queries."""
        seen = int(state["seen"])
        if seen < self.grace:
            return None
        span = (float(state["last"]) - float(state["first"])) / HOUR
        counts = state["hours"][state["hours"] > 0].astype(np.float64)
        values = {
            "rhythm.duty": len(counts) / min(max(span, DAY_HOURS), RING),
            "rhythm.busiest_hour": float(counts.max()),
            "rhythm.onset": seen / max(span, 1.0),
            "rhythm.steadiness": 1.0 / (1.0 + float(counts.std() / counts.mean())),
            "rhythm.rotated_share": int(state["rotated"]) / seen,
            "rhythm.refused_share": int(state["refused"]) / seen,
        }
        return Measurement(
            {name: rounded(min(value, 1.0) if name == "rhythm.duty" else value) for name, value in values.items()}
        )

    def score(self, state: State, baseline: Baseline, at: float) -> Score | None:
        """How far the rhythm lies from that of benign entities."""
        measured = self.measure(state, at)
        return None if measured is None else judge(self.signals, measured, baseline)


def _slots(rows: Observations) -> NDArray[np.int64]:
    """Place of the hour in the ring."""
    return (rows.time // HOUR).astype(np.int64) % RING
