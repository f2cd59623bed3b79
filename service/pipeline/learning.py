"""Learning: the installation's own baseline, from the evaluations of its own benign traffic.

What is benign is not known, only what was not flagged. Entities with a flag
of medium or above in the period, or with a decision about them, are left out unless an operator's decision
says ``allow``. That tightens the tail by at most the alarm budget at each
learning; an operator who clears a wrongly flagged entity puts it back in. What an account did within a declared job is
left out too: no alert can come of it, so it says nothing about the alerts that can, and would only raise what these
must reach.

Weakness: an attacker who was there from the first day and never flagged is
part of what is called benign. That is why the account-days with the highest scores are listed
(:mod:`service.pipeline.highest`), for somebody to vouch for or leave out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from detectors.core.calibration import clopper_pearson
from detectors.core.fit import Measured, fit
from service.model.entity import Scope

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from detectors.core.baseline import Baselines
    from detectors.core.calibration import Interval
    from service.model.declaration import Declaration
    from service.model.flag import Evaluation

DAY = 86_400_000_000
PERIOD = 30 * DAY
"""Microseconds of event time learnt from."""
RECENT = 7 * DAY
"""Microseconds of event time that are held against the baseline in force."""
SEED = 1
TENTH = 0.1
STALE = 2 * TENTH
"""Lower limit of the share from which the baseline counts as stale: twice what it should be, and surely so."""


def measured(evaluation: Evaluation) -> Measured:
    """An evaluation as the fit takes it."""
    return Measured(
        scope=str(evaluation.entity.scope),
        entity=evaluation.entity.value,
        day=evaluation.at // DAY,
        queries=evaluation.queries,
        values=evaluation.values,
    )


def undeclared(evaluations: Iterable[Evaluation], declared: Mapping[str, Declaration]) -> Iterator[Evaluation]:
    """The evaluations that no declared job covers.

    Parameters
    ----------
    evaluations
        Of entities taken as benign.
    declared
        Account -> its job.

    """
    for evaluation in evaluations:
        job = declared.get(evaluation.entity.value) if evaluation.entity.scope is Scope.ACCOUNT else None
        if job is None or not job.covers(evaluation.at, evaluation.queries):
            yield evaluation


def drift(evaluations: Iterable[Evaluation], held: Baselines) -> Interval:
    """Share of account-days whose highest score is in the baseline's highest tenth, with its 95 % interval.

    While the baseline fits it is a tenth. An interval wholly above twice that says that the traffic has become
    another, and that p-values, with the alarm rate on top of them, are too small.
    """
    calibration = held.calibration(Scope.ACCOUNT)
    highest: dict[tuple[str, int], float] = {}
    for evaluation in evaluations:
        if evaluation.entity.scope is Scope.ACCOUNT:
            unit = evaluation.entity.value, evaluation.at // DAY
            highest[unit] = max(evaluation.score, highest.get(unit, 0.0))
    return clopper_pearson(sum(calibration.p_value(score) <= TENTH for score in highest.values()), len(highest))


def learn(evaluations: Iterable[Evaluation], *, features: str) -> Baselines:
    """A baseline of these evaluations, however few they are; its calibration says which budget they support.

    Parameters
    ----------
    evaluations
        Of entities taken as benign, in order of event time.
    features
        Version of the features they were measured with.

    """
    rows = [measured(evaluation) for evaluation in evaluations]
    source = {"source": "this installation's own traffic", "period_days": PERIOD // DAY}
    return fit(rows, provenance=source, seed=SEED, features=features)
