"""Rules: a declared job is not held against its account, until it ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from detectors.core.baseline import Baselines
from detectors.core.calibration import Calibration
from detectors.core.fusion import Fused
from service.model.declaration import Declaration, Job
from service.model.entity import Entity, Scope
from service.model.flag import Severity
from service.pipeline.entities import Followed
from service.pipeline.rules import Rules
from service.pipeline.windows import Moment
from tests.contracts.factories import a_signal

if TYPE_CHECKING:
    from service.model.flag import Evaluation

HARVEST = Fused(0.999, {"template": 0.001, "response": 0.001}, (), {})
BASELINES = Baselines(
    references={},
    calibrations={Scope.ACCOUNT: Calibration([0.01] * 2000), Scope.ORG: Calibration([0.01] * 2000)},
    features="",
    detectors={},
    provenance={},
)
JOB = Declaration(account="acct-1", job=Job.EVALUATION, since=0, until=1000, budget=500)


def judged(*, at: int = 500, queries: int = 400, scope: Scope = Scope.ACCOUNT) -> Evaluation:
    """What is said of an account that looks like a harvest and declared a job."""
    rules = Rules(BASELINES, 0.001, {}, {"acct-1": JOB}.get)
    followed = Followed(states={}, queries=queries)
    return rules.judge(Entity(scope, "acct-1"), followed, Moment(0, "close", at), HARVEST, {})


def test_a_declared_job_stays_low() -> None:
    """Within its time and budget no analyst is asked, and the flag says why."""
    evaluation = judged()
    assert evaluation.severity is Severity.LOW
    assert evaluation.against["declared"] == "a declared job (evaluation): 400 of 500 queries taken"


@pytest.mark.parametrize(
    "beyond",
    [
        pytest.param({"at": 1001}, id="too-late"),
        pytest.param({"queries": 501}, id="too-much"),
        pytest.param({"scope": Scope.ORG}, id="another-entity"),
    ],
)
def test_beyond_it_the_account_is_as_any_other(beyond: dict[str, object]) -> None:
    """After its end, beyond its budget, or for an entity of another kind the alert stands."""
    evaluation = judged(**beyond)  # type: ignore[arg-type]
    assert evaluation.severity is not None
    assert evaluation.severity.rank >= Severity.MEDIUM.rank
    assert "declared" not in evaluation.against


@pytest.mark.parametrize(
    ("p_values", "given"),
    [
        pytest.param((0.001, 0.02, 0.1, 0.3, 1.0), 3, id="out-of-line"),
        pytest.param((0.001, 0.02, 0.05, 0.06, 0.07, 1.0), 5, id="as-many-as-are"),
        pytest.param((0.2, 0.4, 0.6, 0.8), 3, id="a-few-in-any-case"),
        pytest.param((0.001, 1.0), 2, id="there-are-no-more"),
    ],
)
def test_a_flags_reasons_are_what_is_out_of_line(p_values: tuple[float, ...], given: int) -> None:
    """What benign entities show too is no reason; the evaluation keeps it."""
    rules = Rules(BASELINES, 0.001, {})
    signals = tuple(a_signal(name=f"volume.{n}", p_value=p) for n, p in enumerate(p_values))
    fused = Fused(HARVEST.score, HARVEST.groups, signals, {})
    followed = Followed(states={}, queries=400)
    evaluation = rules.judge(Entity(Scope.ACCOUNT, "acct-2"), followed, Moment(0, "close", 500), fused, {})
    flag = rules.flag(evaluation, followed)
    assert flag is not None
    assert flag.reasons == signals[:given]
    assert evaluation.signals == signals
