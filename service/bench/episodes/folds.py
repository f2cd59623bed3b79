"""Folds: kinds dealt out so that those of one stamp are always on the same side of a fit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.simulate.kinds import ATTACKS, HARD, ORDINARY

if TYPE_CHECKING:
    from collections.abc import Sequence

_DEALT = (
    (
        "chat support moderate index companion planner intranet clean rewrite reviewer",
        "harness benchmark nightly classify swarm",
        "list-of-prompts slow samples tools cleaned from-nothing hydra covered",
    ),
    (
        "coding summarise tutor game mail tags lookup commits research playground",
        "judge redteam extract describe writer articles",
        "self-instruct bootstrap roleplay sentences dialogues pairs",
    ),
    (
        "autocomplete speaker proofreader reports analyst matches suggest docstrings browser contractor weekend",
        "rehearsal translate localise product gateway retrieval",
        "reasoning thoughts rationales expert logits trajectories",
    ),
    (
        "headlines incidents watch redact captions screen rerank port desk notebook learner",
        "fixtures quizzes course classroom hackathon",
        "evolve personas reward preferences code structured",
    ),
)
"""Ordinary, hard and harvesting kinds of each fold."""
FOLDS = len(_DEALT)
_FOLD = {kind: number for number, parts in enumerate(_DEALT) for part in parts for kind in part.split()}
_COVERS = """chat support coding tutor companion planner intranet mail analyst desk contractor product retrieval
writer classify summarise game proofreader watch reviewer screen"""
COVERS = frozenset(_COVERS.split())
"""Honest kinds that a harvest is hidden in: those whose answers make a harvest's no oddity in themselves."""
ALONE = frozenset({"hydra", "covered"})
"""Harvests that the accounts suite leaves out: the one is many accounts, the other its own mixture."""


def fold(kind: str) -> int:
    """The fold of a kind."""
    return _FOLD[kind]


def ordinary() -> Sequence[str]:
    """Honest kinds, the hard ones not among them."""
    return list(ORDINARY)


def hard() -> Sequence[str]:
    """Honest kinds that are hard to tell."""
    return list(HARD)


def harvests() -> Sequence[str]:
    """Kinds of harvest with one key."""
    return [kind for kind in ATTACKS if kind not in ALONE]


def covers(kind: str) -> Sequence[str]:
    """Honest kinds of the same fold to hide this harvest in."""
    return sorted(name for name in COVERS if fold(name) == fold(kind))
