"""Flags, evaluations, accounts and decisions with defaults, so that a test names only what matters."""

from __future__ import annotations

import dataclasses
from typing import Any

from detectors.core.detector import Signal
from service.model.decision import Decision, Kind, Origin
from service.model.entity import Entity, Scope
from service.model.flag import Evaluation, Flag, Rate, Severity
from service.ports import EntityState

SECOND = 1_000_000
HOUR = 3600 * SECOND
NOVEMBER = 1_793_491_200 * SECOND
"""2026-11-01T00:00:00Z."""


def a_signal(**changes: Any) -> Signal:
    """A reason."""
    signal = Signal(
        name="volume.output_tokens_1h",
        value=120_000.0,
        unit="tokens",
        p_value=0.002,
        median=1_200.0,
        p99=40_000.0,
        n=800,
        text="120,000 output tokens in an hour; benign accounts of this size have 1,200 (99th percentile 40,000)",
    )
    return dataclasses.replace(signal, **changes)


def a_flag(flag_id: str = "flag-1", account: str = "acct-1", **changes: Any) -> Flag:
    """A flag of an account."""
    flag = Flag(
        id=flag_id,
        entity=Entity(Scope.ACCOUNT, account),
        severity=Severity.MEDIUM,
        score=0.97,
        flagged_at=NOVEMBER + HOUR,
        first_seen=NOVEMBER,
        last_seen=NOVEMBER + HOUR - SECOND,
        queries=320,
        window=NOVEMBER // SECOND,
        reasons=(a_signal(), a_signal(name="coverage.cells", unit="cells", value=210.0, text="210 topics of 256")),
        against={"rerun": "none of 320 queries was asked before"},
        false_positive_rate=Rate(0.0005, 0.0, 0.0031, 1_200),
        techniques=("AML.T0024.002",),
        versions={"rule": "1", "baseline": "default"},
        events=("0193-1",),
    )
    return dataclasses.replace(flag, **changes)


def an_evaluation(account: str = "acct-1", **changes: Any) -> Evaluation:
    """A scoring of an account."""
    evaluation = Evaluation(
        entity=Entity(Scope.ACCOUNT, account),
        window=NOVEMBER // SECOND,
        trigger="close",
        at=NOVEMBER + HOUR,
        queries=320,
        score=0.97,
        p_value=0.001,
        severity=Severity.MEDIUM,
        groups={"volume": 0.002, "content": 0.01},
        signals=(a_signal(),),
        against={},
    )
    return dataclasses.replace(evaluation, **changes)


def a_state() -> EntityState:
    """What the store keeps of an entity of 320 queries."""
    return EntityState(320, NOVEMBER, NOVEMBER + HOUR, -1, "", b"")


def a_decision(decision_id: str = "decision-1", kind: Kind = Kind.THROTTLE, **changes: Any) -> Decision:
    """A decision about acct-1."""
    decision = Decision(
        id=decision_id,
        entity=Entity(Scope.ACCOUNT, "acct-1"),
        kind=kind,
        until=None,
        origin=Origin.REVIEWER,
        reason="asked for by the owner",
        simulated=False,
        created=NOVEMBER,
    )
    return dataclasses.replace(decision, **changes)
