"""Query records on disk, and the events they become: ``read`` and ``write``.

A record is one JSON object a line. ``ts`` (RFC 3339, or seconds since the
epoch), ``account``, ``path`` and ``request`` are required; names that are not
known here are passed over, so that the logs of other gateways can be
replayed, but a known name with a value of the wrong type is refused. The
``label`` of a record is for a bench alone and is never looked at.

What a record does not say is decided here: ``method`` is POST; without
``latency_ms`` the query ended when it arrived; without ``status`` it was
answered with 200, unless it took the whole ten minutes that a query may stay
open, which is how an end that nobody saw is written. ``request: null`` is a
body that was not read.

``read`` of what ``write`` gave yields the same event in everything that
scoring reads. Where an answer's body was not kept, its numbers are written in
``usage`` and ``answer``.
"""

from __future__ import annotations

import ipaddress
import json
import re
import uuid
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import msgspec

from service.gateway.request import LOGGED
from service.model.ids import text_id
from service.model.query import CLIENT, Answer, Inspect, Operation, Outcome, QueryEvent

if TYPE_CHECKING:
    from service.ports import Dialects

OPEN = 600_000_000
"""Longest a query stays open, in microseconds: without an end by then its outcome is unknown."""
LATEST = 4_102_444_800_000_000
"""2100-01-01. A time beyond it is another unit, not a date."""
HEADERS = frozenset({CLIENT, *(name.decode() for name in LOGGED)})
"""Names of headers that are kept: those that the gateway logs."""
OMITTED = frozenset({"org", "ip", "headers", "answer"})
"""Fields that are not written when they are empty."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_TIME = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:)(\d\d)(?:\.(\d+))?([Zz]|[+-]\d\d:\d\d)")
_PARAM = re.compile(r" - at `\$\.(\w+)|field `(\w+)`")


class RecordError(Exception):
    """A record cannot be used. Never holds a text of the record, other than the names of its fields."""

    def __init__(self, what: str, param: str = "") -> None:
        super().__init__(f"{param}: {what}" if param else what)
        self.what = what
        self.param = param
        """Name of the field at fault, empty where it is the record itself."""


class Fields(msgspec.Struct, frozen=True, kw_only=True):
    """The fields of a record, with their types."""

    ts: str | int | float
    account: str
    path: str
    request: Any
    v: int = 1
    id: str | None = None
    org: str | None = None
    end_user: str | None = None
    ip: str | None = None
    headers: dict[str, str] | None = None
    method: str | None = None
    status: int | None = None
    response: Any = None
    latency_ms: float | None = None
    ttft_ms: float | None = None
    outcome: Outcome | None = None
    """Where status and latency do not tell it."""
    answer: dict[str, str | int] | None = None
    """What is known of an answer whose body was not kept."""
    request_bytes: int | None = None
    response_bytes: int | None = None


_decoder = msgspec.json.Decoder(Fields)


def read(document: object, *, dialects: Dialects, number: int) -> QueryEvent:
    """The event in a record that was parsed already.

    Parameters
    ----------
    document
        The JSON object.
    dialects
        Read the query and the answer.
    number
        Of the line. A record without an id gets one from its time, this number and its content.

    Raises
    ------
    RecordError
        A required field is missing, or a field has a value that it cannot have.

    """
    try:
        fields = msgspec.convert(document, Fields)
    except (msgspec.ValidationError, RecursionError) as error:
        raise _refusal(error) from None
    return _event(fields, dialects, number)


def read_line(line: bytes, *, dialects: Dialects, number: int) -> QueryEvent:
    """The event in one line of a file, as :func:`read`, in one pass over its bytes."""
    try:
        fields = _decoder.decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise _refusal(error) from None
    return _event(fields, dialects, number)


def write(event: QueryEvent) -> dict[str, Any]:
    """The record of an event, ready for JSON."""
    took = event.done - event.at
    status = None if (event.outcome, event.status, took) == (Outcome.UNKNOWN, 0, OPEN) else event.status
    record: dict[str, Any] = {
        "v": 1,
        "ts": (EPOCH + timedelta(microseconds=event.at)).isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "id": text_id(event.id),
        "account": event.account,
        "org": event.org,
        "end_user": event.end_user,
        "ip": event.ip_prefix,
        "headers": event.headers,
        "method": event.method,
        "path": event.path,
        "request": event.request,
        "status": status,
        "response": _response(event.query.operation, event.answer),
        "latency_ms": took / 1000,
        "ttft_ms": None if event.ttft < 0 else event.ttft / 1000,
        "request_bytes": event.request_bytes,
        "response_bytes": event.response_bytes,
    }
    if event.outcome is not _outcome(status, took):
        record["outcome"] = event.outcome.value
    if event.answer.body is None and event.answer.inspect is not Inspect.OPAQUE:
        kept = {"model": event.answer.model, "text_length": event.answer.text_length, "finish": event.answer.finish}
        record["answer"] = {name: value for name, value in kept.items() if value}
    return {name: value for name, value in record.items() if value or name not in OMITTED}


def _event(fields: Fields, dialects: Dialects, number: int) -> QueryEvent:
    if fields.v != 1:
        raise RecordError(f"version {fields.v} is not known; expected 1", "v")
    at = _microseconds(fields.ts)
    path, method = _path(fields.path), (fields.method or "POST").upper()
    took = _span(fields.latency_ms, "latency_ms")
    request = _bytes(fields.request)
    query = dialects.read_document(method, path, fields.request)
    return QueryEvent(
        id=_id(fields, at, number, request),
        at=at,
        done=at + took,
        account=_name(fields.account),
        org=fields.org or "",
        end_user=fields.end_user if fields.end_user is not None else query.end_user,
        ip_prefix=_prefix(fields.ip),
        method=method,
        path=path,
        headers=_headers(fields.headers),
        query=query,
        answer=_answer(fields, dialects, method, path),
        request=fields.request,
        status=_status(fields.status, took),
        outcome=fields.outcome or _outcome(fields.status, took),
        ttft=-1 if fields.ttft_ms is None else _span(fields.ttft_ms, "ttft_ms"),
        request_bytes=_size(fields.request_bytes, "request_bytes", len(request)),
        response_bytes=_size(fields.response_bytes, "response_bytes", 0),
    )


def _bytes(request: Any) -> bytes:
    if request is None:
        return b""
    try:
        return msgspec.json.encode(request)
    except (OverflowError, UnicodeEncodeError):
        # Numbers of any length and lone surrogates are Python's, not msgspec's.
        return json.dumps(request).encode()


def _refusal(error: Exception) -> RecordError:
    if isinstance(error, msgspec.ValidationError):
        return _mistyped(str(error))
    if isinstance(error, UnicodeDecodeError):
        return RecordError("is not UTF-8")
    if isinstance(error, RecursionError):
        return RecordError("is nested too deeply")
    return RecordError(f"is not JSON: {str(error).removeprefix('JSON is malformed: ')}")


def _mistyped(what: str) -> RecordError:
    found = _PARAM.search(what)
    if found is None:
        return RecordError(what[:1].lower() + what[1:])
    if found[2]:
        return RecordError("is required", found[2])
    if found[1] == "outcome":
        return RecordError(f"must be one of {', '.join(Outcome)}", "outcome")
    return RecordError(what.partition(" - at")[0].replace("Expected", "expected"), found[1])


def _microseconds(ts: str | float) -> int:
    if isinstance(ts, str):
        at = _parsed(ts)
    else:
        # Exact: a double holds seconds of this century to a quarter of a microsecond.
        at = ts * 1_000_000 if isinstance(ts, int) else round(ts * 1e6) if abs(ts) < 1e12 else LATEST
    if not 0 <= at < LATEST:
        raise RecordError("is not between 1970 and 2100; numbers are seconds since the epoch, not milliseconds", "ts")
    return at


def _parsed(ts: str) -> int:
    found = _TIME.fullmatch(ts)
    if found is None:
        raise RecordError("is no RFC 3339 time with its zone, such as 2026-11-01T09:30:00.123Z", "ts")
    day, minute, second, fraction, zone = found.groups()
    leap = second == "60"
    try:
        whole = datetime.fromisoformat(f"{day}T{minute}{'59' if leap else second}{zone.upper().replace('Z', '+00:00')}")
    except ValueError as error:
        raise RecordError(f"is no time: {error}", "ts") from None
    seconds = (whole - EPOCH) // timedelta(seconds=1) + leap
    return seconds * 1_000_000 + int((fraction or "0")[:6].ljust(6, "0"))


def _span(milliseconds: float | None, param: str) -> int:
    if milliseconds is None:
        return 0
    if milliseconds < 0:
        raise RecordError("is negative", param)
    return min(OPEN, round(min(milliseconds, 1e6) * 1000))


def _id(fields: Fields, at: int, number: int, request: bytes) -> bytes:
    """The id given, where it is a UUID; else a UUIDv7 of the time and a digest, the same on every run."""
    given = fields.id or ""
    try:
        return uuid.UUID(given).bytes
    except ValueError:
        pass
    # An id of another form stands for the record wherever it is found; without one, the place does.
    parts = (given,) if given else (str(number), fields.account, fields.path)
    digest = blake2b("\0".join(parts).encode(), digest_size=8)
    if not given:
        digest.update(request)
    milliseconds, fraction = divmod(at, 1000)
    high = milliseconds << 16 | 0x7000 | fraction * 4096 // 1000
    low = int.from_bytes(digest.digest(), "big") & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
    return (high << 64 | low).to_bytes(16, "big")


def _name(account: str) -> str:
    if not account or len(account) > 512:
        raise RecordError("must have 1 to 512 characters", "account")
    return account


def _path(path: str) -> str:
    if not path.startswith("/"):
        raise RecordError("must begin with /", "path")
    return path.partition("?")[0]


@lru_cache(4096)
def _prefix(ip: str | None) -> str:
    """Network of an address, /24 or /48; a network is taken as it is."""
    if not ip:
        return ""
    try:
        network = ipaddress.ip_network(ip, strict=False)
    except ValueError:
        raise RecordError("is no address", "ip") from None
    longest = 24 if network.version == 4 else 48
    return str(network if network.prefixlen <= longest else network.supernet(new_prefix=longest))


def _headers(headers: dict[str, str] | None) -> dict[str, str]:
    lowered = ((name.lower(), value) for name, value in (headers or {}).items())
    return {name: value for name, value in lowered if name in HEADERS}


def _status(status: int | None, took: int) -> int:
    if status is None:
        return 0 if took == OPEN else 200
    if status and not 100 <= status <= 999:
        raise RecordError("must be 0 (nothing was sent) or an HTTP status", "status")
    return status


def _outcome(status: int | None, took: int) -> Outcome:
    if status is None and took == OPEN:
        return Outcome.UNKNOWN
    return Outcome.CLIENT_GONE if status == 0 else Outcome.OK


def _size(size: int | None, param: str, otherwise: int) -> int:
    if size is not None and size < 0:
        raise RecordError("is negative", param)
    return otherwise if size is None else size


def _answer(fields: Fields, dialects: Dialects, method: str, path: str) -> Answer:
    answer = dialects.read_answer_document(method, path, fields.response)
    if fields.answer is None:
        return answer
    kept = fields.answer
    return Answer(
        inspect=answer.inspect,
        model=str(kept.get("model", "")),
        input_tokens=answer.input_tokens,
        output_tokens=answer.output_tokens,
        text_length=_length(kept.get("text_length", 0)),
        finish=str(kept.get("finish", "")),
    )


def _length(value: str | int) -> int:
    if not isinstance(value, int) or value < 0:
        raise RecordError("text_length must be a count", "answer")
    return value


def _response(operation: Operation, answer: Answer) -> Any:
    if answer.body is not None or (answer.input_tokens is None and answer.output_tokens is None):
        return answer.body
    named = operation in (Operation.MESSAGES, Operation.RESPONSES)
    names = ("input_tokens", "output_tokens") if named else ("prompt_tokens", "completion_tokens")
    return {"usage": dict(zip(names, (answer.input_tokens, answer.output_tokens), strict=True))}
