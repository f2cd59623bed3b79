"""Skeleton: the template of a prompt, with what filled its slots taken out.

A job that sends one instruction with ever-new payloads has one skeleton and
as many slots as queries. What is masked: numbers, URLs, e-mail addresses,
quoted strings, code blocks, names in the middle of a sentence, what follows
a label (``Question: ...``) and the middle of long lines. What is kept: the
first and last words of the instruction, labels, bullets and headings.

Weakness: a payload of lower-case words in the middle of a short sentence
stays, so such a template has many skeletons; a reworded template has another
skeleton. Both are for the views that do not need equality.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

VERSION = 1
SLOT = "\u2022"
LINES = 24
"""Lines looked at."""
HEAD, TAIL = 7, 5
"""Words kept at either end of a long line."""
LABEL = 8
"""Words that a label has at most, ``Question:`` or ``Text to be graded:``."""

_BLOCKS = re.compile(r"```.*?(?:```|\Z)|\"\"\".*?(?:\"\"\"|\Z)", re.DOTALL)
# Each begins with a character of its own, so that the others are passed over in one go.
_PARTS = re.compile(
    r"[h\"\u201c`<$\u20ac\u00a3\dA-Z](?:(?<=h)ttps?://\S+"
    r"|(?<=\")[^\"\n]{1,400}\"|(?<=\u201c)[^\u201d\n]{1,400}\u201d"
    r"|(?<=`)[^`\n]{1,200}`|(?<=<)[^<>\s][^<>\n]{0,80}>"
    r"|(?<=[$\u20ac\u00a3])\d[\d.,:/%-]*\w*|(?<=\d)[\d.,:/%-]*\w*"
    r"|(?<=[a-z,;] [A-Z])[\w'-]*(?: [A-Z][\w'-]*)*)"
)
# An address begins with any character and goes before all but a URL, so where there is none nobody looks for it.
_ADDRESSED = re.compile(rf"https?://\S+|[\w.+-]{{1,64}}@[\w-]{{1,64}}\.[\w.-]+|{_PARTS.pattern}")
_MARKER = re.compile(r"^\s*(?:#{1,6}\s|[-*\u2022]\s|\(?\d{1,3}[.)]\s)")


class Skeleton(NamedTuple):
    """A prompt taken apart."""

    template: str
    fillers: tuple[str, ...]


def mask(text: str) -> Skeleton:
    """Template and fillers of a text; equal templates mean the same instruction."""
    fillers: list[str] = []

    def slot(found: re.Match[str]) -> str:
        fillers.append(found.group())
        return SLOT

    if "```" in text or '"""' in text:
        text = _BLOCKS.sub(slot, text)
    lines = text.splitlines()[:LINES]
    kept: list[str] = []
    for line in _lines(lines, fillers):
        masked = (_ADDRESSED if "@" in line else _PARTS).sub(slot, line).casefold()
        # Runs of slots are one, so that a list of three names is the template of a list of two.
        if not (masked == SLOT and kept and kept[-1] == SLOT):
            kept.append(masked)
    return Skeleton("\n".join(kept), tuple(fillers))


def _lines(lines: list[str], fillers: list[str]) -> Iterator[str]:
    """Lines with their payloads taken out: what a label or a closing colon announces, and long middles."""
    announced = False
    for line in lines:
        words = line.split()
        if not words:
            continue
        bare = " ".join(words)
        label, colon, payload = bare.partition(": ")
        if colon and label.count(" ") < LABEL:
            fillers.append(payload)
            yield f"{label}: {SLOT}"
            announced = False
        elif bare.endswith(":") and len(words) <= 2 * (HEAD + TAIL):
            yield bare
            announced = True
        elif announced and not _MARKER.match(line):
            fillers.append(bare)
            yield SLOT
        elif len(words) > HEAD + TAIL:
            fillers.append(" ".join(words[HEAD:-TAIL]))
            yield " ".join([*words[:HEAD], SLOT, *words[-TAIL:]])
            announced = False
        else:
            yield bare
            announced = False
