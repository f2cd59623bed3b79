"""Coverage: how much of the map of topics the fresh prompts have visited.

The map is a fixed codebook of 256 cells. What is judged is rarefied, so that
it does not grow with the count of queries: the cells that twenty of an
entity's queries open up on average, where a query that is not fresh opens up
none (a chat dwells on its topic, a harness comes back to it). The cells that
twenty *fresh* prompts visit, Good-Turing's chance of a new topic and Chao1's
number of topics to come are given as context. How fast topics still open up is
Heaps' exponent: from the topics of all fresh prompts and of a quarter of them,
picked by digest. Narrow harvests are as common as broad ones, so it is two-sided.

Weakness: topics are not tasks; a new customer of another trade is novel as
well, so novelty by itself convicts nobody. One job spread over accounts by
topic looks narrow in each and broad in the sum.

References
----------
[^1]: Good, I. J., 1953. The population frequencies of species and the
      estimation of population parameters. Biometrika 40.
[^2]: Hurlbert, S. H., 1971. The nonconcept of species diversity: a critique
      and alternative parameters. Ecology 52 (rarefaction).
[^3]: Chao, A., 1984. Nonparametric estimation of the number of classes in a
      population. Scandinavian Journal of Statistics 11.
[^4]: Heaps, H. S., 1978. Information Retrieval: Computational and Theoretical
      Aspects. Academic Press.
[^5]: Dubiński, J. et al., 2023. Bucks for Buckets (B4B): Active Defenses
      Against Stealing Encoders. NeurIPS (coverage as the sign of theft).

"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from detectors.core.detector import Group, Measurement, Score, SignalSpec
from detectors.core.judge import judge, rounded
from detectors.core.tail import Tail
from detectors.features.codebook import CELLS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from detectors.core.baseline import Baseline
    from detectors.core.observation import Observations
    from detectors.core.state import State

SAMPLE = 20
"""Prompts that the rarefied count is about."""
STATE = np.dtype([("cells", "<u4", CELLS), ("quarter", "u1", CELLS // 8), ("seen", "<u8")])


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """Cells of the codebook that fresh prompts visit.

    Parameters
    ----------
    grace
        Fresh prompts before the first score; at least ``SAMPLE``.

    """

    name: ClassVar[str] = "coverage"
    version: ClassVar[int] = 2
    group: ClassVar[Group] = Group.CONTENT
    scopes: ClassVar[frozenset[str]] = frozenset({"account", "org", "end_user"})
    signals: ClassVar[Mapping[str, SignalSpec]] = {
        "coverage.opened_in_20": SignalSpec(
            unit="of 256 topics", tail=Tail.UPPER, words="twenty queries of this caller open up {value}, on average"
        ),
        "coverage.heaps": SignalSpec(
            unit="", tail=Tail.BOTH, words="topics open up with the {value}th power of the count of new prompts (Heaps)"
        ),
        "coverage.visited_in_20": SignalSpec(
            unit="of 256 topics", tail=None, words="twenty new prompts of this caller touch {value}, on average"
        ),
        "coverage.unseen_mass": SignalSpec(
            unit="%", tail=None, words="{value} is the chance of the next new prompt to open up a topic (Good-Turing)"
        ),
        "coverage.topics": SignalSpec(
            unit="topics", tail=None, words="about {value} of 256 would be visited in the end (Chao1)"
        ),
    }

    grace: int = SAMPLE

    def empty(self) -> State:
        """No cell visited."""
        return np.zeros((), STATE)

    def update(self, state: State, batch: Observations) -> State:
        """The counts with the batch's fresh prompts in them."""
        out = state.copy()
        fresh = batch.fresh
        cells = batch.cell[fresh]
        out["cells"] += np.bincount(cells, minlength=CELLS).astype(np.uint32)
        picked = np.zeros(CELLS, np.bool_)
        picked[cells[batch.prompt[fresh] >> np.uint64(62) == 0]] = True
        out["quarter"] |= np.packbits(picked)
        out["seen"] += np.uint64(np.count_nonzero(batch.has_text))
        return out

    def merge(self, a: State, b: State) -> State:
        """The counts of both."""
        out = a.copy()
        out["cells"] += b["cells"]
        out["quarter"] |= b["quarter"]
        out["seen"] += b["seen"]
        return out

    def measure(self, state: State, at: float) -> Measurement | None:  # noqa: ARG002 - visits do not age
        """Rarefied and unseen topics; None below ``grace`` fresh prompts."""
        counts = state["cells"][state["cells"] > 0].astype(np.float64)
        if counts.sum() < self.grace:
            return None
        quarter = int(np.unpackbits(state["quarter"]).sum())
        values = {
            "coverage.heaps": float(np.log(len(counts) / max(quarter, 1)) / np.log(4.0)),
            "coverage.opened_in_20": rarefied(counts, SAMPLE, float(state["seen"])),
            "coverage.visited_in_20": rarefied(counts, SAMPLE, counts.sum()),
            "coverage.unseen_mass": float((counts == 1).sum() / counts.sum()),
            "coverage.topics": chao1(counts),
        }
        return Measurement({name: rounded(value) for name, value in values.items()})

    def score(self, state: State, baseline: Baseline, at: float) -> Score | None:
        """How far the visited topics lie from those of benign entities."""
        measured = self.measure(state, at)
        return None if measured is None else judge(self.signals, measured, baseline)


def rarefied(counts: NDArray[np.float64], sample: int, total: float) -> float:
    """Cells expected in a sample of that size, drawn without replacement from ``total`` queries with these visits."""
    drawn = np.arange(sample)
    # Many cells have as many visits, and are missed as often.
    visits, cells = np.unique(counts, return_counts=True)
    # A cell is missed when each draw comes from the rest; where the rest is too small a factor is 0.
    missed = np.prod(np.maximum(total - visits[:, None] - drawn, 0.0) / (total - drawn), axis=1)
    return float((1.0 - missed) @ cells)


def chao1(counts: NDArray[np.float64]) -> float:
    """Lower bound on the cells there are, seen or not (bias-corrected), at most all of the codebook."""
    once, twice = float((counts == 1).sum()), float((counts == 2).sum())
    return min(len(counts) + once * (once - 1) / (2 * (twice + 1)), float(CELLS))
