from __future__ import annotations

from typing import TYPE_CHECKING

from service.pipeline import trail
from service.pipeline.trail import RERUN_AFTER, Recognised
from tests.service.pipeline.factories import T0, an_event

if TYPE_CHECKING:
    from service.model.query import QueryEvent
    from service.ports import TrailEntry

KEY = b"k" * 32


def recognised(*events: QueryEvent) -> list[Recognised]:
    """What the Trail says of each event, as they come one after the other."""
    known: dict[bytes, TrailEntry] = {}
    found = []
    for event in events:
        digest = trail.digests(event, KEY)
        found.append(trail.recognise(digest, event.done, known, event.query))
        known.update(trail.entries(digest, event, known))
    return found


FIRST = (("system", "It is 9:00."), ("user", "one"))
SECOND_TURN = (("system", "It is 9:01."), ("user", "one"), ("assistant", "an answer"), ("user", "two"))


def test_a_conversation_goes_on() -> None:
    """A request that carries an earlier one's turns and an answer continues it, whatever the system prompt says now."""
    assert [r.continues for r in recognised(an_event(turns=FIRST), an_event(turns=SECOND_TURN))] == [False, True]


def test_tool_results_go_on_too() -> None:
    """An agent's next step, with a tool's result appended, continues its conversation."""
    step = (("user", "one"), ("assistant", "call"), ("tool", "42"))
    assert recognised(an_event(turns=(("user", "one"),)), an_event(turns=step))[1].continues


def test_examples_in_the_prompt_are_no_conversation() -> None:
    """Few-shot examples written as turns continue nothing."""
    shots = (("user", "2+2"), ("assistant", "4"), ("user", "3+3"))
    other = (("user", "2+2"), ("assistant", "4"), ("user", "5+5"))
    assert [r.continues for r in recognised(an_event(turns=shots), an_event(turns=other))] == [False, False]


def test_another_account_continues_nothing() -> None:
    """The same turns from another account are not its own conversation."""
    events = an_event(turns=FIRST), an_event(turns=SECOND_TURN, account="acct-2")
    assert not recognised(*events)[1].continues


def test_the_same_request_much_later_is_a_rerun() -> None:
    """The same request is a re-run an hour later, not a moment later."""
    soon, late = an_event(T0 + 1), an_event(T0 + RERUN_AFTER)
    assert [r.rerun for r in recognised(an_event(T0), soon, late)] == [False, False, True]


def test_an_empty_request_has_no_digest() -> None:
    """``messages: []`` leaves no trace and is neither a continuation nor a re-run."""
    events = an_event(T0, turns=()), an_event(T0 + RERUN_AFTER, turns=())
    assert recognised(*events) == [Recognised(continues=False, rerun=False)] * 2


def test_an_answer_first_continues_nothing() -> None:
    """A request that begins with the model's turn does not continue a request without turns."""
    prefilled = (("assistant", "Sure"), ("user", "go"))
    events = an_event(turns=(("system", "s"),)), an_event(turns=prefilled)
    assert not recognised(*events)[1].continues


def test_what_is_asked_is_told_without_the_account() -> None:
    """The same request of two accounts is one thing asked, and two requests."""
    one, other = (trail.digests(an_event(turns=FIRST, account=name), KEY) for name in ("acct-1", "acct-2"))
    assert one.asked == other.asked != b""
    assert one.request != other.request
