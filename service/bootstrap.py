"""Bootstrap: settings in, joined parts out. Implementations meet their ports here and only here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from detectors.core.baseline import Baselines
from detectors.core.registry import all_detectors
from detectors.features import Extractor
from service.backends.decisions_file import DecisionsFile
from service.backends.seal import AesSeal
from service.backends.spool import SpoolReader, SpoolWriter
from service.gateway.dialects import Dialects
from service.model.query import Start
from service.pipeline.rules import RULE, Rules
from service.pipeline.scorer import Scorer
from service.pipeline.worker import Starts, Worker
from service.secrets import Secrets

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from service.ports import Checkpoint
    from service.settings import Settings

_START = msgspec.msgpack.Decoder(Start)


@dataclass(frozen=True, slots=True)
class Brain:
    """Everything that scoring needs besides a store: built once a process, since features load slowly."""

    extractor: Extractor
    baselines: Baselines


def secrets(settings: Settings) -> Secrets:
    """The installation's secrets, made on first use."""
    return Secrets.load(settings.secrets_folder, create=True)


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
            checkpoint, extractor=parts.extractor, detectors=detectors, rules=rules, settings=settings.scoring, key=key
        )

    return make
