"""Words of the model with defaults, so that a test names only what matters."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from detectors.core.detector import Signal
from service.model.audit import Act
from service.model.decision import Decision, Kind, Origin
from service.model.entity import Entity, Scope
from service.model.flag import Evaluation, Flag, Rate, Severity
from service.model.ids import event_id
from service.model.query import Answer, Inspect, Operation, Outcome, Query, QueryEvent, Turn
from service.ports import EntityState, Token

T0 = 1_790_000_000_000_000
"""A Sunday in September 2026, in microseconds."""
SECOND = 1_000_000
DAY = 86_400 * SECOND
AN_ACT = Act(
    at=T0,
    actor="system:ops",
    origin="cli",
    action="decision.made",
    subject="account:acct-1",
    detail={"reason": "case 17"},
)
AN_ACCOUNT = Entity(Scope.ACCOUNT, "acct-1")

REQUEST = {
    "model": "small-1",
    "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Why is the sky blue?"}],
    "temperature": 0.7,
    "max_tokens": 256,
    "logit_bias": {"1734": -100},
    "user": "u-19",
}
ANSWER = {"choices": [{"message": {"role": "assistant", "content": "Rayleigh scattering."}, "finish_reason": "stop"}]}


def a_query(**changes: Any) -> Query:
    """A chat query of two turns."""
    query = Query(
        operation=Operation.CHAT,
        inspect=Inspect.PARSED,
        model="small-1",
        turns=(Turn("system", "Be brief."), Turn("user", "Why is the sky blue?")),
        end_user="u-19",
        stream=True,
        parameters={"temperature": 0.7, "max_tokens": 256, "logit_bias": {"1734": -100}},
    )
    return replace(query, **changes)


def an_answer(**changes: Any) -> Answer:
    """A whole answer with usage."""
    answer = Answer(Inspect.PARSED, "small-1-0901", 21, 5, 20, "stop", ANSWER)
    return replace(answer, **changes)


def an_event(number: int = 0, **changes: Any) -> QueryEvent:
    """The ``number``-th query of a steady stream, one a second, each a second long."""
    at = T0 + number * SECOND
    event = QueryEvent(
        id=event_id(at),
        at=at,
        done=at + SECOND,
        account="acct-1",
        org="org-7",
        end_user="u-19",
        ip_prefix="203.0.113.0/24",
        method="POST",
        path="/v1/chat/completions",
        headers={"user-agent": "OpenAI/Python 3.1.0", "x-stainless-retry-count": "0"},
        query=a_query(),
        answer=an_answer(),
        request=REQUEST,
        status=200,
        outcome=Outcome.OK,
        ttft=103_000,
        request_bytes=240,
        response_bytes=180,
    )
    return replace(event, **changes)


def a_state(**changes: Any) -> EntityState:
    """An entity of 40 queries with an open window."""
    state = EntityState(40, T0, T0 + 40 * SECOND, T0 // SECOND, "", b"\x00\xff" * 32)
    return replace(state, **changes)


def a_signal(**changes: Any) -> Signal:
    """A volume signal far out."""
    signal = Signal("volume.output_tokens_1h", 81_000.5, "tokens", 0.0004, 900.0, 12_000.0, 2_500, "81,000 tokens")
    return replace(signal, **changes)


def an_evaluation(number: int = 0, **changes: Any) -> Evaluation:
    """The evaluation at the close of the ``number``-th window."""
    evaluation = Evaluation(
        entity=AN_ACCOUNT,
        window=T0 // SECOND + 3600 * number,
        trigger="close",
        at=T0 + (number + 1) * 3600 * SECOND,
        queries=40 * (number + 1),
        score=0.1 + 0.2,  # not exact in decimal, so that a lossy store is noticed
        p_value=1 / 3,
        severity=Severity.LOW,
        groups={"volume": 0.0004, "content": 0.01},
        signals=(a_signal(),),
        against={"rerun": "12 of 40 queries are exact re-runs."},
    )
    return replace(evaluation, **changes)


def a_flag(number: int = 0, **changes: Any) -> Flag:
    """The ``number``-th flag, an hour after the one before."""
    flag = Flag(
        id=f"flag-{number:04d}",
        entity=AN_ACCOUNT,
        severity=Severity.MEDIUM,
        score=0.97,
        flagged_at=T0 + number * 3600 * SECOND,
        first_seen=T0,
        last_seen=T0 + 40 * SECOND,
        queries=40,
        window=T0 // SECOND,
        reasons=(a_signal(), a_signal(name="coverage.cells", median=None, p99=None)),
        against={"end_users": "3 end users."},
        false_positive_rate=Rate(0.0004, 0.0001, 0.0012, 2_500),
        techniques=("AML.T0024.002",),
        versions={"baseline": "b1", "volume": "1"},
        events=("018f0000-0000-7000-8000-000000000000",),
    )
    return replace(flag, **changes)


def a_decision(number: int = 0, **changes: Any) -> Decision:
    """A block of an account that holds until it is removed."""
    decision = Decision(
        id=f"decision-{number}",
        entity=AN_ACCOUNT,
        kind=Kind.BLOCK,
        until=None,
        origin=Origin.CLI,
        reason="resells answers",
        simulated=False,
        created=T0 + number,
    )
    return replace(decision, **changes)


def a_token(number: int = 0, **changes: Any) -> Token:
    """A viewer's token."""
    token = Token(f"token-{number}", "viewer", T0 + number, T0 + DAY, bytes(range(32)), "dashboard")
    return replace(token, **changes)
