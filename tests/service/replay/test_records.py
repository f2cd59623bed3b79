"""Query records: what they must hold, what they may leave out, and that nothing scoring reads is lost in them."""

from __future__ import annotations

import math
import uuid
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.gateway.dialects import Dialects
from service.model.query import Inspect, Operation, Outcome, QueryEvent
from service.replay.records import OPEN, RecordError, read, read_line, write

DIALECTS = Dialects()
AT = 1_793_525_400_123_456
CHAT = {"model": "small", "messages": [{"role": "user", "content": "What does a revenuer do?"}]}
ANSWER = {
    "model": "small-1",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hunts stills."}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 12, "completion_tokens": 5},
}


def a_record(**changes: Any) -> dict[str, Any]:
    """A record with only what is required, and what the test names; None leaves a field out."""
    record = {"ts": "2026-11-01T09:30:00.123456Z", "account": "acct-1", "path": "/v1/chat/completions", "request": CHAT}
    return {name: value for name, value in {**record, **changes}.items() if value is not ...}


def event(number: int = 1, **changes: Any) -> QueryEvent:
    """The event of such a record."""
    return read(a_record(**changes), dialects=DIALECTS, number=number)


def test_least_record() -> None:
    """Four fields make an event: a POST, answered with 200 the moment it arrived."""
    least = event()
    assert (least.at, least.done, least.status, least.outcome) == (AT, AT, 200, Outcome.OK)
    assert (least.method, least.org, least.ip_prefix, least.ttft) == ("POST", "", "", -1)
    assert least.query.turns[-1].text == "What does a revenuer do?"


@pytest.mark.parametrize(
    ("ts", "expected"),
    [
        pytest.param("2026-11-01T09:30:00.123456Z", AT, id="utc"),
        pytest.param("2026-11-01t11:30:00.123456999+02:00", AT, id="zone-and-nanoseconds"),
        pytest.param("2026-11-01 09:30:00Z", AT - 123_456, id="space-and-no-fraction"),
        pytest.param("2016-12-31T23:59:60Z", 1_483_228_800_000_000, id="leap-second"),
        pytest.param(1_793_525_400, AT - 123_456, id="whole-seconds"),
        pytest.param(1_793_525_400.123456, AT, id="seconds"),
        pytest.param(0, 0, id="the-epoch"),
    ],
)
def test_time(ts: object, expected: int) -> None:
    """Times are exact to the microsecond, however they are written."""
    assert event(ts=ts).at == expected


@given(at=st.integers(0, 4_000_000_000_000_000))
def test_float_seconds_are_exact(at: int) -> None:
    """Seconds as a float name their microsecond."""
    assert event(ts=at / 1e6).at == at


@pytest.mark.parametrize(
    ("param", "value"),
    [
        ("ts", "yesterday"),
        ("ts", "2026-11-01T09:30:00"),
        ("ts", "2026-02-30T09:30:00Z"),
        ("ts", 1_793_525_400_123),
        ("ts", -1),
        ("ts", math.inf),
        ("ts", math.nan),
        ("ts", 10**400),
        ("ts", None),
        ("account", ""),
        ("account", 42),
        ("account", "a" * 513),
        ("path", "v1/chat/completions"),
        ("path", ["/v1"]),
        ("headers", ["user-agent"]),
        ("headers", {"user-agent": 3}),
        ("status", 7),
        ("status", "200"),
        ("latency_ms", -1),
        ("latency_ms", "12"),
        ("ttft_ms", -0.5),
        ("ip", "not-an-address"),
        ("v", 2),
        ("outcome", "eaten"),
        ("request_bytes", -1),
        ("answer", {"text_length": "many"}),
    ],
)
def test_bad_value(param: str, value: object) -> None:
    """A value that a field cannot have is refused, and the field is named."""
    changes: dict[str, Any] = {param: value}
    with pytest.raises(RecordError) as caught:
        event(**changes)
    assert caught.value.param == param
    assert str(caught.value).startswith(f"{param}: ")


@pytest.mark.parametrize("param", ["ts", "account", "path", "request"])
def test_required(param: str) -> None:
    """Without one of the four there is no event."""
    changes: dict[str, Any] = {param: ...}
    with pytest.raises(RecordError, match=f"{param}: is required"):
        event(**changes)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        pytest.param(b'{"ts": 1', "not JSON", id="cut-off"),
        pytest.param(msgspec.json.encode(a_record()) + b" x", "trailing characters", id="trailing"),
        pytest.param(b"[1, 2]", "expected `object`, got `array`", id="array"),
        pytest.param(b'{"account": "\xff"}', "not UTF-8", id="latin-1"),
        pytest.param(b'{"request": ' + b"[" * 100_000, "nested too deeply", id="deep"),
        pytest.param(b'{"ts": NaN}', "not JSON", id="nan"),
        pytest.param(b'{"ts": 1e999}', "out of range", id="huge"),
    ],
)
def test_bad_line(line: bytes, message: str) -> None:
    """What is no JSON object is refused in words."""
    with pytest.raises(RecordError, match=message):
        read_line(line, dialects=DIALECTS, number=1)


def test_refusal_holds_no_text() -> None:
    """What is wrong is said without quoting the record."""
    line = msgspec.json.encode(a_record(headers={"authorization": ["sk-canary"]}, request="canary"))
    with pytest.raises(RecordError) as caught:
        read_line(line, dialects=DIALECTS, number=1)
    assert "canary" not in str(caught.value)


def test_label_is_not_read() -> None:
    """Two records that differ in their label give the same event, whatever the label is."""
    assert event(label={"attack": True}) == event(label=5) == event()


def test_unknown_names_pass() -> None:
    """Fields of another gateway's log do not matter."""
    assert event(region="eu-1", cost={"usd": 0.1}) == event()


@pytest.mark.parametrize(
    ("changes", "status", "outcome", "took"),
    [
        pytest.param({"status": None, "latency_ms": 600_000}, 0, Outcome.UNKNOWN, OPEN, id="no-end-seen"),
        pytest.param({"status": 503, "latency_ms": None}, 503, Outcome.OK, 0, id="error-without-time"),
        pytest.param({"status": 200, "latency_ms": 1e12}, 200, Outcome.OK, OPEN, id="at-most-ten-minutes"),
        pytest.param({"status": 0, "latency_ms": 12.5}, 0, Outcome.CLIENT_GONE, 12_500, id="nothing-sent"),
        pytest.param({"outcome": "upstream_reset"}, 200, Outcome.UPSTREAM_RESET, 0, id="said"),
    ],
)
def test_end(changes: dict[str, Any], status: int, outcome: Outcome, took: int) -> None:
    """Status, latency and outcome complete each other."""
    ended = event(**changes)
    assert (ended.status, ended.outcome, ended.done - ended.at) == (status, outcome, took)


@pytest.mark.parametrize(
    ("ip", "prefix"),
    [
        ("203.0.113.9", "203.0.113.0/24"),
        ("203.0.113.0/24", "203.0.113.0/24"),
        ("10.0.0.0/8", "10.0.0.0/8"),
        ("2001:db8:1:2::3", "2001:db8:1::/48"),
        ("", ""),
    ],
)
def test_address(ip: str, prefix: str) -> None:
    """Of an address only its network is kept."""
    assert event(ip=ip).ip_prefix == prefix


def test_headers() -> None:
    """Names are lower-cased; those that could hold a secret are left out."""
    headers = {"User-Agent": "curl/8", "Authorization": "Bearer x", "X-Stainless-Lang": "python", "Cookie": "a"}
    assert event(headers=headers).headers == {"user-agent": "curl/8", "x-stainless-lang": "python"}


@pytest.mark.parametrize("seed", [10**30, "\ud800"])
def test_values_that_few_writers_take(seed: object) -> None:
    """A number of any length, and half a surrogate pair, do not cost the record."""
    assert event(request={**CHAT, "seed": seed}).query.turns == event().query.turns


def test_query_string_is_left_out() -> None:
    """A query string may hold a key; the path goes without it."""
    assert event(path="/v1/chat/completions?key=secret").path == "/v1/chat/completions"


def test_no_request() -> None:
    """A body that was not read is an event all the same, not understood."""
    assert event(request=None).query.inspect is Inspect.UNPARSED
    assert event(path="/v1/files").query.operation is Operation.OPAQUE


class TestId:
    """Every event has an id that is the same on every run."""

    def test_uuid_is_kept(self) -> None:
        """A UUID is used as given."""
        given_id = uuid.uuid4()
        assert event(id=str(given_id)).id == given_id.bytes

    def test_derived(self) -> None:
        """Without an id, place and content make one; its time and version are those of a UUIDv7."""
        made = uuid.UUID(bytes=event(number=7).id)
        assert made.version == 7
        assert made.int >> 80 == AT // 1000
        assert event(number=7).id == made.bytes != event(number=8).id

    def test_content_matters(self) -> None:
        """Another request at the same place is another event."""
        assert event(request={**CHAT, "n": 2}).id != event().id

    def test_other_form(self) -> None:
        """An id of another form stands for the record wherever it is."""
        assert event(id="req_17", number=1).id == event(id="req_17", number=2).id != event(id="req_18", number=1).id


def again(event: QueryEvent, number: int = 99) -> QueryEvent:
    """The event, written and read."""
    return read_line(msgspec.json.encode(write(event)), dialects=DIALECTS, number=number)


words = st.text(max_size=20)
answers: st.SearchStrategy[Any] = st.sampled_from(
    [None, {}, ANSWER, {"usage": ANSWER["usage"]}, {"usage": {}}, {"error": {"message": "no"}}]
)


@given(
    record=st.builds(
        a_record,
        ts=st.integers(0, 4_000_000_000_000_000).map(lambda at: at / 1e6),
        account=words.filter(bool),
        org=words,
        end_user=words,
        path=st.sampled_from(["/v1/chat/completions", "/v1/embeddings", "/v1/files", "/v1/messages", "/v1/responses"]),
        request=st.sampled_from([None, CHAT, {**CHAT, "user": "u-1"}, {"model": "e", "input": ["a", "b"]}, [], 3]),
        response=answers,
        status=st.sampled_from([None, 0, 200, 429, 503]),
        latency_ms=st.one_of(st.none(), st.floats(0, 600_000)),
        ttft_ms=st.one_of(st.none(), st.floats(0, 1000)),
        headers=st.dictionaries(st.sampled_from(["user-agent", "x-stainless-lang"]), words),
        outcome=st.one_of(st.none(), st.sampled_from([outcome.value for outcome in Outcome])),
    )
)
def test_round_trip(record: dict[str, Any]) -> None:
    """What is written is read again as the same event."""
    first = read(record, dialects=DIALECTS, number=1)
    assert again(first) == first


@given(counts=st.tuples(st.one_of(st.none(), st.integers(0, 9)), st.one_of(st.none(), st.integers(0, 9))))
@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/messages", "/v1/responses"])
def test_answer_without_body(path: str, counts: tuple[int | None, int | None]) -> None:
    """Where an answer's body was not kept, its numbers still are."""
    whole = event(path=path, response=ANSWER)
    answer = replace(whole.answer, body=None, text_length=13, input_tokens=counts[0], output_tokens=counts[1])
    back = again(replace(whole, answer=answer)).answer
    assert (back.input_tokens, back.output_tokens) == counts
    assert (back.text_length, back.model, back.finish) == (13, answer.model, answer.finish)
