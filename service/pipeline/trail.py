"""Trail: which conversations and which exact requests were seen before, by keyed digest.

Two digests a query. The *conversation* digest covers the turns that are not
the model's own; a later request continues it when the turns before its last
answer have that digest. The system prompt is left out, since it may carry
the time of day. The *request* digest covers everything that was asked, system
prompt included; when it comes again an hour later or more, that is a re-run,
as an evaluation harness or a nightly regression does. Sooner it may be
sampling of one prompt, which harvesting does too, so it is no re-run.
Both are bound to the account.

Weakness: a client that trims old turns breaks the chain and looks like a new
conversation.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from service.ports import TrailEntry

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from service.model.query import Query, QueryEvent

RERUN_AFTER = 3_600_000_000
"""Microseconds after which the same request is a re-run."""


@dataclass(frozen=True, slots=True)
class Digests:
    """The digests of one query; empty bytes where there is nothing to digest."""

    conversation: bytes
    before: bytes
    """Conversation digest up to the last answer of the model that the request carries."""
    request: bytes
    asked: bytes = b""
    """Of the request whoever sends it: not bound to the account, and never stored in the Trail."""


class Recognised(NamedTuple):
    """What is known of one query from what went before it."""

    continues: bool
    rerun: bool
    rotated: bool = False
    launch: bool = False
    new_model: bool = False


NOTHING = Digests(b"", b"", b"")


def digests(event: QueryEvent, key: bytes) -> Digests:
    """The digests of one query under ``key``."""
    query = event.query
    if not query.turns and not query.prompts:
        return NOTHING
    chain = _digest(key, b"c", event.account.encode())
    whole = _digest(key, b"q", b"")
    whole.update(_framed("model", query.model))
    before = b""
    begun = False
    for turn in query.turns:
        framed = _framed(turn.role, turn.text)
        whole.update(framed)
        if turn.role == "assistant":
            before = chain.digest() if begun else b""
        elif turn.role != "system":
            chain.update(framed)
            begun = True
    conversation = chain.digest() if begun else b""
    for prompt in query.prompts:
        whole.update(_framed("prompt", prompt))
    asked = whole.digest()
    request = _digest(key, b"r", event.account.encode())
    request.update(asked)
    return Digests(conversation, before, request.digest(), asked)


def alive(known: Mapping[bytes, TrailEntry], since: int) -> dict[bytes, TrailEntry]:
    """What was first seen at ``since`` or later: what is older counts as unknown, purged or not."""
    return {d: entry for d, entry in known.items() if entry.seen >= since}


def recognise(digest: Digests, done: int, known: Mapping[bytes, TrailEntry], query: Query) -> Recognised:
    """Whether the query continues a conversation or runs a request again, by what is known."""
    first = known.get(digest.request)
    return Recognised(
        continues=digest.before in known or bool(query.parameters.get("previous_response_id")),
        rerun=first is not None and first.seen + RERUN_AFTER <= done,
    )


def entries(digest: Digests, event: QueryEvent, known: Mapping[bytes, TrailEntry]) -> dict[bytes, TrailEntry]:
    """What the query adds to the Trail: its digests that are new."""
    fresh = TrailEntry(event.account, event.done)
    return {d: fresh for d in (digest.conversation, digest.request) if d and d not in known}


def wanted(batch: Sequence[Digests]) -> list[bytes]:
    """The digests to look up for a batch, each once."""
    return list(dict.fromkeys(d for item in batch for d in (item.conversation, item.before, item.request) if d))


def _digest(key: bytes, purpose: bytes, seed: bytes) -> hashlib.blake2b:
    return hashlib.blake2b(seed, digest_size=16, key=key, person=purpose)


def _framed(role: str, text: str) -> bytes:
    # Lengths go in too, so that two texts cannot run together into a third.
    data = text.encode("utf-8", "surrogatepass")
    return b"%s:%d:%s" % (role.encode(), len(data), data)
