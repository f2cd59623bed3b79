"""Link: one reason why accounts belong together; odometer: how much they have taken so far."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class LinkKind(enum.StrEnum):
    """Why accounts are taken to act as one."""

    SKELETON = "skeleton"
    """They send one masked template."""
    SYSTEM = "system"
    """They send one system prompt."""
    HEAD = "head"
    """Their prompts begin with the same words."""
    TAIL = "tail"
    """Their prompts end with the same words."""
    WORDING = "wording"
    """Their instructions are rewordings of one another."""
    REASONING = "reasoning"
    """One sent in sealed reasoning that another was given."""
    OUTPUT = "output"
    """One sent in an answer that another was given."""
    SLICES = "slices"
    """They work through disjoint slices of one list, or divide up its topics."""
    INFRASTRUCTURE = "infrastructure"
    """They come from one address prefix or client. Corroborates only."""
    TIMING = "timing"
    """They are active in the same seconds. Corroborates only."""
    SUCCESSION = "succession"
    """They took up the campaign's content after members of it were blocked."""
    REVIEWER = "reviewer"
    """Somebody put them together."""


@dataclass(frozen=True, slots=True)
class Link:
    """One reason why accounts belong together, and how often honest accounts share as much.

    A link ties all of ``accounts`` at once: a template that 4,000 accounts send is one link, not eight million.
    """

    kind: LinkKind
    accounts: tuple[str, ...]
    """Those that it ties, in order of their names."""
    strength: float
    """In [0, 1]: one minus ``benign`` where that was measured; 1 where the link is certain."""
    benign: float
    """Share of what honest accounts share that is as much like a campaign; 0 where that cannot happen by chance."""
    n: int
    """Honest cases behind ``benign``; 0 where nothing was counted."""
    evidence: str
    """In words, with numbers; never a prompt."""


@dataclass(frozen=True, slots=True)
class Odometer:
    """What a campaign has taken so far."""

    queries: int
    output_tokens: int
    topics: float
    """Share of the topics of the codebook that were asked about, in [0, 1]."""
