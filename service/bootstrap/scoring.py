"""What scoring needs besides a store."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import structlog

from detectors.core.baseline import BaselineError, Baselines
from detectors.core.combiner import Combiner
from detectors.core.registry import all_detectors
from service.pipeline.rules import RULE, Rules
from service.pipeline.scorer import Scorer
from service.settings import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from detectors.core.detector import Detector
    from detectors.features import Extractor
    from service.model.declaration import Declaration
    from service.pipeline.entities import Warm
    from service.ports import Checkpoint
    from service.settings import Settings


log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Brain:
    """Features and baseline: loaded once a process."""

    extractor: Extractor
    baselines: Baselines
    detectors: Sequence[Detector] = field(default_factory=all_detectors)


def baselines(settings: Settings, asked: Path | None = None, *, features: str = "") -> Baselines:
    """The baseline asked for, else the installation's own, else the shipped one.

    Parameters
    ----------
    asked
        What the command line names.
    features
        Version of the features that are compared with it; empty where nothing is compared.

    Raises
    ------
    BaselineError
        The file asked for cannot be used; the message says why. One's own that cannot be used is
        passed over and logged: it is learnt anew.

    """
    chosen = asked or settings.scoring.baseline
    if chosen:
        return _load(chosen, features)
    own = settings.own_baseline
    if settings.scoring.learn and own.exists():
        try:
            return _load(own, features)
        except BaselineError as error:
            log.warning("baseline.unusable", file=str(own), error=str(error))
    return Baselines.default()


def _load(path: Path, features: str) -> Baselines:
    """The baseline in a file. Numbers that were measured in another way are no measure for these."""
    held = Baselines.load(path)
    versions = {detector.name: detector.version for detector in all_detectors()}
    changed = [name for name, version in held.detectors.items() if versions.get(name, version) != version]
    combiner = Combiner.default().version
    if held.provenance.get("combiner", combiner) != combiner:
        changed.append("the combiner")
    if features and held.features not in ("", features):
        changed.append(f"features ({held.features}, now {features})")
    if changed:
        raise BaselineError(
            f"baseline {path} was fitted with other versions of {', '.join(changed)}; "
            "fit a new one with 'revenuer baseline fit FILE... --out B'"
        )
    return held


def scorer(
    settings: Settings,
    parts: Brain,
    key: bytes,
    warm: Warm | None = None,
    declared: Callable[[str], Declaration | None] = lambda _: None,
) -> Callable[[Checkpoint], Scorer]:
    """Builds a scorer over a checkpoint; those of one process share what is ``warm``.

    Parameters
    ----------
    declared
        Account -> the job that it announced.

    """
    modes = settings.scoring.detectors
    unknown = sorted(set(modes) - {detector.name for detector in parts.detectors})
    if unknown:
        raise SettingsError(
            f"scoring.detectors names '{unknown[0]}', which is no detector; 'revenuer detectors' lists them"
        )
    detectors = [detector for detector in parts.detectors if modes.get(detector.name) != "off"]
    versions = {
        "baseline": parts.baselines.version,
        "features": parts.extractor.version,
        "rule": RULE,
        "combiner": Combiner.default().version,
        **{detector.name: str(detector.version) for detector in detectors},
    }
    rules = Rules(parts.baselines, settings.scoring.budget, versions, declared)

    def make(checkpoint: Checkpoint) -> Scorer:
        return Scorer(
            checkpoint,
            extractor=parts.extractor,
            detectors=detectors,
            shadow=frozenset(name for name, mode in modes.items() if mode == "shadow"),
            rules=rules,
            settings=settings.scoring,
            trail_days=settings.retention.trail,
            state_days=settings.retention.states,
            key=key,
            warm=warm,
        )

    return make
