"""Learning: a baseline that no longer fits is told from one that does."""

from __future__ import annotations

import numpy as np

from detectors.core.baseline import Baselines
from detectors.core.calibration import Calibration
from service.model.entity import Entity, Scope
from service.model.flag import Evaluation
from service.pipeline.learning import STALE, drift

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
