"""Learning: a baseline that no longer fits is told from one that does, and declared jobs are not learnt from."""

from __future__ import annotations

import numpy as np

from detectors.core.baseline import Baselines
from detectors.core.calibration import Calibration
from service.model.declaration import Declaration, Job
from service.model.entity import Entity, Scope
from service.model.flag import Evaluation
from service.pipeline.learning import STALE, drift, learn, undeclared

DAY = 86_400_000_000
HELD = Baselines(
    references={},
    calibrations={Scope.ACCOUNT: Calibration(np.linspace(0.0, 0.5, 1000))},
    features="",
    detectors={},
    provenance={},
)


def evaluations(scores: np.ndarray) -> list[Evaluation]:
    """Two of each account on one day, of which the higher counts."""
    return [
        Evaluation(
            Entity(Scope.ACCOUNT, f"acct-{i}"), 0, "close", DAY + j, 40, score - 0.001 * j, 1.0, None, {}, (), {}
        )
        for i, score in enumerate(scores)
        for j in (0, 1)
    ]


def test_traffic_like_the_baselines_is_a_tenth() -> None:
    """Scores of the same law: a tenth of the account-days is in the highest tenth, and nothing is stale."""
    found = drift(evaluations(np.linspace(0.0, 0.5, 400)), HELD)
    assert (found.n, round(found.estimate, 2)) == (400, 0.1)
    assert found.low < STALE


def test_traffic_that_moved_is_stale() -> None:
    """Scores that rose by half: far more than a tenth, surely so with 400 account-days."""
    assert drift(evaluations(np.linspace(0.0, 0.5, 400) * 1.5), HELD).low > STALE


def test_nothing_is_not_stale() -> None:
    """Without evaluations nothing is known, and nothing is said."""
    assert drift([], HELD).low <= STALE


def declared(account: str, budget: int = 40, until: int = 2 * DAY) -> Declaration:
    """A job of some queries on the first day."""
    return Declaration(account=account, job=Job.EVALUATION, since=DAY, until=until, budget=budget)


def test_a_declared_job_raises_nobodys_threshold() -> None:
    """The highest scores are of a declared account: what is learnt is as if it had not been there."""
    seen = evaluations(np.linspace(0.0, 0.5, 400))
    jobs = {"acct-399": declared("acct-399"), "acct-398": declared("acct-398")}
    learnt, every = learn(undeclared(seen, jobs), features=""), learn(seen, features="")
    assert learnt.version == learn(seen[:-4], features="").version
    assert learnt.version != every.version


def test_what_a_job_does_not_cover_is_learnt_from() -> None:
    """Beyond its budget or its time, and of an org of the same name, all counts."""
    seen = evaluations(np.linspace(0.0, 0.5, 10))
    org = Evaluation(Entity(Scope.ORG, "acct-9"), 0, "close", DAY, 40, 0.9, 1.0, None, {}, (), {})
    spent, over = declared("acct-9", budget=39), declared("acct-8", until=DAY - 1)
    kept = list(undeclared([*seen, org], {"acct-9": spent, "acct-8": over, "acct-7": declared("acct-7")}))
    assert {e.entity.value for e in kept} == {f"acct-{i}" for i in range(10)} - {"acct-7"}
    assert org in kept
