"""Baseline: what benign looks like, per scope and stratum of query count.

An entity of 30 queries is compared with benign entities of 20 to 39 queries,
since coverage, diversity and the rest grow with the count. p-values are
conformal: with ``r`` of ``n`` benign values at least as extreme, the p-value
is (r + 1) / (n + 1), so it is never 0 and never finer than n supports.

References
----------
[^1]: Vovk, V., Gammerman, A., Shafer, G., 2005. Algorithmic Learning in a
      Random World. Springer.

"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from importlib.resources import as_file, files
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from detectors.core import baseline_file
from detectors.core.calibration import Calibration
from detectors.core.tail import Tail

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

BaselineError = baseline_file.BaselineError

FIRST_STRATUM = 20
"""Queries at the lower end of stratum 0; every stratum is twice as wide as the one before."""
LAST_STRATUM = 12
ALL_STRATA = -1
"""Where signals are kept that are compared with the whole scope."""
KEPT = 328
"""Values kept of a reference."""
DENSE = 96
"""Of those, values kept one by one at either end, where p-values are decided."""

_OWN = frozenset({"format", "version", "features", "detectors", "references", "calibrations"})
"""Keys of the file's header that are no provenance."""


def stratum(queries: int) -> int:
    """0 for fewer than 40 queries, 1 for 40-79, 2 for 80-159, ..., at most ``LAST_STRATUM``."""
    return min(max(queries // FIRST_STRATUM, 1).bit_length() - 1, LAST_STRATUM)


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """Benign values of one signal, thinned to at most ``KEPT`` with their true ranks."""

    values: NDArray[np.float64]
    """Rising."""
    ranks: NDArray[np.int64]
    """Rank of each value among all ``n``, from 0; rises from 0 to n - 1."""
    n: int
    _quantiles: dict[float, float] = field(init=False, repr=False, default_factory=dict)
    """Those that were asked for: every evaluation asks for the same few."""

    @classmethod
    def of(cls, values: NDArray[np.float64]) -> Self:
        """The reference of these benign values, in any order."""
        ordered = np.sort(np.asarray(values, np.float64))
        n = len(ordered)
        if n <= KEPT:
            return cls(ordered, np.arange(n), n)
        middle = np.linspace(DENSE, n - 1 - DENSE, KEPT - 2 * DENSE).astype(np.int64)
        ranks = np.concatenate([np.arange(DENSE), middle, np.arange(n - DENSE, n)])
        return cls(ordered[ranks], ranks, n)

    def p_value(self, value: float, tail: Tail) -> float:
        """Conformal p-value; between kept values the count of extremes is rounded up."""
        if not self.n:
            return 1.0
        if tail is Tail.BOTH:
            return min(1.0, 2.0 * min(self.p_value(value, Tail.UPPER), self.p_value(value, Tail.LOWER)))
        if tail is Tail.UPPER:
            below = int(self.values.searchsorted(value, "left"))
            extreme = self.n - (int(self.ranks[below - 1]) + 1 if below else 0)
        else:
            upto = int(self.values.searchsorted(value, "right"))
            extreme = int(self.ranks[upto]) if upto < len(self.values) else self.n
        return (extreme + 1) / (self.n + 1)

    def quantile(self, q: float) -> float:
        """Value at the share ``q``, linear between kept values."""
        known = self._quantiles.get(q)
        if known is None:
            known = self._quantiles[q] = float(np.interp(q * (self.n - 1), self.ranks, self.values))
        return known

    def p99(self, tail: Tail) -> float:
        """99th percentile; the 1st where low is suspicious."""
        return self.quantile(0.01 if tail is Tail.LOWER else 0.99)


@dataclass(frozen=True, slots=True)
class Baseline:
    """The benign view of one scope and stratum: all that a detector sees of the baseline."""

    scope: str
    stratum: int
    references: Mapping[tuple[str, int, str], Reference]

    def p_value(self, signal: str, value: float, tail: Tail) -> float:
        """Conformal p-value; 1.0 where nothing is known of the signal."""
        reference = self.reference(signal)
        return 1.0 if reference is None else reference.p_value(value, tail)

    def median(self, signal: str) -> float | None:
        """Benign median, None where nothing is known."""
        reference = self.reference(signal)
        return None if reference is None else reference.quantile(0.5)

    def n(self, signal: str) -> int:
        """Benign values behind the p-value."""
        reference = self.reference(signal)
        return 0 if reference is None else reference.n

    def reference(self, signal: str) -> Reference | None:
        """The benign values of a signal, None where nothing is known."""
        found = self.references.get((self.scope, self.stratum, signal))
        return found or self.references.get((self.scope, ALL_STRATA, signal))


@dataclass(frozen=True, slots=True, kw_only=True)
class Baselines:
    """The fitted artifact: references of every scope, and the calibration of its combined score."""

    references: Mapping[tuple[str, int, str], Reference]
    """(scope, stratum, signal) -> reference."""
    calibrations: Mapping[str, Calibration]
    features: str
    """Version of the features that the values were measured with."""
    detectors: Mapping[str, int]
    """Detector -> version, likewise."""
    provenance: Mapping[str, Any]
    """How it was made: command, seed, licences, sources, counts."""
    version: str = ""
    """Digest of the contents; empty only while it is being built."""
    strata: Mapping[str, frozenset[int]] = field(init=False, repr=False)
    """Scope -> strata that were fitted."""

    def __post_init__(self) -> None:
        strata: dict[str, set[int]] = {}
        for scope, level, _ in self.references:
            strata.setdefault(scope, set()).add(level)
        known = {scope: frozenset(levels - {ALL_STRATA}) for scope, levels in strata.items()}
        object.__setattr__(self, "strata", known)
        object.__setattr__(self, "version", baseline_file.digest(self.header(), *self.arrays()))

    def of(self, scope: str, queries: int) -> Baseline:
        """The view for an entity of this scope with this many queries.

        A count beyond the strata that were fitted is compared with the nearest one.
        """
        wanted = stratum(queries)
        nearest = min(self.strata.get(scope, ()), key=lambda level: (abs(level - wanted), level), default=wanted)
        return Baseline(scope, nearest, self.references)

    def calibration(self, scope: str) -> Calibration:
        """The scope's calibration; an empty one, which supports no budget, where none was fitted."""
        return self.calibrations.get(scope, Calibration(()))

    @classmethod
    def empty(cls) -> Self:
        """Knows nothing: every p-value is 1.0 and no budget is supported."""
        return cls(references={}, calibrations={}, features="", detectors={}, provenance={})

    @classmethod
    @cache
    def default(cls) -> Self:
        """The baseline that ships with the package.

        Raises
        ------
        BaselineError
            The installation is incomplete.

        """
        with as_file(files("detectors").joinpath("data/baseline.npz")) as path:
            return cls.load(path)

    @classmethod
    def load(cls, path: Path) -> Self:
        """The baseline in a file.

        Raises
        ------
        BaselineError
            It cannot be read, or is not a whole and sound baseline; says what to do.

        """
        header, arrays = baseline_file.read(path)
        with baseline_file.refusing(path):
            return cls._restore(header, arrays)

    def save(self, path: Path) -> None:
        """Write it as one npz of numbers and a JSON header, atomically."""
        baseline_file.write(path, self.header() | {"version": self.version}, self.arrays())

    def header(self) -> dict[str, Any]:
        """All that is no array, as JSON."""
        return {
            "command": "revenuer baseline fit",
            "seed": 0,
            "licences": [],
            **self.provenance,
            "features": self.features,
            "detectors": dict(self.detectors),
            "references": [
                [*key, reference.n, len(reference.values)] for key, reference in sorted(self.references.items())
            ],
            "calibrations": [_counts(scope, held) for scope, held in sorted(self.calibrations.items())],
        }

    def arrays(self) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.float64]]:
        """Reference values, their ranks, and calibration scores, one after the other in the header's order."""
        references = [held for _, held in sorted(self.references.items())]
        scores = [held.scores for _, held in sorted(self.calibrations.items())]
        return (
            np.concatenate([np.empty(0), *(held.values for held in references)]),
            np.concatenate([np.empty(0, np.int64), *(held.ranks for held in references)]),
            np.concatenate([np.empty(0), *scores]),
        )

    @classmethod
    def _restore(cls, header: Mapping[str, Any], arrays: tuple[NDArray[Any], ...]) -> Self:
        values, ranks, scores = arrays
        references: dict[tuple[str, int, str], Reference] = {}
        at = 0
        for scope, level, signal, n, kept in header["references"]:
            held = Reference(values[at : at + kept], ranks[at : at + kept], n)
            if len(held.values) != kept or not _sound(held):
                raise ValueError(f"the reference of '{signal}' in scope '{scope}' is damaged")
            references[str(scope), int(level), str(signal)] = held
            at += kept
        calibrations: dict[str, Calibration] = {}
        start = 0
        for scope, count, *accounts in header["calibrations"]:
            calibrations[str(scope)] = Calibration(scores[start : start + count], *accounts)
            start += count
        if at != len(values) or at != len(ranks) or start != len(scores):
            raise ValueError("its arrays do not have the length that its header says")
        loaded = cls(
            references=references,
            calibrations=calibrations,
            features=str(header["features"]),
            detectors={str(name): int(version) for name, version in header["detectors"].items()},
            provenance={key: value for key, value in header.items() if key not in _OWN},
        )
        if loaded.version != header["version"]:
            raise ValueError("its contents do not match its version")
        return loaded


def _counts(scope: str, held: Calibration) -> list[str | int]:
    """Scope, days, and accounts where these are fewer: files of earlier releases know none."""
    return [scope, held.n] if held.accounts == held.n else [scope, held.n, held.accounts]


def _sound(held: Reference) -> bool:
    if not len(held.values):
        return False
    rising = bool(np.all(np.diff(held.values) >= 0) and np.all(np.diff(held.ranks) > 0))
    return rising and bool(np.all(np.isfinite(held.values))) and held.ranks[0] == 0 and held.ranks[-1] == held.n - 1
