"""Phrases: the share of prompts that ask for reasoning in one of the usual ways.

References
----------
[^1]: Glasswally (public source): an Aho-Corasick list of reasoning phrases. The list here is our own.

"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.bench.peers.peer import Calls

LIST = (
    *("step by step", "step-by-step", "chain of thought", "chain-of-thought", "show your reasoning", "show your work"),
    *(
        "explain your reasoning",
        "think out loud",
        "think aloud",
        "your thought process",
        "reason through",
        "let's think",
    ),
    *("internal reasoning", "internal monologue", "inner monologue", "hidden reasoning", "reasoning trace"),
    *("reasoning process", "before answering", "before you answer", "think carefully", "<thinking>", "<think>"),
    *("<reasoning>", "scratchpad", "verbatim", "system prompt", "walk me through", "detailed rationale"),
)
EXPRESSION = re.compile("|".join(map(re.escape, LIST)), re.IGNORECASE)


@dataclass(slots=True)
class Phrases:
    """The share of an account's prompts with a phrase of the list."""

    name: ClassVar[str] = "phrase list"
    reference: ClassVar[str] = "a list of reasoning phrases, as public guards have it"

    def fit(self, benign: Sequence[Calls]) -> None:
        """Nothing: the list is fixed."""

    def score(self, account: Calls) -> float:
        """The share."""
        return sum(EXPRESSION.search(text) is not None for text in account.texts) / max(len(account.texts), 1)
