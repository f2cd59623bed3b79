"""Handed: what was issued to one actor and sent by another is known again; what is everybody's is not."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.pipeline.handed import (
    CHARACTERS,
    SENTENCES,
    WORDS,
    Handed,
    Kind,
    contents,
    handed,
    notes,
    sentences,
)
from tests.service.pipeline.factories import an_event

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.model.query import QueryEvent
    from service.ports import TrailEntry

KEY = b"k" * 32
SEAL = "c2VhbGVkIHJlYXNvbmluZyBvZiBvbmUgY29udmVyc2F0aW9u" * 4
ANSWER = (
    "The tenant pays eight hundred and forty a month in advance. Notice is three months to the end of a quarter. "
    "A deposit of two months is held by the agent until then. Repairs below one hundred are the tenant's own affair. "
    "Pets need the landlord's consent, which may be given for a year at most."
)


def query(
    account: str,
    text: str = "And now?",
    *,
    org: str = "",
    answer: str = "",
    seal: str = "",
    carries: Sequence[Any] = (),
) -> QueryEvent:
    """A query of an account, with what it sends and what it is given."""
    blocks: list[dict[str, Any]] = [{"type": "thinking", "thinking": "", "signature": seal}] if seal else []
    event = an_event(turns=(("user", text),))
    return replace(
        event,
        account=account,
        org=org,
        request={"messages": [{"role": "assistant", "content": list(carries)}, {"role": "user", "content": text}]},
        answer=replace(event.answer, body={"content": [*blocks, {"type": "text", "text": answer}]}),
    )


def told(*events: QueryEvent) -> list[list[Handed]]:
    """What each of the queries is found to hand on, one after the other."""
    known: dict[bytes, TrailEntry] = {}
    found = []
    for event in events:
        held = contents(event, KEY)
        first = {digest: known[digest] for digest in held.wanted if digest in known}
        seen = first | {digest: known[digest] for digest in held.doubtful(first) if digest in known}
        instances = handed(held, seen)
        known |= notes(held, event, seen, instances)
        found.append(instances)
    return found


def sealed(seal: str = SEAL, kind: str = "thinking") -> list[dict[str, str]]:
    """A sealed block as a request carries it."""
    return [{"type": kind, "signature": seal, "data": seal}]


def test_reasoning_of_another_actor() -> None:
    """A sealed block that another account sends is told with whom it was issued to, and once."""
    found = told(query("a", seal=SEAL), query("b", carries=sealed()), query("b", carries=sealed()))
    assert [[(h.kind, h.issued_to) for h in each] for each in found] == [[], [(Kind.REASONING, "a")], []]


@pytest.mark.parametrize(("first", "second"), [("", ""), ("org-1", "org-1")], ids=["one-account", "one-org"])
def test_reasoning_of_ones_own(first: str, second: str) -> None:
    """A block that comes back from its own account, or from another account of its org, is as it should be."""
    other = "b" if first else "a"
    assert told(query("a", org=first, seal=SEAL), query(other, org=second, carries=sealed())) == [[], []]


def test_reasoning_in_responses() -> None:
    """Encrypted reasoning items are sealed blocks too, in answers and in inputs."""
    item = {"type": "reasoning", "encrypted_content": SEAL}
    event = query("a")
    given = replace(event, answer=replace(event.answer, body={"output": [item]}))
    sent = replace(query("b"), request={"input": [item, {"role": "user", "content": "Go on."}]})
    assert [[h.kind for h in each] for each in told(given, sent)] == [[], [Kind.REASONING]]


def test_redacted_thinking() -> None:
    """A redacted block is sealed by its data."""
    event = query("a")
    given = replace(
        event, answer=replace(event.answer, body={"content": [{"type": "redacted_thinking", "data": SEAL}]})
    )
    assert [len(each) for each in told(given, query("b", carries=sealed(kind="redacted_thinking")))] == [0, 1]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f"Clean this trace.\n\n{ANSWER}", id="whole"),
        pytest.param(ANSWER.upper().replace(". ", ".\n"), id="other-case-and-lines"),
        pytest.param(f"{ANSWER.partition('. ')[2]} Score it from 1 to 10.", id="without-its-first-sentence"),
    ],
)
def test_answer_of_another_actor(text: str) -> None:
    """An answer that another actor sends in is known, whole or most of it."""
    found = told(query("a", answer=ANSWER), query("b", text))
    assert [(h.kind, h.issued_to) for h in found[1]] == [(Kind.OUTPUT, "a")]


def test_answer_within_one_actor() -> None:
    """Whoever sends in an answer of their own, or of a colleague, is left alone."""
    assert told(query("a", answer=ANSWER), query("a", ANSWER))[1] == []
    assert told(query("a", org="o", answer=ANSWER), query("b", ANSWER, org="o"))[1] == []


def test_two_sentences_are_no_answer() -> None:
    """Two sentences of an answer may stand in another text, and are no more for being said twice."""
    for first, second in combinations(ANSWER.removesuffix(".").split(". "), 2):
        assert told(query("a", answer=ANSWER), query("b", f"{first}. {second}. {first}."))[1] == []


def test_what_was_quoted() -> None:
    """What an answer quotes of its request is not its own: others who send the same document hand nothing on."""
    document = f"Answer from this lease.\n\n{ANSWER}"
    assert told(query("a", document, answer=ANSWER), query("b", document))[1] == []


@pytest.mark.parametrize("blank", ["\n", "\r\n", "\n    ", "  ", "\t", "\N{NO-BREAK SPACE}"])
def test_what_was_quoted_from_other_lines(blank: str) -> None:
    """A sentence stands in the request wherever that breaks its lines."""
    document = blank.join(ANSWER.split(" "))
    assert told(query("a", f"Sum up:\n\n{document}", answer=ANSWER), query("b", ANSWER))[1] == []


def test_words_of_the_request_in_another_order() -> None:
    """A sentence that is made of the request's words alone is the answer's own."""
    words = "\n".join(sorted(ANSWER.split(" ")))
    found = told(query("a", words, answer=ANSWER), query("b", ANSWER))
    assert [h.issued_to for h in found[1]] == ["a"]


def test_quoted_in_part() -> None:
    """An answer is still known by the sentences that it adds to what it quotes."""
    first, _, others = ANSWER.partition(". ")
    found = told(query("a", f"Go on: {first}.", answer=ANSWER), query("b", f"Score this.\n\n{others}"))
    assert [h.issued_to for h in found[1]] == ["a"]


def test_what_many_are_told() -> None:
    """An answer that two actors were given is nobody's: a third who sends it hands nothing on."""
    assert told(query("a", answer=ANSWER), query("b", answer=ANSWER), query("c", ANSWER))[2] == []


def test_refused_queries_issue_nothing() -> None:
    """What came with an error was no answer."""
    refused = replace(query("a", answer=ANSWER, seal=SEAL), status=500)
    assert told(refused, query("b", ANSWER, carries=sealed()))[1] == []


@pytest.mark.parametrize("request_body", [None, [], {"messages": "x"}, {"messages": [{"content": [1, None]}]}])
def test_requests_of_any_shape(request_body: Any) -> None:
    """A body that is no conversation carries nothing."""
    assert contents(replace(query("a"), request=request_body), KEY).sent == ()


@given(
    st.lists(
        st.sampled_from(["Über", "ﬃ", "a", "tenant's", "deposit", ".", "!", "? ", " ", "\n", "\t", "\u2028", "\u06d4"])
    )
)
def test_sentences_as_they_are_defined(pieces: list[str]) -> None:
    """A text ends a sentence at white space behind a full stop, and at every line break."""
    text = "".join(pieces * 9)
    parts = (" ".join(part.split()).casefold() for part in re.split(r"(?<=[.!?])\s+|\n+", text))
    long = [part for part in parts if len(part) >= CHARACTERS and part.count(" ") >= WORDS - 1]
    assert sentences(text) == long[:SENTENCES]
