"""Diversity: how many different things are asked, and in how many directions they spread.

A harvester wants the model's whole map, or one province of it in depth; so
its fresh prompts are nearly all distinct, and spread wider (breadth) or
narrower (depth) than a customer's. Distinct prompts are counted by
HyperLogLog; the spread is the effective rank of the second moments of the
prompts' coordinates along 24 fixed directions, which for this kernel is the
Vendi score, and which adds up over batches and accounts. Near duplicates are
prompts that lie on the same side of 20 planes through the map (LSH) as one
before them: what a rewording of one prompt gives.

The share of distinct prompts is given as context and, where it is low, as what
speaks against; as evidence it would say what coverage's opened topics say.

Weakness: a broad chat product behind one key is as diverse as a harvest of
breadth; what tells them apart is continuation and the response. An attacker
who samples from benign prompts is not diverse at all.

References
----------
[^1]: Roy, O., Vetterli, M., 2007. The effective rank: a measure of effective
      dimensionality. EUSIPCO.
[^2]: Friedman, D., Dieng, A. B., 2023. The Vendi Score: A Diversity
      Evaluation Metric for Machine Learning. TMLR.
[^3]: Flajolet, P. et al., 2007. HyperLogLog. AofA.
[^4]: Charikar, M. S., 2002. Similarity Estimation Techniques from Rounding
      Algorithms. STOC (the planes).

"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from detectors.core.detector import Group, Measurement, Score, SignalSpec
from detectors.core.judge import judge, quantity, rounded
from detectors.core.tail import Tail
from detectors.features import codebook
from detectors.features.surface import LENGTH
from detectors.sketches import hll

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from detectors.core.baseline import Baseline
    from detectors.core.observation import Observations
    from detectors.core.state import State

WIDTH = 24
"""Directions looked along, the widest of the codebook's: more cost room and tell little."""
PLANES, SIDES = 20, 256
_UPPER = np.triu_indices(WIDTH)
_BITS = (np.uint64(1) << np.arange(PLANES, dtype=np.uint64)).astype(np.uint64)
_MIX = np.uint64(0x9E3779B97F4A7C15)
STATE = np.dtype(
    [
        ("prompts", "u1", hll.REGISTERS),
        ("sides", "u1", SIDES),  # distinct sides of the planes
        ("moments", "<f8", len(_UPPER[0])),  # upper triangle of the summed outer products
        ("length", "<f8", 2),  # sum and sum of squares of the log length
        ("fresh", "<u8"),
        ("seen", "<u8"),
    ]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Diversity:
    """Distinct fresh prompts and their spread.

    Parameters
    ----------
    grace
        Fresh prompts before the first score.

    """

    name: ClassVar[str] = "diversity"
    version: ClassVar[int] = 2
    group: ClassVar[Group] = Group.CONTENT
    scopes: ClassVar[frozenset[str]] = frozenset({"account", "org", "end_user"})
    signals: ClassVar[Mapping[str, SignalSpec]] = {
        "diversity.distinct_share": SignalSpec(
            unit="%", tail=None, words="{value} of queries ask something new that was not asked before"
        ),
        "diversity.effective_rank": SignalSpec(
            unit="of 24 directions", tail=Tail.BOTH, words="new prompts spread over {value} (effective rank)"
        ),
        "diversity.near_duplicates": SignalSpec(
            unit="%", tail=None, words="{value} of distinct new prompts are rewordings of one another"
        ),
        "diversity.length_spread": SignalSpec(
            unit="e-folds",
            tail=None,
            words="the length of new prompts varies by {value} (standard deviation of the log length)",
        ),
    }

    grace: int = 15
    book: codebook.Codebook = field(default_factory=codebook.default, repr=False)

    def empty(self) -> State:
        """Nothing seen."""
        return np.zeros((), STATE)

    def update(self, state: State, batch: Observations) -> State:
        """The registers and sums with the batch's fresh prompts in them."""
        out = state.copy()
        rows = np.flatnonzero(batch.fresh)
        out["seen"] += np.uint64(np.count_nonzero(batch.has_text))
        if not len(rows):
            return out
        points = batch.derived(self._points)[rows]
        lengths = batch.surface[rows, LENGTH].astype(np.float64)
        out["prompts"] = hll.put(state["prompts"], batch.derived(_prompts)[rows])
        out["sides"] = hll.put(state["sides"], batch.derived(self._sides)[rows])
        out["moments"] += (points.T @ points)[_UPPER]
        out["length"] += (lengths.sum(), lengths @ lengths)
        out["fresh"] += np.uint64(len(rows))
        return out

    def _points(self, rows: Observations) -> NDArray[np.float64]:
        return self.book.project(rows.embedding, WIDTH)

    def _sides(self, rows: Observations) -> NDArray[np.intp]:
        return hll.places(_sides(rows.derived(self._points)), SIDES)

    def merge(self, a: State, b: State) -> State:
        """The registers and sums of both."""
        out = a.copy()
        for name in ("prompts", "sides"):
            out[name] = hll.merge(a[name], b[name])
        for name in ("moments", "length", "fresh", "seen"):
            out[name] += b[name]
        return out

    def measure(self, state: State, at: float) -> Measurement | None:  # noqa: ARG002 - the prompts do not age
        """Share and spread of the fresh prompts; None below ``grace`` of them."""
        fresh = int(state["fresh"])
        if fresh < self.grace:
            return None
        mean, square = state["length"] / fresh
        distinct = hll.estimate(state["prompts"])
        values = {
            "diversity.distinct_share": min(distinct / int(state["seen"]), 1.0),
            "diversity.effective_rank": effective_rank(state["moments"]),
            "diversity.near_duplicates": max(1.0 - hll.estimate(state["sides"]) / max(distinct, 1.0), 0.0),
            "diversity.length_spread": float(np.sqrt(max(square - mean * mean, 0.0))),
        }
        against = {}
        if values["diversity.distinct_share"] < 0.5:
            share = quantity(values["diversity.distinct_share"], "%")
            against["diversity.distinct_share"] = f"only {share} of queries ask something new"
        return Measurement({name: rounded(value) for name, value in values.items()}, against)

    def score(self, state: State, baseline: Baseline, at: float) -> Score | None:
        """How far share and spread lie from those of benign entities."""
        measured = self.measure(state, at)
        return None if measured is None else judge(self.signals, measured, baseline)


def _prompts(rows: Observations) -> NDArray[np.intp]:
    return hll.places(rows.prompt)


def _sides(points: NDArray[np.float64]) -> NDArray[np.uint64]:
    """A uniform digest of the side of each plane that the points lie on."""
    # A coordinate of all but zero decides nothing: sums in another order may turn its sign.
    bits = (np.round(points[:, :PLANES], 9) > 0).astype(np.uint64) @ _BITS
    mixed = (bits + np.uint64(1)) * _MIX
    return (mixed ^ (mixed >> np.uint64(32))) * _MIX


def effective_rank(moments: NDArray[np.float64]) -> float:
    """Exponential of the entropy of the eigenvalues' shares: 1 for one direction, 24 for all alike."""
    matrix = np.zeros((WIDTH, WIDTH))
    matrix[_UPPER] = moments
    values = np.maximum(np.linalg.eigvalsh(matrix, UPLO="U"), 0.0)
    total = values.sum()
    if total <= 0:
        return 1.0
    shares = values[values > 1e-12 * total] / total
    return float(np.exp(-(shares * np.log(shares)).sum()))
