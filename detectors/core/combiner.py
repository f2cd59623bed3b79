"""Combiner: all signals of an entity as one score, by weights that were fitted and may only be of one sign.

Evidence enters as minus the decimal logarithm of its p-value against the
baseline, cut at ``CUT``; what clears enters as the share that it is. The score is a
logistic function of a weighted sum in which evidence counts up and what
clears counts down: a p-value that falls never lowers the score, and more of
what clears never raises it. Both count the less the fewer queries they rest on, by
n / (n + ``HALF``): an entity is looked at again and again, its score is the highest of all looks, and
the early ones scatter most. The weights are those of a ridge-penalised logistic regression with bounds, fitted by
``python -m service.fitting.combiner`` on simulated accounts of both sides;
they ship as numbers.

Signals that honest callers hardly ever show are weighed apart, by a sum of their own that was fitted on the
harvests which show them; the higher of the two sums counts. In one sum they would get no weight that tells:
most harvests are without them, and those that have them may have nothing else.

Because the inputs are p-values of the installation's own baseline, the same
weights serve every installation. The score is a statistic and no probability:
what it is worth is said by the calibration on benign account-days, which
holds whatever the weights are.

Weakness: additive, so a pattern that is suspicious only in combination must
be a signal of its own. Fitted on simulated attackers, it is as good as they are.

References
----------
[^1]: Cox, D. R., 1958. The Regression Analysis of Binary Sequences. JRSS B 20.
[^2]: Byrd, R. H. et al., 1995. A Limited Memory Algorithm for Bound
      Constrained Optimization. SIAM J. Sci. Comput. 16 (the fit under bounds).

"""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import as_file, files
from typing import TYPE_CHECKING, Any, Self

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from detectors.core.detector import SignalSpec

FORMAT = "revenuer-combiner-3"
CUT = 3.0
"""Evidence beyond a p-value of 0.001 counts no further: baselines are seldom finer, and no signal decides alone."""
HALF = 75.0
"""Queries of which the evidence counts for half of what it counts in the end. Of 1 to 300, chosen on three draws of
simulated accounts: up to 150 as many harvests are found where they are all of an account's use, and the fewer where
they are a part of it; below 50 fewer of the former."""


class CombinerError(Exception):
    """The combiner cannot be used; the message says what is wrong."""


def strength(p_value: float) -> float:
    """What a p-value counts before it is weighted: 0 for 1, 1 for 0.1, at most ``CUT``."""
    return min(-math.log10(p_value), CUT)


def patience(queries: int) -> float:
    """What evidence from so many queries counts, of what it would count from endlessly many: in (0, 1)."""
    return queries / (queries + HALF)


@dataclass(frozen=True, slots=True)
class Combiner:
    """Weights of the signals."""

    weights: Mapping[str, float]
    """Signal -> weight, at least 0; what clears is subtracted. A signal that is not listed counts nothing."""
    constant: float
    about: Mapping[str, Any]
    """Command, seed and licences of the fit."""
    alone: Mapping[str, float] = field(default_factory=dict)
    """Weights of the signals that may decide alone, as the others; empty where there are none."""
    alone_constant: float = 0.0

    def __post_init__(self) -> None:
        named = [*self.weights.items(), *self.alone.items()]
        wrong = [name for name, weight in named if not 0.0 <= weight < math.inf]
        if wrong or not (math.isfinite(self.constant) and math.isfinite(self.alone_constant)):
            raise CombinerError(f"weights must be finite and not negative: {', '.join(wrong) or 'the constants'}")

    @property
    def names(self) -> frozenset[str]:
        """Signals that have a weight."""
        return frozenset(self.weights) | frozenset(self.alone)

    @property
    def version(self) -> str:
        """Digest of the weights."""
        parts = [sorted(self.weights.items()), self.constant, sorted(self.alone.items()), self.alone_constant]
        text = json.dumps(parts)
        return hashlib.blake2b(text.encode(), digest_size=6).hexdigest()

    def score(self, p_values: Mapping[str, float], clearing: Mapping[str, float], queries: int) -> float:
        """The score in (0, 1) of evidence, signal -> p-value, and of what clears, signal -> share, in its queries."""
        counts = patience(queries)
        total = self.constant + counts * _sum(self.weights, p_values, clearing)
        if self.alone:
            total = max(total, self.alone_constant + counts * _sum(self.alone, p_values, clearing))
        return 1.0 / (1.0 + math.exp(-total)) if total > -700.0 else 0.0

    def save(self, path: Path) -> None:
        """Write it as one npz: the numbers, and their names in the JSON header."""
        names, alone = sorted(self.weights), sorted(self.alone)
        header = {"command": "python -m service.fitting.combiner", "seed": 0, "licences": [], **self.about}
        about = json.dumps({**header, "format": FORMAT, "signals": names, "alone": alone}, sort_keys=True)
        weights = np.array([*(self.weights[name] for name in names), *(self.alone[name] for name in alone)], np.float64)
        constants = np.array([self.constant, self.alone_constant])
        np.savez_compressed(path, allow_pickle=False, about=np.array(about), weights=weights, constants=constants)

    @classmethod
    def load(cls, path: Path) -> Self:
        """The combiner in a file.

        Raises
        ------
        CombinerError
            It is missing, or not whole.

        """
        try:
            with np.load(path, allow_pickle=False) as stored:
                about = json.loads(str(stored["about"]))
                if about.get("format") != FORMAT:
                    raise CombinerError(f"combiner {path} is not of the format {FORMAT}; reinstall the package")
                names, alone = about["signals"], about["alone"]
                weights = stored["weights"].tolist()
                constant, alone_constant = stored["constants"].tolist()
                named = list(zip([*names, *alone], weights, strict=True))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise CombinerError(f"combiner {path} cannot be read: {error}; reinstall the package") from error
        return cls(dict(named[: len(names)]), constant, about, dict(named[len(names) :]), alone_constant)

    @classmethod
    @cache
    def default(cls) -> Self:
        """The combiner that ships with the package."""
        with as_file(files("detectors").joinpath("data/combiner.npz")) as path:
            return cls.load(path)


def _sum(weights: Mapping[str, float], p_values: Mapping[str, float], clearing: Mapping[str, float]) -> float:
    total = 0.0
    # In the order of the weights, so that the last bits do not hang on who asks.
    for name, weight in weights.items():
        if (p_value := p_values.get(name)) is not None:
            total += weight * strength(p_value)
        elif (share := clearing.get(name)) is not None:
            total -= weight * share
    return total


def clearing(values: Mapping[str, float], specs: Iterable[tuple[str, SignalSpec]]) -> dict[str, float]:
    """Of measured values those that clear."""
    return {name: values[name] for name, spec in specs if spec.clears and name in values}
