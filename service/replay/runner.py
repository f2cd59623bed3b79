"""Runner: query records through the pipeline, in memory, in event time."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

from service.ports import Commit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from service.model.entity import Entity
    from service.model.flag import Evaluation, Flag
    from service.model.query import QueryEvent
    from service.pipeline.scorer import Scorer
    from service.ports import Checkpoint

BATCH = 512
DAY = 86_400_000_000


@dataclass(frozen=True, slots=True)
class Best:
    """An entity's highest combined score, and when; None before its first evaluation."""

    score: float | None = None
    at: int | None = None


@dataclass(slots=True)
class Result:
    """What a replay found."""

    queries: int = 0
    flags: list[Flag] = field(default_factory=list)
    scores: dict[Entity, Best] = field(default_factory=dict)
    """Every entity of every scope that was followed."""


def run(
    events: Iterable[QueryEvent],
    *,
    scorer: Scorer,
    checkpoint: Checkpoint,
    on_events: Callable[[int], None] = lambda _: None,
    on_evaluation: Callable[[Evaluation], None] = lambda _: None,
) -> Result:
    """Take the events through a scorer and commit to the checkpoint that it stands on.

    Parameters
    ----------
    events
        In order of completion.
    on_events
        Told the number of events after each batch.
    on_evaluation
        Given every evaluation, in order.

    """
    result = Result()
    stream, day = iter(events), 0
    while batch := list(islice(stream, BATCH)):
        commit = Commit()
        scorer.take(batch, commit)
        checkpoint.commit(commit)
        day = _forget(checkpoint, scorer.time, day)
        result.queries += len(batch)
        _gather(result, commit, on_evaluation)
        on_events(len(batch))
    commit = Commit()
    scorer.finish(commit)
    checkpoint.commit(commit)
    _gather(result, commit, on_evaluation)
    return result


def _forget(checkpoint: Checkpoint, now: int, day: int) -> int:
    """Once a day of stream time, what is past its time goes; the day it is."""
    if now // DAY > day:
        checkpoint.purge(now)
    return now // DAY


def _gather(result: Result, commit: Commit, on_evaluation: Callable[[Evaluation], None]) -> None:
    for entity in commit.entities:
        result.scores.setdefault(entity, Best())
    for evaluation in commit.evaluations:
        best = result.scores[evaluation.entity]
        if best.score is None or evaluation.score > best.score:
            result.scores[evaluation.entity] = Best(evaluation.score, evaluation.at)
        on_evaluation(evaluation)
    result.flags.extend(commit.flags)
