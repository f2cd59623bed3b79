"""Shift: does an entity ask like everybody, and like itself before?

In three views (embedding, surface, character n-grams) the mean of its
queries' coordinates is held against ordinary queries: its length is the
Mahalanobis distance of the mean, and the distance of the mean Fourier
features approximates the maximum mean discrepancy (MMD). Sums leak with two
half-lives; what the long one remembers and the short one does not is the
entity's own past, and recent queries are held against that in units of what
chance would give. The sums of several entities add up, so a group is judged
as one.

Weakness: to be new is not to extract. A new customer of another trade, a new
product and a new language shift as well, so the population's signals mean
something beside those of other groups only; a harvest that was one from its
first query does not shift against its own past, and one that draws its
prompts from ordinary traffic does not shift at all.

References
----------
[^1]: Liu, Guo, Dong, 2026. Detecting model extraction against LLMs by the
      maximum mean discrepancy of query windows. arXiv:2606.05725.
[^2]: Gretton, A. et al., 2012. A Kernel Two-Sample Test. JMLR 13.
[^3]: Lee, K. et al., 2018. A Simple Unified Framework for Detecting
      Out-of-Distribution Samples. NeurIPS (Mahalanobis).

"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from detectors.core.detector import Group, Measurement, Score, SignalSpec
from detectors.core.judge import judge, rounded
from detectors.core.tail import Tail
from detectors.features import spaces

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from detectors.core.baseline import Baseline
    from detectors.core.observation import Observations
    from detectors.core.state import State

HOUR, DAY = 3600.0, 86400.0
RECENT, LONG = 6 * HOUR, 7 * DAY
DECAYS = 1.0 / np.array([RECENT, LONG, RECENT / 2, LONG / 2, 1.0 / (1.0 / RECENT + 1.0 / LONG)])
"""Halvings a second: of the two kinds of sums, and of the products of their weights."""
WIDE = sum(kept + spaces.FOURIER for _, kept in spaces.VIEWS.values())
STATE = np.dtype([("time", "<f8"), ("weights", "<f8", len(DECAYS)), ("sums", "<f8", (2, WIDE)), ("seen", "<u8")])
NAMES = {"embedding": "what it asks about", "surface": "how its prompts are written", "ngrams": "how they are spelled"}


def _signals() -> dict[str, SignalSpec]:
    found = {}
    for view, words in NAMES.items():
        found[f"shift.{view}_mmd"] = SignalSpec(
            unit="", tail=Tail.UPPER, words=f"{words} lies {{value}} from ordinary queries (MMD)"
        )
        found[f"shift.{view}_distance"] = SignalSpec(
            unit="deviations", tail=None, words=f"{words} lies {{value}} from ordinary queries (Mahalanobis)"
        )
    found["shift.own_past"] = SignalSpec(
        unit="times what chance gives",
        tail=Tail.UPPER,
        words="its last hours differ from its own past by {value} (MMD, the view that differs most)",
        stratified=False,
    )
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """Distance of an entity's queries from ordinary ones, and from its own before.

    Parameters
    ----------
    grace
        Queries with text before the first score.
    past
        Effective queries on either side of the comparison with the own past; below, it says 1, what chance gives.

    """

    name: ClassVar[str] = "shift"
    version: ClassVar[int] = 1
    group: ClassVar[Group] = Group.CONTENT
    scopes: ClassVar[frozenset[str]] = frozenset({"account", "org", "end_user"})
    signals: ClassVar[Mapping[str, SignalSpec]] = _signals()

    grace: int = 20
    past: float = 30.0

    def empty(self) -> State:
        """Nothing seen."""
        return np.array((-math.inf, np.zeros(len(DECAYS)), np.zeros((2, WIDE)), 0), STATE)

    def update(self, state: State, batch: Observations) -> State:
        """The sums with the batch's texts in them, leaked to the newest time."""
        rows = np.flatnonzero(batch.has_text & ~batch.retry)
        if not len(rows):
            return state.copy()
        time = batch.time[rows]
        # Everything is brought to the newest time, so a late event cannot make a sum grow.
        last = max(float(state["time"]), float(time.max()))
        weights = np.exp2((time - last)[:, None] * DECAYS)
        out = self._leaked(state, last)
        out["weights"] += weights.sum(axis=0)
        out["sums"] += weights[:, :2].T @ batch.derived(_features)[rows]
        out["seen"] += np.uint64(len(rows))
        return out

    def merge(self, a: State, b: State) -> State:
        """The sums of both, leaked to the newer time."""
        last = max(float(a["time"]), float(b["time"]))
        out, other = self._leaked(a, last), self._leaked(b, last)
        for name in ("weights", "sums", "seen"):
            out[name] += other[name]
        return out

    def measure(self, state: State, at: float) -> Measurement | None:  # noqa: ARG002 - means do not age
        """The distances; None below ``grace`` queries."""
        if state["seen"] < self.grace:
            return None
        values = {**_from_ordinary(state), "shift.own_past": self._from_past(state)}
        return Measurement({name: rounded(value) for name, value in values.items()})

    def score(self, state: State, baseline: Baseline, at: float) -> Score | None:
        """How far the distances lie from those of benign entities."""
        measured = self.measure(state, at)
        return None if measured is None else judge(self.signals, measured, baseline)

    def _from_past(self, state: State) -> float:
        """MMD of recent queries and those before, in units of its expectation by chance: that of the widest view."""
        recent, long, recent_squares, long_squares, products = (float(w) for w in state["weights"])
        before = long - recent
        squares = max(long_squares - 2.0 * products + recent_squares, 0.0)
        # Effective counts: the squared sum of weights over the sum of their squares.
        n_recent = recent**2 / recent_squares if recent_squares > 0 else 0.0
        n_before = before**2 / squares if squares > 0 else 0.0
        # A young past has many queries of little weight each; it is the weight that says how old it is.
        if min(n_recent, n_before, before) < self.past:
            return 1.0
        means = state["sums"][0] / recent, (state["sums"][1] - state["sums"][0]) / before
        overall = state["sums"][1] / long
        found = []
        for _, fourier in _slices().values():
            gap = means[0][fourier] - means[1][fourier]
            spread = max(1.0 - float(overall[fourier] @ overall[fourier]), 1e-3)
            found.append(float(gap @ gap) / (spread * (1.0 / n_recent + 1.0 / n_before)))
        return max(found)

    @staticmethod
    def _leaked(state: State, now: float) -> State:
        out = state.copy()
        if state["seen"]:
            factors = np.exp2((float(state["time"]) - now) * DECAYS)
            out["weights"] *= factors
            out["sums"] *= factors[:2, None]
        out["time"] = now
        return out


def _from_ordinary(state: State) -> dict[str, float]:
    """Both distances of the long sums in every view, without what a small count adds to them by chance."""
    long, squares = float(state["weights"][1]), float(state["weights"][3])
    mean, noise = state["sums"][1] / long, squares / long**2
    values = {}
    for view, (coordinates, fourier) in _slices().items():
        gap = mean[fourier] - spaces.default()[view].usual
        spread = max(1.0 - float(mean[fourier] @ mean[fourier]), 0.0)
        values[f"shift.{view}_mmd"] = math.sqrt(max(float(gap @ gap) - spread * noise, 0.0))
        length = float(mean[coordinates] @ mean[coordinates])
        values[f"shift.{view}_distance"] = math.sqrt(max(length - noise * (coordinates.stop - coordinates.start), 0.0))
    return values


def _slices() -> dict[str, tuple[slice, slice]]:
    """View -> where its coordinates and its Fourier features stand in a row."""
    found, start = {}, 0
    for view, (_, kept) in spaces.VIEWS.items():
        middle, end = start + kept, start + kept + spaces.FOURIER
        found[view] = slice(start, middle), slice(middle, end)
        start = end
    return found


def _features(rows: Observations) -> NDArray[np.float64]:
    """Coordinates and Fourier features of every view, shape (n, WIDE)."""
    parts = []
    for view, space in spaces.default().items():
        coordinates = space.coordinates(getattr(rows, view))
        parts += [coordinates, space.fourier(coordinates)]
    return np.hstack(parts)
