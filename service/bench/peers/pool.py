"""Pool: embeddings of benign accounts, no account more than a fixed number of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from service.bench.peers.peer import Calls

EACH = 40


def embeddings(account: Calls) -> NDArray[np.float64]:
    """Of its queries with text, in order, shape (n, dimensions)."""
    rows = account.observations
    return rows.embedding[rows.has_text].astype(np.float64)


def pooled(benign: Sequence[Calls], most: int, random: np.random.Generator) -> NDArray[np.float64]:
    """At most ``most`` embeddings, ``EACH`` an account.

    Raises
    ------
    ValueError
        There is hardly any.

    """
    parts = []
    for account in benign:
        held = embeddings(account)
        parts.append(held[random.permutation(len(held))[:EACH]])
    points = np.concatenate(parts) if parts else np.zeros((0, 1))
    if len(points) < 100:
        raise ValueError(f"{len(points)} benign queries with text are too few to fit a peer; 100 are needed")
    return points[random.permutation(len(points))[:most]]
