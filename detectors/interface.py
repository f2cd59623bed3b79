"""Interface: requests that no product needs, but the reconstruction of a model does.

Stealing the last layer or the logits goes through ``logit_bias``: ever-new
sets of token ids, log-probabilities, an answer of a token or two. Data for the use of tools comes from requests that
each offer other tools. Making data
from nothing opens the user's turn of a chat template and lets the model write
it. A harvest for a training set may name its fields in the answer's schema. And
a search for what the interface lets through tries many caps on the answer.

Ever-new biases, ever-new tools and open turns together are the *probing*: hardly any honest caller does one of them, so
it is weighed apart from all other signals. Sets are ever-new where they come less than twice each on average; the first
few probes count nothing, since everybody tries something once.

Weakness: a benign scorer asks for log-probabilities as well, with one fixed
set of ids or none; only the count of *distinct* sets tells. An agent whose tools are picked anew for every request
looks like a probe. A schema with a
question and an answer is common in teaching. Each is measured by its share,
so a probe of a few queries in much traffic is seen by its end user or not at all.

References
----------
[^1]: Carlini, N. et al., 2024. Stealing Part of a Production Language Model. ICML.
[^2]: Finlayson, M., Ren, X., Swayamdipta, S., 2024. Logits of API-Protected
      LLMs Leak Proprietary Information. COLM.
[^3]: Xu, Z. et al., 2025. Magpie: Alignment Data Synthesis from Scratch by
      Prompting Aligned LLMs with Nothing. ICLR.
[^4]: Liu, Z. et al., 2024. APIGen: Automated Pipeline for Generating Verifiable
      and Diverse Function-Calling Datasets. NeurIPS.

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

    from detectors.core.baseline import Baseline
    from detectors.core.observation import Observations
    from detectors.core.state import State

SETS = 256
CAPS = 64
TRIES = 10
"""Probes that count nothing."""
SHORT = 2
"""Tokens up to which a cap makes an answer one that only its log-probabilities are wanted of."""
_MIX = np.uint64(0x9E3779B97F4A7C15)
_COUNTS = ("biased", "offered", "probes", "open", "rows", "sampled", "seen")
STATE = np.dtype(
    [
        ("sets", "u1", SETS),  # distinct logit_bias sets, HyperLogLog
        ("tools", "u1", SETS),  # distinct sets of tools, likewise
        ("caps", "u1", CAPS),  # which caps were seen, by hash
        *((name, "<u8") for name in _COUNTS),
    ]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Interface:
    """Shares of requests that probe the interface.

    Parameters
    ----------
    grace
        Queries before the first score.

    """

    name: ClassVar[str] = "interface"
    version: ClassVar[int] = 2
    group: ClassVar[Group] = Group.INTERFACE
    scopes: ClassVar[frozenset[str]] = frozenset({"account", "org", "end_user"})
    signals: ClassVar[Mapping[str, SignalSpec]] = {
        "interface.probing": SignalSpec(
            unit="%",
            tail=Tail.UPPER,
            alone=True,
            words=f"{{value}} of queries, the first {TRIES} aside, bias tokens or offer tools that were not together "
            "before, or make the model write the user's part",
        ),
        "interface.bias_sets": SignalSpec(
            unit="sets",
            tail=None,
            words="a query brings {value} of biased tokens that were not biased together before",
        ),
        "interface.tool_sets": SignalSpec(
            unit="sets", tail=None, words="a query brings {value} of tools that were not offered together before"
        ),
        "interface.probe_share": SignalSpec(
            unit="%", tail=None, words="{value} of queries want the log-probabilities of a token or two"
        ),
        "interface.open_turn_share": SignalSpec(
            unit="%", tail=None, words="{value} of queries make the model write the user's part"
        ),
        "interface.training_rows_share": SignalSpec(
            unit="%", tail=Tail.UPPER, words="{value} of queries want answers under the field names of training data"
        ),
        "interface.caps": SignalSpec(
            unit="caps", tail=None, words="{value} on the answer's length were tried, of at most 64 told apart"
        ),
        "interface.sampled_share": SignalSpec(unit="%", tail=None, words="{value} of queries want several answers"),
    }

    grace: int = 20

    def empty(self) -> State:
        """Nothing asked."""
        return np.zeros((), STATE)

    def update(self, state: State, batch: Observations) -> State:
        """The counts with the batch in them."""
        out = state.copy()
        if not len(batch):
            return out
        biased = batch.bias[batch.bias != 0]
        if len(biased):
            out["sets"] = hll.add(state["sets"], biased)
            out["biased"] += np.uint64(len(biased))
        offered = batch.offered[batch.offered != 0]
        if len(offered):
            out["tools"] = hll.add(state["tools"], offered)
            out["offered"] += np.uint64(len(offered))
        capped = batch.max_tokens[batch.max_tokens > 0]
        if len(capped):
            out["caps"][(capped.astype(np.uint64) * _MIX >> np.uint64(58)).astype(np.intp)] = 1
            out["probes"] += np.uint64(
                np.count_nonzero(batch.logprobs & (batch.max_tokens > 0) & (batch.max_tokens <= SHORT))
            )
        out["open"] += np.uint64(np.count_nonzero(batch.open_turn))
        out["rows"] += np.uint64(np.count_nonzero(batch.training_schema))
        out["sampled"] += np.uint64(np.count_nonzero(batch.samples > 1))
        out["seen"] += np.uint64(len(batch))
        return out

    def merge(self, a: State, b: State) -> State:
        """The counts of both."""
        out = a.copy()
        out["sets"] = hll.merge(a["sets"], b["sets"])
        out["tools"] = hll.merge(a["tools"], b["tools"])
        out["caps"] = np.maximum(a["caps"], b["caps"])
        for name in _COUNTS:
            out[name] += b[name]
        return out

    def measure(self, state: State, at: float) -> Measurement | None:  # noqa: ARG002 - shares do not age
        """Shares of the queries; None below ``grace`` of them."""
        seen = int(state["seen"])
        if seen < self.grace:
            return None
        sets = hll.estimate(state["sets"])
        tools = hll.estimate(state["tools"])
        probes = ever_new(sets, int(state["biased"])) + ever_new(tools, int(state["offered"])) + int(state["open"])
        values = {
            "interface.probing": max(min(probes, seen) - TRIES, 0.0) / seen,
            "interface.bias_sets": min(sets / seen, 1.0),
            "interface.tool_sets": min(tools / seen, 1.0),
            "interface.probe_share": int(state["probes"]) / seen,
            "interface.open_turn_share": int(state["open"]) / seen,
            "interface.training_rows_share": int(state["rows"]) / seen,
            "interface.caps": float(state["caps"].sum()),
            "interface.sampled_share": int(state["sampled"]) / seen,
        }
        return Measurement({name: rounded(value) for name, value in values.items()})

    def score(self, state: State, baseline: Baseline, at: float) -> Score | None:
        """How far the probing lies above that of benign entities."""
        measured = self.measure(state, at)
        return None if measured is None else judge(self.signals, measured, baseline)


def ever_new(sets: float, rows: int) -> float:
    """Of so many rows with a set, those that bring a new one, where at least half do: from 0 for a half to all."""
    return max(2.0 * min(sets, rows) - rows, 0.0)
