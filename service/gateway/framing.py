"""Is a request's head unambiguous? RFC 9112, read strictly, for a gateway that must see what the upstream sees."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.gateway.refusal import Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from httptools import HttpRequestParser


FRAMING = frozenset({b"content-length", b"expect", b"host", b"transfer-encoding"})


def check_head(method: bytes, url: bytes, version: str, fields: Sequence[tuple[bytes, bytes, bytes]]) -> bool:
    """Whether the client expects a 100-continue. Fields are lower-cased name, name, value.

    Raises
    ------
    Refusal
        400, 405 or 417: two readers could disagree about this request.

    """
    if method == b"CONNECT":
        raise Refusal(405, "connect_refused", "This gateway does not tunnel.")
    if not url.startswith(b"/"):
        raise Refusal(400, "target_form", "The request target must be a path that begins with '/'.")
    framing: dict[bytes, list[bytes]] = {}
    for lower, _, value in fields:
        if lower in FRAMING:
            framing.setdefault(lower, []).append(value.strip().lower())
    _check_framing(framing, version)
    return b"expect" in framing and version == "1.1"


def _check_framing(framing: Mapping[bytes, Sequence[bytes]], version: str) -> None:
    hosts, codings = len(framing.get(b"host", ())), framing.get(b"transfer-encoding")
    if hosts != 1 and not (version == "1.0" and hosts == 0):
        raise Refusal(400, "host_header", "The request must have exactly one Host field.")
    if codings and (version != "1.1" or codings != [b"chunked"] or b"content-length" in framing):
        raise Refusal(400, "transfer_encoding", "Only 'Transfer-Encoding: chunked', once, without Content-Length.")
    if len(framing.get(b"content-length", ())) > 1:
        raise Refusal(400, "content_length", "The request has more than one Content-Length.")
    if any(value != b"100-continue" for value in framing.get(b"expect", ())):
        raise Refusal(417, "expectation", "The only expectation that is understood is 100-continue.")


def rebuild_without_upgrade(
    parser: HttpRequestParser, url: bytes, fields: Sequence[tuple[bytes, bytes, bytes]]
) -> bytes:
    """The head again, without the wish to upgrade."""
    lines = [parser.get_method(), b" ", url, b" HTTP/", parser.get_http_version().encode(), b"\r\n"]
    for lower, name, value in fields:
        if lower == b"upgrade":
            continue
        if lower == b"connection":
            kept = [token for token in value.split(b",") if token.strip().lower() != b"upgrade"]
            if not kept:
                continue
            lines += (name, b": ", b",".join(kept).strip(), b"\r\n")
        else:
            lines += (name, b": ", value, b"\r\n")
    lines.append(b"\r\n")
    return b"".join(lines)
