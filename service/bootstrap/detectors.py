"""What the detectors do in an installation: their mode, how often they fire, and what they cost."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from detectors.core.detector import Measurement
from detectors.core.judge import judge
from detectors.core.observation import Observations
from detectors.core.registry import all_detectors
from detectors.core.severity import THRESHOLDS
from service.bootstrap.scoring import baselines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from detectors.core.baseline import Baselines
    from detectors.core.detector import Detector
    from service.model.flag import Evaluation
    from service.settings import Settings

ROWS = 64
"""Observations of the batch whose cost is measured: about what an account has in a micro-batch."""
REPEATS = 50


@dataclass(frozen=True, slots=True)
class Standing:
    """One detector in this installation."""

    name: str
    version: int
    group: str
    mode: str
    threshold: float
    """p-value, over all its signals, from which it counts as out of line."""
    fired: int
    evaluations: int
    """Of entities taken as benign, over the period that a baseline is learnt from."""
    microseconds: float
    """CPU an event, measured now on a batch of ``ROWS``; the features that all share are not in it."""


def standings(settings: Settings, evaluations: Iterable[Evaluation]) -> Iterator[Standing]:
    """Every detector, by name.

    Parameters
    ----------
    evaluations
        Of the installation's log; empty where there is none.

    """
    held = baselines(settings)
    fired: Counter[str] = Counter()
    judged: Counter[str] = Counter()
    for evaluation in evaluations:
        for detector in all_detectors():
            out = _out_of_line(detector, evaluation, held)
            if out is not None:
                judged[detector.name] += 1
                fired[detector.name] += out
    for detector in all_detectors():
        yield Standing(
            detector.name,
            detector.version,
            str(detector.group),
            settings.scoring.detectors.get(detector.name, "live"),
            THRESHOLDS.group,
            fired[detector.name],
            judged[detector.name],
            _cost(detector),
        )


def _out_of_line(detector: Detector, evaluation: Evaluation, held: Baselines) -> bool | None:
    """Whether it fires, from the values that were stored, so that a detector in shadow is seen too."""
    own = {name: value for name in detector.signals if (value := evaluation.values.get(name)) is not None}
    if not own:
        return None
    baseline = held.of(evaluation.entity.scope, evaluation.queries)
    return 1.0 - judge(detector.signals, Measurement(own), baseline).value <= THRESHOLDS.group


def _cost(detector: Detector) -> float:
    rows = Observations.empty(ROWS)
    random = np.random.default_rng(1)
    rows.has_text[:] = rows.ok[:] = True
    rows.time[:] = np.arange(ROWS)
    rows.prompt[:] = random.integers(0, 2**64, ROWS, np.uint64)
    rows.embedding[:] = random.normal(size=rows.embedding.shape)
    rows.output_tokens[:] = 100
    state = detector.update(detector.empty(), Observations.concat([rows]))
    # Each a batch of its own: of one that was seen before everything would be worked out already.
    batches = [Observations.concat([rows]) for _ in range(REPEATS)]
    began = time.process_time()
    for batch in batches:
        state = detector.update(state, batch)
    return (time.process_time() - began) / REPEATS / ROWS * 1e6
