"""Views: what is read of a list of texts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from scipy import sparse  # type: ignore[import-untyped]

from detectors.core.observation import Observations
from detectors.features import Extractor, Prompt, embedding

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

BOUND = 768
"""Characters read of a text's head for its tokens; the dense views read head and tail as the product does."""
DENSE = ("embedding", "surface", "ngrams")
COUNTS = ("tokens", "pairs")
PAIRS = 1 << 15
"""Buckets of hashed pairs of tokens."""
BATCH = 512
KEY = b"revenuer: bench"
"""Of digests that nothing here looks at."""


@dataclass(frozen=True, slots=True, eq=False)
class Views:
    """The views of n texts, a row each."""

    embedding: NDArray[np.float64]
    surface: NDArray[np.float64]
    ngrams: NDArray[np.float64]
    tokens: Any
    """Which tokens occur, sparse 0/1, shape (n, vocabulary)."""
    pairs: Any
    """Which pairs of neighbouring tokens occur, start and end included, sparse 0/1, shape (n, PAIRS)."""

    def __len__(self) -> int:
        return len(self.embedding)

    def take(self, rows: NDArray[np.intp] | slice) -> Self:
        """The given rows, in the given order."""
        return type(self)(**{name: getattr(self, name)[rows] for name in (*DENSE, *COUNTS)})

    @classmethod
    def of(cls, texts: Sequence[str]) -> Self:
        """The views of these texts."""
        # A cache of one: texts hardly ever repeat here.
        extractor = Extractor(KEY, cache=1)
        parts = [_dense(extractor, texts[i : i + BATCH]) for i in range(0, len(texts), BATCH)]
        held = Observations.concat(parts)
        tokens, pairs = _tokens(texts)
        dense = {name: getattr(held, name).astype(np.float64) for name in DENSE}
        return cls(**dense, tokens=tokens, pairs=pairs)

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """The rows of all parts, one after the other."""
        dense = {name: np.concatenate([getattr(part, name) for part in parts]) for name in DENSE}
        counts = {name: sparse.vstack([getattr(part, name) for part in parts]).tocsr() for name in COUNTS}
        return cls(**dense, **counts)


def _dense(extractor: Extractor, texts: Sequence[str]) -> Observations:
    out = Observations.empty(len(texts))
    extractor.fill(out, [Prompt("", text) for text in texts])
    return out


def _tokens(texts: Sequence[str]) -> tuple[Any, Any]:
    embedder = embedding.default()
    parts = [text[:BOUND].encode("utf-8", "replace").decode() for text in texts]
    ids = [np.array([0, *row, 0]) for row in embedder.encode(parts)]
    return (
        _presence([np.unique(row[1:-1]) for row in ids], embedder.vocabulary),
        _presence([np.unique(_pair(row[:-1], row[1:])) for row in ids], PAIRS),
    )


def _pair(first: NDArray[np.int64], second: NDArray[np.int64]) -> NDArray[np.int64]:
    # Odd multipliers; the high bits of the product are the well-mixed ones.
    mixed = (first.astype(np.uint64) * np.uint64(0x9E3779B1) + second.astype(np.uint64)) * np.uint64(0x9E3779B97F4A7C15)
    return (mixed >> np.uint64(64 - 15)).astype(np.int64)


def _presence(rows: Sequence[NDArray[np.int64]], columns: int) -> Any:
    ends = np.cumsum([0, *(len(row) for row in rows)])
    indices = np.concatenate(rows) if rows else np.zeros(0, np.int64)
    return sparse.csr_matrix((np.ones(len(indices), np.float32), indices, ends), shape=(len(rows), columns))
