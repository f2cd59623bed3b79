"""Elicitation: how often, how plainly and in how many ways a caller asks for the model's hidden reasoning.

The reasoning that a model writes before its answer is worth more to a surrogate than the answer, so a harvest asks for
it: word for word, translated, encoded, in tags, for a debugging session that is none, from an earlier turn, or
reconstructed from a finished answer. A classifier reads every query (``features/elicitation``); here its log-odds above
the threshold add up over the caller's queries. What is judged is their sum without the plainest request, shared out
over all queries: one hit, however plain, is worth nothing, a template in every query or many different attempts are.
Queries that ask, families of requests, and different texts among them are given beside it.

Weakness: whoever has a model think inside visible tags in every query, as some products do, looks the same, so this
convicts nobody without another group of signals. A harvest that takes answers only, or reconstructs the reasoning with
a model of its own, never asks. One request among many thousand honest queries drowns.

References
----------
[^1]: Anthropic, 2026. Detecting and preventing distillation attacks.
      https://www.anthropic.com/news/detecting-and-preventing-distillation-attacks
      (elicitation of chains of thought; reasoning articulated behind completed responses)
[^2]: OpenAI, 2026. Disrupting a coordinated model distillation campaign.
      https://openai.com/index/disrupting-a-coordinated-model-distillation-campaign/
[^3]: Whang, K.-Y., Vander-Zanden, B. T., Taylor, H. M., 1990. A Linear-Time
      Probabilistic Counting Algorithm for Database Applications. ACM TODS 15
      (how many different texts, from a bitmap).

"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from detectors.core.detector import Group, Measurement, Score, SignalSpec
from detectors.core.judge import judge, rounded
from detectors.core.tail import Tail
from detectors.features import elicitation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from detectors.core.baseline import Baseline
    from detectors.core.observation import Observations
    from detectors.core.state import State

FAMILIES = 24
"""Families that are counted apart at most."""
BITS = 512
"""Of the bitmap of asking texts: good to a tenth up to about a thousand of them."""
CAP = 6.0
"""Log-odds above the threshold that one query adds at most: nothing is surer than that."""
WORDS: Mapping[str, str] = {
    "continue_thinking": "to go on with hidden thoughts in the open",
    "dataset_pretext": "for reasoning to fill a data set with",
    "encode": "for its reasoning in an encoding",
    "fake_authority": "for its reasoning in somebody's name",
    "fake_debug": "for its reasoning as if for debugging",
    "instruction": "for its reasoning in every answer",
    "persona": "for its reasoning in a role or a game",
    "prior_turn": "what was thought in an earlier turn",
    "reconstruct": "for the reasoning behind a finished answer",
    "transcript": "for a structured record of its reasoning",
    "translate": "for its reasoning in another language",
    "unsummarized": "for its reasoning without summary or filter",
    "verbatim_recall": "for its reasoning word for word",
    "wrap_in_tags": "for its reasoning inside tags",
}
"""What a caller asks for, by family."""
STATE = np.dtype(
    [
        ("sum", "<f8"),
        ("largest", "<f8"),
        ("families", "<u4", FAMILIES),
        ("texts", "u1", BITS // 8),
        ("asking", "<u8"),
        ("seen", "<u8"),
    ]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Elicitation:
    """Sums over the queries that ask for hidden reasoning.

    Parameters
    ----------
    grace
        Queries with text before the first score.

    """

    name: ClassVar[str] = "elicitation"
    version: ClassVar[int] = 1
    group: ClassVar[Group] = Group.TEMPLATE
    scopes: ClassVar[frozenset[str]] = frozenset({"account", "org", "end_user"})
    signals: ClassVar[Mapping[str, SignalSpec]] = {
        "elicitation.weight": SignalSpec(
            unit="a query",
            tail=Tail.UPPER,
            words="asking for the model's hidden reasoning adds up to log-odds of {value} above the threshold",
        ),
        "elicitation.share": SignalSpec(
            unit="%", tail=None, words="{value} of queries ask for the model's hidden reasoning"
        ),
        "elicitation.families": SignalSpec(unit="families", tail=None, words="they ask in {value} of different kinds"),
        "elicitation.texts": SignalSpec(unit="texts", tail=None, words="they do so in about {value}"),
    }

    grace: int = 20
    names: tuple[str, ...] = field(default_factory=lambda: elicitation.default().families, repr=False)

    def empty(self) -> State:
        """Nothing asked."""
        return np.zeros((), STATE)

    def update(self, state: State, batch: Observations) -> State:
        """The sums with the batch's queries in them."""
        out = state.copy()
        out["seen"] += np.uint64(np.count_nonzero(batch.has_text))
        rows = np.flatnonzero(batch.has_text & (batch.elicitation > 0))
        if not len(rows):
            return out
        excess = np.minimum(batch.elicitation[rows].astype(np.float64), CAP)
        out["sum"] += excess.sum()
        out["largest"] = max(float(state["largest"]), float(excess.max()))
        which = np.clip(batch.elicitation_family[rows].astype(np.intp) - 1, 0, FAMILIES - 1)
        out["families"] += np.bincount(which, minlength=FAMILIES).astype(np.uint32)
        out["texts"] |= _bitmap(batch.prompt[rows] ^ batch.system[rows])
        out["asking"] += np.uint64(len(rows))
        return out

    def merge(self, a: State, b: State) -> State:
        """The sums of both."""
        out = a.copy()
        for name in ("sum", "families", "asking", "seen"):
            out[name] += b[name]
        out["largest"] = max(float(a["largest"]), float(b["largest"]))
        out["texts"] |= b["texts"]
        return out

    def measure(self, state: State, at: float) -> Measurement | None:  # noqa: ARG002 - what was asked does not age
        """Sums shared out over the queries with text; None below ``grace`` of them."""
        seen = int(state["seen"])
        if seen < self.grace:
            return None
        values = {
            "elicitation.weight": max(float(state["sum"] - state["largest"]), 0.0) / seen,
            "elicitation.share": int(state["asking"]) / seen,
            "elicitation.families": float((state["families"] > 0).sum()),
            "elicitation.texts": _distinct(state["texts"]),
        }
        return Measurement({name: rounded(value) for name, value in values.items()})

    def score(self, state: State, baseline: Baseline, at: float) -> Score | None:
        """How far the weight lies above that of benign entities; the reason says what is asked for."""
        measured = self.measure(state, at)
        if measured is None:
            return None
        judged = judge(self.signals, measured, baseline)
        asked = self._asked(state)
        if not asked:
            return judged
        signals = (dataclasses.replace(signal, text=signal.text + asked) for signal in judged.signals)
        return dataclasses.replace(judged, signals=tuple(signals))

    def _asked(self, state: State) -> str:
        """The most frequent families in words, with their counts."""
        counts = state["families"][: len(self.names)]
        most = [int(i) for i in np.argsort(-counts.astype(np.int64), kind="stable")[:3] if counts[i]]
        if not most:
            return ""
        listed = ", ".join(f"{WORDS.get(self.names[i], self.names[i])} ({counts[i]:,})" for i in most)
        return f"; they ask {listed}"


def _bitmap(digests: NDArray[np.uint64]) -> NDArray[np.uint8]:
    bits = np.zeros(BITS, np.bool_)
    bits[(digests & np.uint64(BITS - 1)).astype(np.intp)] = True
    return np.packbits(bits)


def _distinct(bitmap: NDArray[np.uint8]) -> float:
    """Linear counting: how many digests set these bits."""
    free = BITS - int(np.unpackbits(bitmap).sum())
    return float(-BITS * np.log(max(free, 1) / BITS))
