"""Graph: a campaign's accounts on a circle, and each link as a point within, tied to the accounts that it holds.

A link ties many accounts at once, so it is drawn as a point of its own; lines between every two accounts would be
millions. Positions follow from the names' order alone: the same campaign is drawn alike each time.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.model.link import Link

MOST = 80
"""Accounts drawn; of a larger campaign evenly chosen ones."""
SIZE, RING, INNER = 480, 200, 110
"""Of the drawing, in its own units: its side, the circle's radius, and that of the links'."""


@dataclass(frozen=True, slots=True)
class Point:
    """Something drawn at a place."""

    x: float
    y: float
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Line:
    """From a link to an account."""

    x1: float
    y1: float
    x2: float
    y2: float
    kind: str


@dataclass(frozen=True, slots=True)
class Graph:
    """What is drawn."""

    accounts: tuple[Point, ...]
    links: tuple[Point, ...]
    lines: tuple[Line, ...]
    left_out: int
    """Accounts that are not drawn."""


def graph(members: Sequence[str], links: Sequence[Link]) -> Graph:
    """The drawing of a campaign's members and links."""
    step = max(1, math.ceil(len(members) / MOST))
    shown = list(members)[::step]
    places = {name: _at(i / max(len(shown), 1), RING) for i, name in enumerate(shown)}
    accounts = tuple(Point(*places[name], name, name) for name in shown)
    points, lines = [], []
    for i, link in enumerate(links):
        # Evenly spread, so that two links that hold the same accounts do not lie on one another.
        place = _at(i / max(len(links), 1) + 1 / 12, INNER if len(links) > 1 else 0)
        points.append(Point(*place, str(link.kind), link.evidence))
        lines += [Line(*place, *places[name], str(link.kind)) for name in link.accounts if name in places]
    return Graph(accounts, tuple(points), tuple(lines), len(members) - len(shown))


def _at(turn: float, radius: float) -> tuple[float, float]:
    """The place on a circle, ``turn`` of a whole turn from the top."""
    angle = 2 * math.pi * turn
    return round(SIZE / 2 + radius * math.sin(angle), 1), round(SIZE / 2 - radius * math.cos(angle), 1)
