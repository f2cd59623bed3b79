"""What scoring needs besides a store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from detectors.core.baseline import Baselines
from detectors.core.registry import all_detectors
from detectors.features import Extractor
from service.pipeline.rules import RULE, Rules
from service.pipeline.scorer import Scorer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from service.ports import Checkpoint
    from service.settings import Settings


@dataclass(frozen=True, slots=True)
class Brain:
    """Features and baseline: loaded once a process."""

    extractor: Extractor
    baselines: Baselines


def brain(settings: Settings, key: bytes, baseline: Path | None = None) -> Brain:
    """Features and baseline: the one asked for, else the installation's own, else the shipped one.

    Raises
    ------
    BaselineError
        The file cannot be used; the message says why.

    """
    chosen = baseline or settings.scoring.baseline
    return Brain(Extractor(key), Baselines.load(chosen) if chosen else Baselines.default())


def scorer(settings: Settings, parts: Brain, key: bytes) -> Callable[[Checkpoint], Scorer]:
    """Builds a scorer over a checkpoint."""
    detectors = all_detectors()
    versions = {
        "baseline": parts.baselines.version,
        "features": parts.extractor.version,
        "rule": RULE,
        **{detector.name: str(detector.version) for detector in detectors},
    }
    rules = Rules(parts.baselines, settings.scoring.budget, versions)

    def make(checkpoint: Checkpoint) -> Scorer:
        return Scorer(
            checkpoint,
            extractor=parts.extractor,
            detectors=detectors,
            rules=rules,
            settings=settings.scoring,
            trail_days=settings.retention.trail,
            key=key,
        )

    return make
