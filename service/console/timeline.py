"""Timeline: an entity's volume and score over event time, with what happened to it, on one axis."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.model.alert import Note
    from service.model.decision import Decision
    from service.model.flag import Evaluation, Flag


@dataclass(frozen=True, slots=True)
class Happening:
    """Something at a moment."""

    at: int
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Timeline:
    """What the charts draw; oldest first."""

    at: list[float]
    """Seconds since the epoch, one for each scoring, or stretch of time."""
    queries: list[int]
    """Since the scoring before, or in the stretch."""
    score: list[float]
    """Empty where nothing is scored."""
    happenings: list[Happening]

    @property
    def series(self) -> dict[str, Any]:
        """For the script that draws."""
        marks = [[mark.at / 1e6, mark.kind] for mark in self.happenings]
        return {"at": self.at, "queries": self.queries, "score": self.score, "marks": marks}


def volume(traffic: Sequence[tuple[int, int]], flags: Sequence[Flag]) -> Timeline:
    """The same of all traffic, which has no score: queries of each stretch, with the flags raised meanwhile."""
    begins = traffic[0][0] if traffic else 0
    marks = [Happening(flag.flagged_at, "flag", f"flag: {flag.entity}") for flag in flags if flag.flagged_at >= begins]
    return Timeline([at / 1e6 for at, _ in traffic], [count for _, count in traffic], [], marks)


def timeline(
    evaluations: Sequence[Evaluation], flags: Sequence[Flag], notes: Sequence[Note], decisions: Sequence[Decision]
) -> Timeline:
    """The timeline of one entity.

    Parameters
    ----------
    evaluations, flags
        Newest first, as the store gives them.

    """
    oldest = sorted(evaluations, key=lambda one: (one.at, one.queries))
    counts = [one.queries for one in oldest]
    # Of what came before the first scoring that is kept nothing is known.
    between = [0, *(max(0, b - a) for a, b in itertools.pairwise(counts))]
    marks = [Happening(flag.flagged_at, "flag", f"flag: {flag.severity}, score {flag.score:.2f}") for flag in flags]
    marks += [Happening(made.created, "decision", f"{made.kind}: {made.reason}") for made in decisions]
    marks += [Happening(note.at, "review", f"{note.kind.replace('alert.', '')} by {note.by}") for note in notes]
    return Timeline(
        [one.at / 1e6 for one in oldest],
        between,
        [round(one.score, 4) for one in oldest],
        sorted(marks, key=lambda mark: mark.at, reverse=True),
    )
