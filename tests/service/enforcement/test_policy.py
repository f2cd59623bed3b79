"""Which flags call for which decisions, and what is refused as a policy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from service.enforcement.policy import NONE, Policy, PolicyError, load
from service.model.decision import Kind, Origin
from service.model.entity import Entity, Scope
from service.model.flag import Rate, Severity
from tests.contracts.factories import SECOND, T0, a_flag

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SLOW = {"name": "slow", "when": {"severity": "medium"}, "then": {"kind": "throttle", "for": "24h"}}
MINUTE = 60 * SECOND


def a_policy(*rules: Mapping[str, object], enforce: bool = True) -> Policy:
    """A policy of these rules."""
    return Policy.model_validate({"rules": rules or (SLOW,), "enforce": enforce})


def test_nothing_acts_by_itself() -> None:
    """Without a policy no flag calls for anything, however severe."""
    assert NONE.decides(a_flag(severity=Severity.CRITICAL), T0) is None
    assert load(None) is NONE


def test_a_flag_that_fits_calls_for_the_decision() -> None:
    """About its entity, in the policy's name, for as long as the rule says."""
    made = a_policy().decides(a_flag(), T0)
    assert made is not None
    assert (made.entity, made.kind, made.origin, made.simulated) == (
        a_flag().entity,
        Kind.THROTTLE,
        Origin.POLICY,
        False,
    )
    assert made.until is not None
    assert made.until - made.since == 24 * 60 * MINUTE
    assert "rule 'slow'" in made.reason


def test_it_is_simulated_until_enforcement_is_on() -> None:
    """So that its effect is seen before it has one."""
    made = a_policy(enforce=False).decides(a_flag(), T0)
    assert made is not None
    assert made.simulated


def test_when_it_acts_tells_nobody_which_query_it_was() -> None:
    """Each flag waits for its own length within delay and jitter, the same each time it is looked at."""
    rule = SLOW | {"then": {"kind": "throttle", "for": "1h", "delay": "5m", "jitter": "30m"}}
    made = [a_policy(rule).decides(a_flag(number), T0) for number in range(50)]
    waits = [decision.since - T0 for decision in made if decision is not None]
    assert len(set(waits)) == 50
    assert all(5 * MINUTE <= wait < 35 * MINUTE for wait in waits)
    assert max(waits) - min(waits) > 15 * MINUTE
    assert a_policy(rule).decides(a_flag(7), T0) == made[7]


@pytest.mark.parametrize(
    ("when", "fits"),
    [
        pytest.param({"severity": "medium"}, True, id="severity-reached"),
        pytest.param({"severity": "high"}, False, id="severity-not-reached"),
        pytest.param({"severity": "medium", "scopes": ["org"]}, False, id="another-scope"),
        pytest.param({"severity": "medium", "techniques": ["AML.T0024.002"]}, True, id="technique"),
        pytest.param({"severity": "medium", "techniques": ["AML.T0000"]}, False, id="another-technique"),
        pytest.param({"severity": "medium", "false_positive_rate": 0.002}, True, id="rate-known-well-enough"),
        pytest.param({"severity": "medium", "false_positive_rate": 0.001}, False, id="rate-not-known-well-enough"),
    ],
)
def test_every_condition_must_hold(when: dict[str, object], fits: bool) -> None:  # noqa: FBT001
    """The interval's upper end counts, not its estimate."""
    flag = a_flag(false_positive_rate=Rate(0.0004, 0.0001, 0.0012, 2_500))
    assert (a_policy(SLOW | {"when": when}).decides(flag, T0) is not None) == fits


def test_the_first_rule_that_fits_decides() -> None:
    """Rules are tried in their order."""
    block = {"name": "block", "when": {"severity": "critical"}, "then": {"kind": "block", "for": "7d"}}
    made = a_policy(block, SLOW).decides(a_flag(severity=Severity.CRITICAL), T0)
    assert made is not None
    assert made.kind is Kind.BLOCK
    other = a_policy(block, SLOW).decides(a_flag(entity=Entity(Scope.ACCOUNT, "acct-2")), T0)
    assert other is not None
    assert other.kind is Kind.THROTTLE


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("rules: [", "not YAML", id="not-yaml"),
        pytest.param("rule: []", "rule: Extra inputs", id="misspelt"),
        pytest.param("rules: [{name: a, then: {kind: allow}}]", "rules.0.then.kind", id="a-policy-allows-nobody"),
        pytest.param("rules: [{name: a, then: {kind: block, for: 3}}]", "expected a duration", id="no-unit"),
        pytest.param(
            "rules: [{name: a, when: {scopes: [country]}, then: {kind: block}}]", "scopes", id="no-such-scope"
        ),
        pytest.param("enforce: maybe", "enforce", id="not-yes-or-no"),
    ],
)
def test_what_is_no_policy_is_refused(tmp_path: Path, text: str, said: str) -> None:
    """With the file and the place in it."""
    file = tmp_path / "policy.yaml"
    file.write_text(text)
    with pytest.raises(PolicyError, match=said) as refused:
        load(file)
    assert str(file) in str(refused.value)


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    """Rather than taken for no policy."""
    with pytest.raises(PolicyError, match="No such file"):
        load(tmp_path / "none.yaml")
