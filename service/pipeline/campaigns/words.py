"""Words: what the measures of a group mean to an analyst."""

from __future__ import annotations

from typing import TYPE_CHECKING

from detectors.coordination.footprints import KINDS
from detectors.coordination.group import MEASURES

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SHARED = {
    "system": "one system prompt",
    "skeleton": "one template",
    "head": "one opening of their prompts",
    "tail": "one ending of their prompts",
}
UNITS = {
    "actors": "log2 actors",
    "devotion": "share of queries",
    "alone": "share of queries",
    "disjoint": "share of payloads",
    "fresh": "payloads per query",
    "even": "1 - Gini",
    "purpose": "log-odds",
    "output": "log2 tokens",
    "breadth": "share of topics",
}
SENTENCES = {
    "actors": "{whole:,.0f} accounts or orgs share {what}",
    "devotion": "{percent:.0f} % of all that these accounts ask is of it",
    "alone": "{percent:.0f} % of these queries continue nothing and repeat nothing",
    "disjoint": "{percent:.0f} % of the payloads looked at were sent by one of them alone, as when a list is dealt out",
    "fresh": "{percent:.0f} different payloads to a hundred queries, 16 more counted that bring none",
    "even": "they ask about as much as each other: evenness {value:.2f}",
    "purpose": "the words are those of a harvest, log-odds {value:.1f}",
    "output": "a query brings {whole:,.0f} tokens of answer",
    "breadth": "the payloads are spread over {percent:.0f} % of the topics that there could be",
}

TOGETHER = {
    "network": "all pairs of these accounts ask from one address prefix",
    "client": "all pairs of these accounts ask through one program",
    "timing": "their first and last queries come within a second of another's, beyond what chance gives",
}


def shared(column: int) -> str:
    """What the accounts share, by the column of the key."""
    return SHARED[KINDS[column]]


def reason(name: str, value: float, median: float, what: str) -> str:
    """One measure in words, beside what honest groups show."""
    return f"{_said(name, value, what)} (honest groups: {_short(name, median)})"


def together(tie: str, share: float, median: float) -> str:
    """How much infrastructure or timing accounts share, or divide topics, beside what honest groups do."""
    if tie == "topics":
        return (
            f"they divide up the topics: two queries of one account are on one topic {2**share:.1f} times as often as "
            f"two of different ones (honest groups: {2**median:.1f} times)"
        )
    return f"{_percent(share)} of {TOGETHER[tie]} (honest groups: {_percent(median)})"


def against(measures: NDArray[np.float64]) -> dict[str, str]:
    """What speaks against a campaign."""
    values = dict(zip(MEASURES, measures.tolist(), strict=True))
    found = {}
    if values["alone"] < 0.8:
        found["conversations"] = f"{100 * (1 - values['alone']):.0f} % of the queries continue a conversation"
    if values["disjoint"] < 0.8:
        found["same questions"] = f"{100 * (1 - values['disjoint']):.0f} % of the payloads were sent by several"
    if values["devotion"] < 0.5:
        found["other traffic"] = f"{100 * (1 - values['devotion']):.0f} % of what these accounts ask is something else"
    return found


def _said(name: str, value: float, what: str) -> str:
    whole = 2.0**value - (name == "output")
    return SENTENCES[name].format(
        value=value, percent=100 * value, whole=whole if name in ("actors", "output") else 0, what=what
    )


def _percent(share: float) -> str:
    return f"{100 * share:.2g} %" if share < 0.1 else f"{100 * share:.0f} %"


def _short(name: str, value: float) -> str:
    if name == "actors":
        return f"{2.0**value:.0f}"
    if name == "output":
        return f"{2.0**value - 1:,.0f} tokens"
    return f"{value:.2f}" if name in ("purpose", "even") else f"{100 * value:.0f} %"
