"""Template: one frame around ever-new payloads.

A job that sends one instruction with new contents has few frames and many
fillings. A frame is seen in four places: the skeleton of the whole request,
the first and the last words of the user turn, and the system prompt. The
concentration is the share of the commonest frame (counted in 64 buckets by
digest, less what falls in the same bucket by chance); the novelty is how many
of the fillings are distinct.

Weakness: honest batches are templates too, so this alone convicts nobody. A
template that is reworded at every turn has no frame; the words of its parts
are for ``training_value``.

References
----------
[^1]: Anthropic, 2026. Detecting and preventing distillation attacks.
      https://www.anthropic.com/news/detecting-and-preventing-distillation-attacks
      (one instruction over thousands of accounts).
[^2]: Charikar, M., Chen, K., Farach-Colton, M., 2002. Finding Frequent Items
      in Data Streams. ICALP (counting in buckets).

"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from detectors.core.detector import Group, Measurement, Score, SignalSpec
from detectors.core.judge import judge, rounded
from detectors.core.tail import Tail
from detectors.sketches import hll

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from detectors.core.baseline import Baseline
    from detectors.core.observation import Observations
    from detectors.core.state import State

BUCKETS = 64
FRAMES = ("skeleton", "head", "tail", "system")
_SHIFT = np.uint64(58)
"""The top six bits pick the bucket: HyperLogLog uses the low ones."""
FILLINGS = 256
_NONE = len(FRAMES) * BUCKETS
"""Bucket of a frame that a prompt has not."""
STATE = np.dtype([("counts", "<u4", (len(FRAMES), BUCKETS)), ("fillings", "u1", FILLINGS), ("fresh", "<u8")])


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """Concentration of frames, and novelty of what fills them.

    Parameters
    ----------
    grace
        Fresh prompts before the first score.

    """

    name: ClassVar[str] = "template"
    version: ClassVar[int] = 1
    group: ClassVar[Group] = Group.TEMPLATE
    scopes: ClassVar[frozenset[str]] = frozenset({"account", "org", "end_user"})
    signals: ClassVar[Mapping[str, SignalSpec]] = {
        "template.novel_filling": SignalSpec(
            unit="%",
            tail=Tail.UPPER,
            words="{value} of new prompts put something new into the caller's commonest frame",
        ),
        "template.frame_share": SignalSpec(
            unit="%", tail=None, words="{value} of new prompts have the caller's commonest frame"
        ),
        "template.system_share": SignalSpec(
            unit="%", tail=None, words="{value} of new prompts come under the caller's commonest system prompt"
        ),
        "template.distinct_fillings": SignalSpec(unit="%", tail=None, words="{value} of the fillings are distinct"),
    }

    grace: int = 15

    def empty(self) -> State:
        """No frame seen."""
        return np.zeros((), STATE)

    def update(self, state: State, batch: Observations) -> State:
        """The counts with the batch's fresh prompts in them."""
        out = state.copy()
        rows = np.flatnonzero(batch.fresh)
        if not len(rows):
            return out
        counts = np.bincount(batch.derived(_buckets)[rows].ravel(), minlength=_NONE + 1)[:_NONE]
        out["counts"] += counts.reshape(len(FRAMES), BUCKETS).astype(np.uint32)
        out["fillings"] = hll.put(state["fillings"], batch.derived(_fillings)[rows])
        out["fresh"] += np.uint64(len(rows))
        return out

    def merge(self, a: State, b: State) -> State:
        """The counts of both."""
        out = a.copy()
        out["counts"] += b["counts"]
        out["fillings"] = hll.merge(a["fillings"], b["fillings"])
        out["fresh"] += b["fresh"]
        return out

    def measure(self, state: State, at: float) -> Measurement | None:  # noqa: ARG002 - frames do not age
        """Shares of the commonest frames; None below ``grace`` fresh prompts."""
        fresh = int(state["fresh"])
        if fresh < self.grace:
            return None
        shares = dict(zip(FRAMES, (commonest(counts, fresh) for counts in state["counts"]), strict=True))
        distinct = min(hll.estimate(state["fillings"]) / fresh, 1.0)
        frame = max(shares["skeleton"], shares["head"], shares["tail"])
        values = {
            "template.novel_filling": frame * distinct,
            "template.frame_share": frame,
            "template.system_share": shares["system"],
            "template.distinct_fillings": distinct,
        }
        return Measurement({name: rounded(value) for name, value in values.items()})

    def score(self, state: State, baseline: Baseline, at: float) -> Score | None:
        """How far the novelty under a frame lies above that of benign entities."""
        measured = self.measure(state, at)
        return None if measured is None else judge(self.signals, measured, baseline)


def _fillings(rows: Observations) -> NDArray[np.intp]:
    return hll.places(rows.prompt, FILLINGS)


def _buckets(rows: Observations) -> NDArray[np.intp]:
    """Buckets of every prompt's frames, numbered over all kinds; shape (n, len(FRAMES))."""
    digests = np.stack([getattr(rows, name) for name in FRAMES], axis=1)
    found = (digests >> _SHIFT).astype(np.intp) + BUCKETS * np.arange(len(FRAMES))
    return np.where(digests != 0, found, _NONE)


def commonest(counts: NDArray[np.uint32], total: int) -> float:
    """Share of the commonest digest: the fullest bucket less the mean of the others, which chance put there."""
    most = int(counts.max())
    return max(most - (int(counts.sum()) - most) / (BUCKETS - 1), 0.0) / total
