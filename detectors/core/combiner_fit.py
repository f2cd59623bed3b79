"""Fit the combiner: a logistic regression whose weights may not be negative, on each account's worst moment.

An account is judged by the highest score that it had at any moment, so that is what is fitted: each account is one
example, at the moment at which the weights found so far score it highest, and the weights are found anew until that
settles [^1]. Fitted on all moments alike, the weights learn nothing of early looks that scatter.

Signals that may decide alone are fitted apart, on the honest and on those harvests that show one of them.

Every kind of account counts alike, and so does either side, however many
accounts there are of it: a population says how common a kind is, not how hard
it is to tell.

References
----------
[^1]: Andrews, S., Tsochantaridis, I., Hofmann, T., 2002. Support Vector Machines for Multiple-Instance Learning. NIPS
      (the alternation between witnesses and weights).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.optimize import minimize  # type: ignore[import-untyped]

from detectors.core.combiner import Combiner, clearing, patience, strength
from detectors.core.registry import all_detectors

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from numpy.typing import NDArray

    from detectors.core.baseline import Baselines
    from detectors.core.detector import Detector

PENALTY = 20.0
"""Ridge, in units of one account's loss. From 5 to 50 figures on kinds left out are alike; a larger one starves the
signals that few kinds show."""
PENALTY_ALONE = 0.1
"""Likewise of the signals that may decide alone. The sides hardly overlap, so 0.02 finds the same accounts as 0.1; at
1 some harvests that show nothing else stay below the threshold."""
SHOWN = 1.0
"""Strength, of a p-value of 0.1, from which a harvest is one that shows such a signal."""
ROUNDS = 6
"""Of moments chosen and weights found anew; after three hardly a moment changes."""
LEAST = 1e-3
"""Weights below this are noise and are left out."""


@dataclass(frozen=True, slots=True)
class Example:
    """One evaluation of an account whose side is known."""

    account: str
    """Which; its evaluations are one example together."""
    kind: str
    attack: bool
    scope: str
    queries: int
    values: Mapping[str, float]


def fit_combiner(
    examples: Sequence[Example],
    baselines: Baselines,
    *,
    about: Mapping[str, Any],
    detectors: Collection[Detector] | None = None,
) -> Combiner:
    """The combiner that tells these accounts apart.

    Parameters
    ----------
    examples
        Of both sides; kinds that a figure is about are not among them.
    baselines
        Of benign accounts that are not among the examples, for the p-values.
    about
        Command, seed and licences, kept in the file.
    detectors
        All of the folder by default.

    """
    rooms = tuple(detectors or all_detectors())
    specs = {name: spec for room in rooms for name, spec in room.signals.items()}
    names = sorted(name for name, spec in specs.items() if spec.tail is not None or spec.clears)
    points = np.array([_point(example, baselines, names, specs) for example in examples])
    apart = np.array([specs[name].alone for name in names])
    weights, constant = _fitted(examples, points, [n for n in names if not specs[n].alone], ~apart, PENALTY)
    # Points are drawn in by patience; whether a signal is shown at all does not wait.
    counts = np.array([patience(example.queries) for example in examples])
    showing = [bool(row.any()) for row in points[:, apart] >= SHOWN * counts[:, None]]
    shown = {example.account for example, shows in zip(examples, showing, strict=True) if example.attack and shows}
    if not shown:
        return Combiner(weights, constant, about)
    rows = np.array([not example.attack or example.account in shown for example in examples])
    some = [example for example, kept in zip(examples, rows, strict=True) if kept]
    alone = _fitted(some, points[rows], [n for n in names if specs[n].alone], apart, PENALTY_ALONE)
    return Combiner(weights, constant, about, *alone)


def _fitted(
    examples: Sequence[Example],
    points: NDArray[np.float64],
    names: Sequence[str],
    columns: NDArray[np.bool_],
    penalty: float,
) -> tuple[dict[str, float], float]:
    """Weights of these columns and their constant, on each account's worst moment."""
    points = points[:, columns]
    _, first, accounts = np.unique([e.account for e in examples], return_index=True, return_inverse=True)
    truth = np.array([examples[i].attack for i in first])
    weights = _balanced([examples[i].kind for i in first], truth)
    # The last evaluation to begin with; they come in order of time.
    worst = _highest(np.arange(len(examples)), accounts)
    for _ in range(ROUNDS):
        found = bounded(points[worst], truth, weights, penalty=penalty)
        chosen = _highest(points @ found[1:], accounts)
        if np.array_equal(chosen, worst):
            break
        worst = chosen
    kept = {name: float(f"{w:.6g}") for name, w in zip(names, found[1:], strict=True) if w >= LEAST}
    return kept, float(f"{found[0]:.6g}")


def _highest(scores: NDArray[Any], accounts: NDArray[np.intp]) -> NDArray[np.intp]:
    """Of each account the row with the highest score, the last of equals; accounts are 0, 1, 2, ..."""
    order = np.lexsort((scores, accounts))
    return order[np.cumsum(np.bincount(accounts)) - 1]


def _point(example: Example, baselines: Baselines, names: Sequence[str], specs: Mapping[str, Any]) -> list[float]:
    baseline = baselines.of(example.scope, example.queries)
    cleared = clearing(example.values, specs.items())
    counts = patience(example.queries)
    row = []
    for name in names:
        value, spec = example.values.get(name), specs[name]
        if value is None:
            row.append(0.0)
        elif spec.clears:
            row.append(-counts * cleared[name])
        else:
            row.append(counts * strength(baseline.p_value(name, value, spec.tail)))
    return row


def _balanced(kinds: Sequence[str], truth: NDArray[np.bool_]) -> NDArray[np.float64]:
    _, index, counts = np.unique(np.array(kinds), return_inverse=True, return_counts=True)
    weights = 1.0 / counts[index]
    for side in (False, True):
        weights[truth == side] /= weights[truth == side].sum()
    return np.asarray(weights * len(truth) / 2)


def bounded(
    points: NDArray[np.float64], truth: NDArray[np.bool_], weights: NDArray[np.float64], *, penalty: float
) -> NDArray[np.float64]:
    """Constant and weights, none of the latter negative, of a ridge-penalised logistic regression.

    Parameters
    ----------
    points
        A row an example; a column may only speak for the side that is true.
    weights
        Of the examples; their mean is 1.
    penalty
        Half of it times the squared weights is added to the summed loss.

    """
    signs = np.where(truth, 1.0, -1.0)

    def loss(at: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        margins = signs * (points @ at[1:] + at[0])
        slopes = -signs * weights / (1.0 + np.exp(np.clip(margins, -500, 500)))
        value = weights @ np.logaddexp(0.0, -margins) + penalty / 2 * at[1:] @ at[1:]
        return float(value), np.concatenate([[slopes.sum()], points.T @ slopes + penalty * at[1:]])

    bounds = [(None, None), *[(0.0, None)] * points.shape[1]]
    start = np.zeros(points.shape[1] + 1)
    return np.asarray(minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 2000}).x)
