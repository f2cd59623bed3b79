"""Fit: what benign traffic looks like, measured by the pipeline that will judge by it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from detectors.core.fit import Measured, fit
from service.pipeline.learning import measured
from service.replay.runner import run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from detectors.core.baseline import Baselines
    from service.model.query import QueryEvent
    from service.pipeline.scorer import Scorer
    from service.ports import Checkpoint


def fit_events(
    events: Iterable[QueryEvent],
    *,
    scorer: Scorer,
    checkpoint: Checkpoint,
    provenance: Mapping[str, Any],
    seed: int,
    features: str,
    on_events: Callable[[int], None] = lambda _: None,
) -> Baselines:
    """The baseline of benign events.

    Parameters
    ----------
    events
        In order of completion; all of them are taken as benign.
    scorer, checkpoint
        What they are taken through; the scorer's baseline plays no part.
    provenance
        Command, sources and licences, kept in the file.
    seed
        Of the split of accounts into those that fit and those that calibrate.
    features
        Version of the features.
    on_events
        Told the number of events after each batch.

    """
    rows: list[Measured] = []
    run(
        events,
        scorer=scorer,
        checkpoint=checkpoint,
        on_events=on_events,
        on_evaluation=lambda e: rows.append(measured(e)),
    )
    return fit(rows, provenance=provenance, seed=seed, features=features)
