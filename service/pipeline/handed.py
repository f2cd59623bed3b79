"""Handed: what one caller was given and another one sends in.

Two things that an API gives can be known again for certain. A *sealed reasoning block* (Anthropic's thinking
signatures and redacted thinking, OpenAI's encrypted reasoning items) is made to be sent back by the conversation that
it was issued in; no two are alike. The *text of an answer* is known by its sentences: of each answer the longest few
are noted, and a text that holds three of one answer's holds that answer, or most of it. An actor is an org, or an
account that has none: what stays within one is nobody's business.

A sentence that was issued to several actors says nothing, whoever sends it: refusals, greetings and answers to popular
prompts are such. Nor does one that stood in the request: a summary quotes its document, which others may have too.
The longest are taken because they are the rarest. Everything noted is a digest in the Trail, and is forgotten with it.

Weakness: an answer that was reworded before it is sent in is not known again, nor is one whose text the log was not
given; an answer of fewer than three whole sentences of its own is not followed.

References
----------
[^1]: Broder, A., 1997. On the resemblance and containment of documents. SEQUENCES. A few of a text's parts, chosen
      by a rule that looks at nothing else, are a sample from which containment is told.
"""

from __future__ import annotations

import enum
import hashlib
import re
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any

from detectors.core.detector import Signal
from service.model.entity import Entity, Scope
from service.model.flag import Flag, Rate, Severity
from service.model.ids import text_id
from service.pipeline.copied import items, spoken
from service.ports import TrailEntry

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from service.model.query import QueryEvent, Turn

SAMPLE = 4
"""Sentences noted of an answer."""
TOGETHER = 3
"""Sentences of an answer that a text must have to hold it; an answer that has fewer is not noted."""
SENTENCES = 64
"""Sentences looked at of a text."""
WORDS, CHARACTERS = 6, 32
"""A sentence has as many at least; shorter ones stand in many texts."""
SHORTEST = 40
"""Characters of a sealed block at least: shorter values are names, not seals."""
BLOCKS = 64
"""Blocks looked at of a request or an answer."""
READ = 32_768
"""Characters of a text that are looked at."""

# Begins with the few characters that it is about, so that the others are passed over in one go.
_END = re.compile(r"[.!?\n](?:(?<=\n)\n*|\s+)")
_SEALS = {"thinking": "signature", "redacted_thinking": "data", "reasoning": "encrypted_content"}
"""Kind of a part -> its field that holds a sealed block."""


class Kind(enum.StrEnum):
    """What was handed on."""

    REASONING = "reasoning"
    OUTPUT = "output"


SAID = {
    Kind.REASONING: "sent sealed reasoning that was issued to another actor's account",
    Kind.OUTPUT: "sent in an answer that was given to another actor's account",
}


@dataclass(frozen=True, slots=True)
class Handed:
    """One thing that was issued to one actor and sent by another."""

    kind: Kind
    issued_to: str
    """Account."""
    issued_at: int
    """Microseconds since the epoch."""
    digests: tuple[str, ...]
    """Of the block, or of the sentences that were met, in order."""


@dataclass(frozen=True, slots=True)
class Contents:
    """The digests of what a query carries and of what it was given."""

    account: str
    actor: bytes
    """The org, or the account that has none."""
    sent: tuple[bytes, ...]
    """Of sealed blocks in the request."""
    said: tuple[bytes, ...]
    """Of sentences of its last user turn."""
    sealed: tuple[bytes, ...]
    """Of sealed blocks in the answer."""
    answered: tuple[bytes, ...]
    """Of the longest sentences of the answer that are its own."""
    wanted: tuple[bytes, ...]
    """What is to be looked up first."""

    def doubtful(self, known: Mapping[bytes, TrailEntry]) -> Iterator[bytes]:
        """What is to be looked up then: whether what is known was issued to this actor too, or to several."""
        for digest in (*self.sent, *self.said):
            if digest in known:
                yield _own(digest, self.actor)
                yield _common(digest)

    def strange(self, digest: bytes, known: Mapping[bytes, TrailEntry]) -> bool:
        """Whether it was issued, and not to this actor."""
        return digest in known and known[digest].account != self.account and _own(digest, self.actor) not in known


def contents(event: QueryEvent, key: bytes) -> Contents:
    """What a query carries and was given, under ``key``."""
    turns = event.query.turns
    last = next((turn.text for turn in reversed(turns) if turn.role in ("user", "tool")), "")
    body = event.answer.body if 200 <= event.status < 300 else None
    actor = (f"o:{event.org}" if event.org else f"a:{event.account}").encode("utf-8", "surrogatepass")
    sent = _digests(key, b"seal", _carried(event.request))
    said = _digests(key, b"said", sentences(last))
    sealed = _digests(key, b"seal", _issued(body))
    answered = _digests(key, b"said", _own_words(spoken(body), turns))
    given = (*sealed, *answered)
    wanted = (*sent, *said, *given, *[_own(digest, actor) for digest in given])
    return Contents(event.account, actor, sent, said, sealed, answered, wanted)


def sentences(text: str) -> list[str]:
    """The first sentences of a text that are long enough, in lower case and with single blanks."""
    text = text[:READ]
    found: list[str] = []
    start = 0
    for end in _END.finditer(text):
        _add(text, start, end.end(), found)
        start = end.end()
        if len(found) == SENTENCES:
            return found
    _add(text, start, len(text), found)
    return found


def _add(text: str, start: int, end: int, to: list[str]) -> None:
    # Lower case has at most three characters for one; looked at first, since most parts are too short.
    if 3 * (end - start) < CHARACTERS:
        return
    words = text[start:end].split()
    if len(words) < WORDS:
        return
    said = " ".join(words).casefold()
    if len(said) >= CHARACTERS:
        to.append(said)


def _own_words(answer: str, turns: Sequence[Turn]) -> list[str]:
    """The longest sentences of an answer that do not stand in its request; none where there are too few."""
    said = set(sentences(answer))
    if len(said) < TOGETHER:
        return []
    asked = _Asked("\n".join(turn.text for turn in turns)[-READ:].casefold())
    ranked = sorted(said, key=lambda sentence: (-len(sentence), sentence))
    own = list(islice((sentence for sentence in ranked if sentence not in asked), SAMPLE))
    return own if len(own) >= TOGETHER else []


class _Asked:
    """The text of a request, in which sentences are looked for wherever its lines are broken."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._single: str | None = None
        """With single blanks. To make them costs as much as all else that is done with a text, so that is put off."""

    def __contains__(self, sentence: str) -> bool:
        if sentence in self._text:
            return True
        # Most sentences that are not in the text have a word that is not in it either.
        if not all(word in self._text for word in sentence.split()):
            return False
        if self._single is None:
            self._single = " ".join(self._text.split())
        return sentence in self._single


def handed(found: Contents, known: Mapping[bytes, TrailEntry]) -> list[Handed]:
    """What the query sends that others were given, by what is known."""
    sent = [digest for digest in dict.fromkeys(found.sent) if found.strange(digest, known)]
    instances = [Handed(Kind.REASONING, known[d].account, known[d].seen, (d.hex(),)) for d in sent]
    telling = [d for d in dict.fromkeys(found.said) if found.strange(d, known) and _common(d) not in known]
    # Sentences of one answer were noted at one moment for one account.
    answers = Counter((known[d].account, known[d].seen) for d in telling)
    for (account, seen), n in answers.items():
        if n >= TOGETHER:
            of_it = (d for d in telling if (known[d].account, known[d].seen) == (account, seen))
            instances.append(Handed(Kind.OUTPUT, account, seen, tuple(sorted(d.hex() for d in of_it))))
    return instances


def notes(
    found: Contents, event: QueryEvent, known: Mapping[bytes, TrailEntry], instances: Sequence[Handed] = ()
) -> dict[bytes, TrailEntry]:
    """What the query adds to the Trail; an instance that was told of once is the actor's own from then on."""
    entry = TrailEntry(event.account, event.done)
    added = {_own(bytes.fromhex(digest), found.actor): entry for instance in instances for digest in instance.digests}
    for digest in (*found.sealed, *found.answered):
        if digest in known:
            if found.strange(digest, known):
                added[_own(digest, found.actor)] = added[_common(digest)] = entry
            continue
        added[digest] = entry
        if event.org:
            # Other accounts of the org may send it; without one the entry names the only actor there is.
            added[_own(digest, found.actor)] = entry
    return added


def flag(instance: Handed, event: QueryEvent, versions: Mapping[str, str]) -> Flag:
    """What is said of an instance: nobody is asked to look at one, but it is kept with both accounts.

    Its false-positive rate is of nothing counted: a sealed block is not met by chance.
    """
    parts = "|".join((event.account, instance.kind.value, *instance.digests))
    name = f"handed.{instance.kind}"
    return Flag(
        id=hashlib.blake2b(parts.encode("utf-8", "surrogatepass"), digest_size=10).hexdigest(),
        entity=Entity(Scope.ACCOUNT, event.account),
        severity=Severity.INFO,
        score=1.0,
        flagged_at=event.done,
        first_seen=instance.issued_at,
        last_seen=event.done,
        queries=1,
        window=event.done // 1_000_000,
        reasons=(Signal(name, len(instance.digests), "", 1.0, None, None, 0, SAID[instance.kind]),),
        against={},
        false_positive_rate=Rate(0.0, 0.0, 1.0, 0),
        techniques=("AML.T0024.002",),
        versions=dict(versions),
        events=(text_id(event.id),),
        members=(instance.issued_to, event.account),
    )


def _own(digest: bytes, actor: bytes) -> bytes:
    """That it was issued to this actor."""
    return hashlib.blake2b(actor, digest_size=16, key=digest, person=b"own").digest()


def _common(digest: bytes) -> bytes:
    """That it was issued to several."""
    return hashlib.blake2b(b"", digest_size=16, key=digest, person=b"common").digest()


@lru_cache(8)
def _keyed(key: bytes, purpose: bytes) -> hashlib.blake2b:
    """A digest that has taken in nothing but the key: copying it costs half of what making it does."""
    return hashlib.blake2b(digest_size=16, key=key, person=purpose)


def _digests(key: bytes, purpose: bytes, texts: Sequence[str]) -> tuple[bytes, ...]:
    found = []
    for text in texts:
        digest = _keyed(key, purpose).copy()
        digest.update(text.encode("utf-8", "surrogatepass"))
        found.append(digest.digest())
    return tuple(found)


def _carried(request: Any) -> Sequence[str]:
    """Sealed blocks in a request, of its messages or input items."""
    if not isinstance(request, dict):
        return ()
    contents = [content for turn in items(request.get("messages")) if isinstance(content := turn.get("content"), list)]
    parts = [part for content in contents for part in items(content)]
    return _seals([*parts, *items(request.get("input"))])


def _issued(body: Any) -> Sequence[str]:
    """Sealed blocks in an answer."""
    if not isinstance(body, dict):
        return ()
    return _seals([*items(body.get("content")), *items(body.get("output"))])


def _seals(parts: Sequence[dict[str, Any]]) -> list[str]:
    values = (part.get(name) for part in parts if (name := _SEALS.get(str(part.get("type")))))
    return [value for value in values if isinstance(value, str) and len(value) >= SHORTEST][-BLOCKS:]
