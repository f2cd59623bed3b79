"""Replay and fit over files: no process, no store but memory."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from detectors.core.baseline import Baselines
from detectors.features import Extractor
from service.backends.memory import MemoryCheckpoint
from service.bootstrap.declarations import Declarations
from service.bootstrap.scoring import Brain, baselines, scorer
from service.bootstrap.stores import stores
from service.gateway.dialects import Dialects
from service.replay.fit import fit_events
from service.replay.reader import Reader
from service.replay.runner import run
from service.secrets import Secrets

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from service.model.declaration import Declaration
    from service.model.flag import Evaluation
    from service.pipeline.scorer import Scorer
    from service.ports import Checkpoint
    from service.replay.runner import Result
    from service.settings import Settings

STRANGER = b"revenuer: replay without an installation".ljust(32, b".")[:32]
"""Key of digests where there is no installation: they end with the run, so it need not be secret, and
the same files give the same scores on every machine."""


def key(settings: Settings) -> bytes:
    """The installation's digest key, so that its own log replays to its own scores."""
    folder = settings.secrets_folder
    ours = (folder / "digest_key").exists() or os.environ.get("REVENUER_DIGEST_KEY")
    return Secrets.load(folder).digest_key if ours else STRANGER


def in_memory(
    settings: Settings, parts: Brain, own: bytes, declared: Mapping[str, Declaration] | None = None
) -> tuple[Scorer, Checkpoint]:
    """A scorer over a store in memory, and that store.

    Parameters
    ----------
    declared
        Account -> the job that it announced.

    """
    # The runner takes evaluations and flags from the commits; the store need not keep them.
    checkpoint = MemoryCheckpoint(
        on_evaluation=lambda _: None, on_flag=lambda _: None, trail_days=settings.retention.trail
    )
    return scorer(settings, parts, own, declared=(declared or {}).get)(checkpoint), checkpoint


def declarations(settings: Settings) -> Mapping[str, Declaration]:
    """Account -> its declared job, as this installation has it; none where it was never started or cannot answer."""
    if not settings.database and not (settings.data / "revenuer.db").exists():
        return {}
    held = stores(settings)
    try:
        return Declarations(held.registers.declarations).all()
    finally:
        held.close()


def reader(files: Sequence[Path], *, strict: bool = False) -> Reader:
    """The files as one stream of events."""
    return Reader(files, dialects=Dialects(), strict=strict)


def replay(
    events: Reader,
    settings: Settings,
    *,
    baseline: Path | None = None,
    on_events: Callable[[int], None] = lambda _: None,
    on_evaluation: Callable[[Evaluation], None] = lambda _: None,
) -> Result:
    """Take the files through the pipeline under a baseline.

    Raises
    ------
    BaselineError
        The baseline cannot be used.
    ReaderError
        A file cannot be read, or a line under ``strict``.

    """
    own = key(settings)
    extractor = Extractor(own)
    parts = Brain(extractor, baselines(settings, baseline, features=extractor.version))
    made, checkpoint = in_memory(settings, parts, own, declarations(settings))
    return run(events, scorer=made, checkpoint=checkpoint, on_events=on_events, on_evaluation=on_evaluation)


def fit(
    events: Reader,
    settings: Settings,
    *,
    provenance: Mapping[str, Any],
    seed: int = 1,
    on_events: Callable[[int], None] = lambda _: None,
) -> Baselines:
    """A baseline of the files, all of which are taken as benign."""
    own = key(settings)
    parts = Brain(Extractor(own), Baselines.empty())
    made, checkpoint = in_memory(settings, parts, own)
    return fit_events(
        events,
        scorer=made,
        checkpoint=checkpoint,
        provenance=provenance,
        seed=seed,
        features=parts.extractor.version,
        on_events=on_events,
    )
