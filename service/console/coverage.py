"""Coverage: where an entity's prompts lie among the topics, beside where benign prompts lie.

The map is the codebook's: its 256 cells, drawn at their place along the two directions in which ordinary prompts
differ most. It is the same for everybody and for good; ``Map.version`` is the codebook's digest. What is benign is
counted here: the topics of the accounts seen last that nobody has to look at.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from detectors.features import codebook

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from service.model.entity import Entity

    Topics = Mapping[Entity, NDArray[np.integer]]

SIZE = 640
"""Side of the drawing, in its own units."""
EDGE = 24
LARGEST = 20.0
"""Radius of the topic that has most."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One topic on the map."""

    number: int
    x: float
    y: float
    benign: float
    """Radius: its area is the share of benign prompts there."""
    own: float
    """Radius likewise, of the entity's prompts."""
    benign_share: float
    own_share: float


@dataclass(frozen=True, slots=True)
class Drawn:
    """The map with what is drawn on it."""

    cells: tuple[Cell, ...]
    version: str
    accounts: int
    """Benign accounts behind the density."""
    visited: int
    """Topics that the entity's new prompts have visited."""
    alone: float
    """Share of its prompts that lie where no benign prompt was seen."""


def drawn(benign: Sequence[NDArray[np.integer]], own: NDArray[np.integer] | None) -> Drawn:
    """The map.

    Parameters
    ----------
    benign
        Of each benign account how many new prompts fell into each topic, shape (256,). Each account counts alike.
    own
        The same of the entity that is looked at; None for nobody.

    """
    density = _mean([_shares(counts) for counts in benign])
    shares = _shares(own) if own is not None else np.zeros(codebook.CELLS)
    places = _places()
    top = max(float(density.max(initial=0.0)), float(shares.max(initial=0.0)), 1e-9)
    cells = tuple(
        Cell(
            i, *places[i], _radius(density[i], top), _radius(shares[i], top), float(density[i]), float(shares[i])
        )
        for i in range(codebook.CELLS)
        if density[i] or shares[i]
    )  # fmt: skip
    visited = int(np.count_nonzero(shares))
    return Drawn(cells, codebook.default().version, len(benign), visited, float(shares[density == 0].sum()))


def _shares(counts: NDArray[np.integer]) -> NDArray[np.float64]:
    total = int(counts.sum())
    return counts / total if total else np.zeros(len(counts))


def _mean(rows: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    seen = [row for row in rows if row.any()]
    mean: NDArray[np.float64] = np.mean(seen, axis=0) if seen else np.zeros(codebook.CELLS)
    return mean


def _radius(share: float, top: float) -> float:
    return round(LARGEST * float(np.sqrt(share / top)), 1)


@cache
def _places() -> tuple[tuple[float, float], ...]:
    """Where each topic is drawn: by rank along each direction, since the cells crowd in the middle."""
    book = codebook.default()
    along = book.project(book.centroids, 2)
    ranks = along.argsort(axis=0).argsort(axis=0) / (codebook.CELLS - 1)
    return tuple((round(EDGE + x * (SIZE - 2 * EDGE), 1), round(EDGE + y * (SIZE - 2 * EDGE), 1)) for x, y in ranks)
