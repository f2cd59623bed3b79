"""Response: what the answers are worth as training data.

The value of a query to a distiller is a long answer to a short, new,
self-contained question. Three things are measured over all queries: how long
the answer is compared with the question, how many tokens a query brings in
answers to fresh prompts, and, as context, what share of queries are fresh *and*
answered at length. Long inputs with short outputs (retrieval, extraction) and
follow-ups (chats) pull them down. Two things speak against: answers of a word
or two, as batch labelling wants them, and answers that stand in the request
already, as extraction and quotation do; what is copied counts as no answer.

Weakness: writing aids and generators of product texts have the same profile
as a harvester; rubric grading and preference labels, which distillers ask for
too, have short answers and pass.

References
----------
[^1]: Wang, Y. et al., 2023. Self-Instruct: Aligning Language Models with
      Self-Generated Instructions. ACL (the profile that is looked for).
[^2]: Anthropic, 2026. Detecting and preventing distillation attacks.
      https://www.anthropic.com/news/detecting-and-preventing-distillation-attacks

"""

from __future__ import annotations

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

LONG = 64
"""Tokens from which an answer counts as long: above labels, numbers and one-line replies."""
LABELS = 7
"""Bins of the answer's length that hold labels: up to 11 tokens."""
COPIED = 0.2
"""Share from which copies are worth a sentence to the reviewer."""
BINS = 24
"""Half-octaves of the answer's length: 1, 1.4, 2, ... 2,900 tokens and more."""
_SUMS = ("ratio", "tokens", "copied", "written")
STATE = np.dtype([*((name, "<f8") for name in _SUMS), ("lengths", "<u4", BINS), ("long", "<u8"), ("answered", "<u8")])


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """Length of the answers, and what they answer.

    Parameters
    ----------
    grace
        Answered queries before the first score.

    """

    name: ClassVar[str] = "response"
    version: ClassVar[int] = 2
    group: ClassVar[Group] = Group.RESPONSE
    scopes: ClassVar[frozenset[str]] = frozenset({"account", "org", "end_user"})
    signals: ClassVar[Mapping[str, SignalSpec]] = {
        "response.answer_ratio": SignalSpec(
            unit="tokens", tail=Tail.UPPER, words="for each token asked come {value} of answer (geometric mean)"
        ),
        "response.fresh_tokens": SignalSpec(
            unit="tokens", tail=Tail.UPPER, words="a query brings {value} of answer to something new, on average"
        ),
        "response.long_fresh_share": SignalSpec(
            unit="%",
            tail=None,
            words=f"{{value}} of queries are new, single-turn and answered with {LONG} tokens or more",
        ),
        "response.label_share": SignalSpec(
            unit="%", tail=None, clears=True, words="{value} of answers have 11 tokens or fewer, as labels do"
        ),
        "response.copied_share": SignalSpec(
            unit="%", tail=None, clears=True, words="{value} of what was answered stands in the request already"
        ),
        "response.median_answer": SignalSpec(unit="tokens", tail=None, words="the median answer has {value}"),
    }

    grace: int = 20

    def empty(self) -> State:
        """Nothing answered."""
        return np.zeros((), STATE)

    def update(self, state: State, batch: Observations) -> State:
        """The sums with the batch's answers in them."""
        answered = batch.ok & batch.has_text
        out = state.copy()
        if not answered.any():
            return out
        for name, total in zip(_SUMS, batch.derived(_summed)[answered].sum(axis=0), strict=True):
            out[name] += total
        out["lengths"] += np.bincount(batch.derived(_bins)[answered], minlength=BINS).astype(np.uint32)
        out["long"] += np.uint64(np.count_nonzero(batch.derived(_long) & answered))
        out["answered"] += np.uint64(np.count_nonzero(answered))
        return out

    def merge(self, a: State, b: State) -> State:
        """The sums of both."""
        out = a.copy()
        for name in STATE.names or ():
            out[name] += b[name]
        return out

    def measure(self, state: State, at: float) -> Measurement | None:  # noqa: ARG002 - answers do not age
        """Means over the answered queries; None below ``grace`` of them."""
        answered = int(state["answered"])
        if answered < self.grace:
            return None
        values = {
            "response.answer_ratio": float(np.exp(state["ratio"] / answered)),
            "response.fresh_tokens": float(state["tokens"]) / answered,
            "response.long_fresh_share": int(state["long"]) / answered,
            "response.label_share": float(state["lengths"][:LABELS].sum()) / answered,
            "response.copied_share": float(state["copied"]) / max(float(state["written"]), 1.0),
            "response.median_answer": median_length(state["lengths"]),
        }
        against = {}
        if values["response.copied_share"] >= COPIED:
            share = quantity(values["response.copied_share"], "%")
            against["response.copied_share"] = f"{share} of what was answered stands in the request already"
        if values["response.median_answer"] < 16:
            length = quantity(round(values["response.median_answer"]), "output tokens")
            against["response.median_answer"] = f"short, label-like answers: median {length}"
        return Measurement({name: rounded(value) for name, value in values.items()}, against)

    def score(self, state: State, baseline: Baseline, at: float) -> Score | None:
        """How far the answers lie above those of benign entities."""
        measured = self.measure(state, at)
        return None if measured is None else judge(self.signals, measured, baseline)


def _summed(rows: Observations) -> NDArray[np.float64]:
    """What is summed up over answered queries, in the order of ``_SUMS``."""
    answers, copied = rows.output_tokens, rows.output_tokens * rows.copied
    new = answers - copied
    ratio = np.log1p(new) - np.log1p(rows.input_tokens)
    return np.stack([ratio, new * rows.fresh, copied, answers], axis=1)


def _bins(rows: Observations) -> NDArray[np.intp]:
    bins: NDArray[np.float64] = np.clip(2 * np.log2(np.maximum(rows.output_tokens, 1.0)), 0, BINS - 1)
    return bins.astype(np.intp)


def _long(rows: Observations) -> NDArray[np.bool_]:
    return rows.fresh & (rows.output_tokens - rows.output_tokens * rows.copied >= LONG)


def median_length(lengths: NDArray[np.uint32]) -> float:
    """Median answer in tokens, to the middle of its half-octave."""
    middle = np.searchsorted(np.cumsum(lengths), int(lengths.sum()) / 2)
    return float(2.0 ** ((middle + 0.5) / 2))
