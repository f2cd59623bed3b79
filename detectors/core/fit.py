"""Fit: from measured benign evaluations to a baseline.

Accounts are split by a seeded hash: the values of one half become the
references, the highest combined score of each account-day of the other half,
computed with those references, becomes the calibration. So no account judges
itself, and every p-value of a flag is out of sample.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from detectors.core.baseline import ALL_STRATA, Baselines, Reference, stratum
from detectors.core.calibration import Calibration
from detectors.core.combiner import Combiner
from detectors.core.fusion import fused_score
from detectors.core.registry import all_detectors
from detectors.core.tail import Tail

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from detectors.core.detector import Detector, SignalSpec

ENOUGH = 400
"""Values below which a stratum borrows from its neighbours: at fewer, no p-value within the
group threshold of 0.05 divided by a group's signals is known to better than a fifth or so."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One evaluation of a benign entity, as the pipeline made it with an empty baseline."""

    scope: str
    entity: str
    day: int
    """Day of event time, any count that differs from day to day."""
    queries: int
    """The entity's queries at that evaluation."""
    values: Mapping[str, float]
    """``Score.values`` of all detectors, merged."""


def fit(
    evaluations: Iterable[Measured],
    *,
    provenance: Mapping[str, Any],
    seed: int,
    features: str = "",
    detectors: Sequence[Detector] | None = None,
    combiner: Combiner | None = None,
    halves: bool = True,
) -> Baselines:
    """The baseline of these benign evaluations.

    Parameters
    ----------
    evaluations
        In order of event time.
    provenance
        How they came about: command, sources, licences; counts are added here.
    seed
        Of the split of accounts.
    features
        Version of the features they were measured with.
    detectors
        All of the folder by default.
    combiner
        Of the scores that are calibrated; the one that ships by default.
    halves
        False: all of the accounts become references and nothing is calibrated, for p-values alone.

    """
    rooms = tuple(detectors or all_detectors())
    rows = list(evaluations)
    fitted = [row for row in rows if not halves or _half(seed, row) == 0]
    held_out = [row for row in rows if halves and _half(seed, row) == 1]
    specs = {name: spec for room in rooms for name, spec in room.signals.items()}
    building = Baselines(
        references=_references(fitted, specs), calibrations={}, features=features, detectors={}, provenance={}
    )
    return Baselines(
        references=building.references,
        calibrations=_calibrations(held_out, building, rooms, combiner),
        features=features,
        detectors={room.name: room.version for room in rooms},
        provenance={
            **provenance,
            "seed": seed,
            "combiner": (combiner or Combiner.default()).version,
            "evaluations": len(rows),
            "entities_fitted": len({(row.scope, row.entity) for row in fitted}),
            "entities_calibrated": len({(row.scope, row.entity) for row in held_out}),
        },
    )


def _half(seed: int, row: Measured) -> int:
    digest = hashlib.blake2b(f"{seed}/{row.scope}/{row.entity}".encode(), digest_size=8).digest()
    return digest[0] & 1


def _references(rows: Iterable[Measured], specs: Mapping[str, SignalSpec]) -> dict[tuple[str, int, str], Reference]:
    """References of every scope, stratum and signal; a value is an entity-day's last, or its extreme over strata."""
    latest: dict[tuple[str, int, str], dict[tuple[str, int], float]] = {}
    for row in rows:
        unit = (row.entity, row.day)
        for name, value in row.values.items():
            spec = specs.get(name)
            if spec is None:
                continue
            level = stratum(row.queries) if spec.stratified else ALL_STRATA
            held = latest.setdefault((row.scope, level, name), {})
            # One value a day, so that an account evaluated often does not weigh more.
            held[unit] = value if spec.stratified else _further(held.get(unit), value, spec.tail)
    values = {key: np.array(list(held.values())) for key, held in latest.items()}
    return {key: Reference.of(_borrowed(values, key)) for key in values}


def _further(held: float | None, value: float, tail: Tail | None) -> float:
    if held is None or tail not in (Tail.UPPER, Tail.LOWER):
        return value
    return max(held, value) if tail is Tail.UPPER else min(held, value)


def _borrowed(values: Mapping[tuple[str, int, str], Any], key: tuple[str, int, str]) -> Any:
    """The values of a stratum; with those of the nearest strata, pair by pair, until there are ``ENOUGH``."""
    scope, level, name = key
    pooled = values[key]
    reach = 0
    known = [held for held_scope, held, held_name in values if (held_scope, held_name) == (scope, name)]
    while len(pooled) < ENOUGH and level != ALL_STRATA and reach < max(known) - min(known):
        reach += 1
        pooled = np.concatenate([values[scope, near, name] for near in sorted(known) if abs(near - level) <= reach])
    return pooled


def _calibrations(
    rows: Iterable[Measured], building: Baselines, rooms: Sequence[Detector], combiner: Combiner | None
) -> dict[str, Calibration]:
    highest: dict[str, dict[tuple[str, int], float]] = {}
    for row in rows:
        score = fused_score(row.values, row.queries, building.of(row.scope, row.queries), rooms, combiner)
        held = highest.setdefault(row.scope, {})
        unit = (row.entity, row.day)
        held[unit] = max(score, held.get(unit, 0.0))
    return {
        scope: Calibration(list(held.values()), len({entity for entity, _ in held})) for scope, held in highest.items()
    }
