"""Rules: which evaluation is a flag, and everything that the flag says."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from detectors.core.severity import severity
from service.model.entity import Scope
from service.model.flag import Evaluation, Flag, Rate, Severity
from service.model.ids import text_id

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from detectors.core.baseline import Baselines
    from detectors.core.detector import Signal
    from detectors.core.fusion import Fused
    from service.model.declaration import Declaration
    from service.model.entity import Entity
    from service.pipeline.entities import Followed
    from service.pipeline.windows import Moment

RULE = "fused-2"
"""Name and version of the one rule there is: the fused score against the alarm budget."""

OUT_OF_LINE = 0.1
"""p-value up to which a signal is given as a reason: what nine of ten benign entities show too explains nothing."""
FEWEST = 3
"""Reasons given in any case: a score may be made of many signals that are each a little out of line."""

TECHNIQUES = ("AML.T0024.002", "AML.T0040")
"""MITRE ATLAS: extract an AI model through its inference API; inference API access."""


@dataclass(frozen=True, slots=True)
class Rules:
    """The rule under one baseline and one alarm budget."""

    baselines: Baselines
    budget: float
    versions: Mapping[str, str]
    declared: Callable[[str], Declaration | None] = field(default=lambda _: None)
    """Account -> the job that it announced."""

    def judge(
        self, entity: Entity, followed: Followed, moment: Moment, fused: Fused, values: dict[str, float]
    ) -> Evaluation:
        """The evaluation of one entity at one moment."""
        calibration = self.baselines.calibration(entity.scope)
        named = severity(fused, calibration, self.budget)
        against = dict(fused.against)
        job = self.declared(entity.value) if named and entity.scope is Scope.ACCOUNT else None
        if named and job is not None and job.covers(moment.at, followed.queries):
            against["declared"] = job.words(followed.queries)
            named = job.eased(named)
        return Evaluation(
            entity, moment.window, moment.trigger, moment.at, followed.queries, fused.score,
            calibration.p_value(fused.score), Severity(named) if named else None,
            dict(fused.groups), tuple(fused.signals), against, values,
        )  # fmt: skip

    def flag(self, evaluation: Evaluation, followed: Followed) -> Flag | None:
        """The flag that the evaluation raises, noted on the entity.

        None when it is worth none, or when the entity's window has one as severe already.
        """
        found = evaluation.severity
        if found is None or _raised(followed.raised) >= (evaluation.window, found.rank):
            return None
        followed.raised = f"{evaluation.window}:{found}"
        calibration = self.baselines.calibration(evaluation.entity.scope)
        return Flag(
            id=self._id(evaluation, found),
            entity=evaluation.entity,
            severity=found,
            score=evaluation.score,
            flagged_at=evaluation.at,
            first_seen=followed.first_seen,
            last_seen=followed.last_seen,
            queries=evaluation.queries,
            window=evaluation.window,
            reasons=_telling(evaluation.signals),
            against=evaluation.against,
            false_positive_rate=Rate(*calibration.rate(evaluation.score)),
            techniques=TECHNIQUES,
            versions=dict(self.versions),
            events=tuple(text_id(event) for event in reversed(followed.recent)),
        )

    def _id(self, evaluation: Evaluation, found: Severity) -> str:
        versions = ",".join(f"{name}={value}" for name, value in sorted(self.versions.items()))
        whole = f"{evaluation.entity}|{RULE}|{evaluation.window}|{found}|{versions}"
        return hashlib.blake2b(whole.encode("utf-8", "surrogatepass"), digest_size=10).hexdigest()


def _telling(signals: Sequence[Signal]) -> tuple[Signal, ...]:
    """Of signals, most telling first, those that are a reason. The evaluation keeps them all."""
    return tuple(signal for n, signal in enumerate(signals) if n < FEWEST or signal.p_value <= OUT_OF_LINE)


def _raised(stored: str) -> tuple[int, int]:
    """Window and rank of the flag raised last, below everything where there is none."""
    if not stored:
        return -1, -1
    window, _, name = stored.partition(":")
    return int(window), Severity(name).rank
