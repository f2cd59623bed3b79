"""What the gateway answers itself, and how that is written."""

from __future__ import annotations

import msgspec


class Refusal(Exception):
    """A request that the gateway answers itself.

    Parameters
    ----------
    status
        HTTP status, 4xx or 5xx.
    code
        Stable word for programs; also the label of ``revenuer_refusals_total``.
    message
        For people: what is wrong and what to do. Never a key and nothing of the body.
    retry_after
        Seconds, 0 for no such header.

    """

    def __init__(self, status: int, code: str, message: str, *, retry_after: int = 0) -> None:
        super().__init__(status, code)
        self.status = status
        self.code = code
        self.message = message
        self.retry_after = retry_after


class UpstreamFailure(Refusal):
    """No answer could be had from the upstream; 502 or 504."""


def kind(status: int) -> str:
    """The ``type`` of an error with this status."""
    if status == 401:
        return "authentication_error"
    if status == 403:
        return "permission_error"
    if status == 429:
        return "rate_limit_error"
    return "invalid_request_error" if status < 500 else "api_error"


def plain(status: int, code: str, message: str) -> bytes:
    """The error of a path whose API is not known."""
    return msgspec.json.encode({"error": {"type": kind(status), "code": code, "message": message}})


def head_fields(refusal: Refusal, length: int, request_id: str) -> list[tuple[bytes, bytes]]:
    """Header fields of the answer that carries it."""
    fields = [
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % length),
        (b"x-revenuer-request-id", request_id.encode()),
    ]
    if refusal.retry_after:
        fields.append((b"retry-after", b"%d" % refusal.retry_after))
    return fields
