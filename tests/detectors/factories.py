"""Observations and baselines with defaults, so that a test names only what matters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from detectors.core.baseline import ALL_STRATA, Baselines, Reference
from detectors.core.calibration import Calibration
from detectors.core.observation import EMBEDDING, Observations
from detectors.core.registry import all_detectors

if TYPE_CHECKING:
    from collections.abc import Mapping

    from detectors.core.baseline import Baseline
    from detectors.core.detector import Detector

START = 1_800_000_000.0


def observations(rows: int, *, seed: int = 0, **given: Any) -> Observations:
    """Fresh, answered queries a second apart with random digests and embeddings; ``given`` columns replace them."""
    random = np.random.default_rng(seed)
    out = Observations.empty(rows)
    vectors = random.normal(size=(rows, EMBEDDING))
    columns: dict[str, Any] = {
        "time": START + np.arange(rows),
        "input_tokens": 50,
        "output_tokens": 100,
        "has_text": True,
        "prompt": random.integers(0, 2**64, rows, np.uint64),
        "cell": random.integers(0, 256, rows),
        "embedding": vectors / np.linalg.norm(vectors, axis=1, keepdims=True),
        "surface": random.random(out.surface.shape),
        "ok": True,
        **given,
    }
    for name, values in columns.items():
        getattr(out, name)[...] = values
    return out


def measured(detector: Detector, batch: Observations, at: float = START) -> Mapping[str, float]:
    """What a detector measures after one batch, which is taken to be enough."""
    found = detector.measure(detector.update(detector.empty(), batch), at)
    assert found is not None
    return found.values


def a_baseline(values: object = range(1, 100), scope: str = "account", stratum: int = 0) -> Baseline:
    """A baseline in which every signal of every detector has these benign values."""
    reference = Reference.of(np.array(values, np.float64))
    names = [name for detector in all_detectors() for name in detector.signals]
    references = {(scope, level, name): reference for name in names for level in (stratum, ALL_STRATA)}
    return baselines(references=references).of(scope, 20 << stratum)


def baselines(**given: Any) -> Baselines:
    """An artifact that knows nothing but what is given."""
    fields: dict[str, Any] = {
        "references": {},
        "calibrations": {"account": Calibration([0.1, 0.5, 0.9])},
        "features": "1/test",
        "detectors": {"volume": 1},
        "provenance": {"command": "revenuer baseline fit", "seed": 1, "licences": ["CC0-1.0"]},
        **given,
    }
    return Baselines(**fields)
