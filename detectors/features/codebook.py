"""Codebook: a fixed map of what prompts are about.

256 cells (k-means of embeddings) and the 32 directions along which ordinary
prompts differ most. It is fitted once from public corpora by
``python -m detectors.features.fit`` and ships as numbers; the same map for
every account is what makes histograms of cells and second moments mergeable.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files
from typing import TYPE_CHECKING, Any

import numpy as np

from detectors.core.observation import EMBEDDING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

CELLS = 256
DIRECTIONS = 32
FORMAT = "revenuer-codebook-1"
TIE = 1e-4
"""Difference of two cells below which rounding might decide."""


class CodebookError(RuntimeError):
    """The codebook cannot be used; the message says what is wrong."""


@dataclass(frozen=True, slots=True, eq=False)
class Codebook:
    """Centre, directions and cells of the embedding space."""

    mean: NDArray[np.float32]
    """Mean embedding, shape (EMBEDDING,)."""
    directions: NDArray[np.float32]
    """Orthonormal rows, widest first, shape (DIRECTIONS, EMBEDDING)."""
    centroids: NDArray[np.float32]
    """Shape (CELLS, EMBEDDING)."""
    offsets: NDArray[np.float32]
    """Half the squared length of each centroid."""
    basis: NDArray[np.float64]
    """The directions as columns, for sums that must agree to 1e-9."""
    about: Mapping[str, Any]
    """Command, seed, licences and sources of the fit."""
    version: str
    """Digest of the numbers."""

    def cell(self, embedding: NDArray[np.float32]) -> int:
        """The nearest centroid of one embedding."""
        return int(np.argmax(self.centroids @ embedding - self.offsets))

    def cells(self, embeddings: NDArray[np.float32]) -> NDArray[np.intp]:
        """The same of many, shape (n,); each as it has it by itself."""
        nearness = embeddings @ self.centroids.T - self.offsets
        rows = np.arange(len(nearness))
        found: NDArray[np.intp] = nearness.argmax(axis=1)
        highest = nearness[rows, found]
        nearness[rows, found] = -np.inf
        # A product of matrices has other last bits than one of a matrix and a vector; they may turn a near tie.
        for row in np.flatnonzero(highest - nearness.max(axis=1) < TIE):
            found[row] = self.cell(embeddings[row])
        return found

    def project(self, embeddings: NDArray[np.float32], width: int = DIRECTIONS) -> NDArray[np.float64]:
        """Coordinates along the ``width`` widest directions, from the mean; shape (n, width)."""
        return (embeddings.astype(np.float64) - self.mean) @ self.basis[:, :width]


def load(path: Path) -> Codebook:
    """The codebook in a file.

    Raises
    ------
    CodebookError
        It is missing, or not whole.

    """
    try:
        with np.load(path, allow_pickle=False) as stored:
            about = json.loads(str(stored["about"]))
            arrays = [stored[name].astype(np.float32) for name in ("mean", "directions", "centroids")]
    except (OSError, ValueError, KeyError) as error:
        raise CodebookError(f"codebook {path} cannot be read: {error}; reinstall the package") from error
    shapes = [(EMBEDDING,), (DIRECTIONS, EMBEDDING), (CELLS, EMBEDDING)]
    if about.get("format") != FORMAT or [array.shape for array in arrays] != shapes:
        raise CodebookError(f"codebook {path} is not of the format {FORMAT}; reinstall the package")
    mean, directions, centroids = arrays
    digest = hashlib.blake2b(b"".join(array.tobytes() for array in arrays), digest_size=6).hexdigest()
    basis = np.ascontiguousarray(directions.T, np.float64)
    return Codebook(mean, directions, centroids, (centroids**2).sum(axis=1) / 2, basis, about, digest)


@cache
def default() -> Codebook:
    """The codebook that ships with the package."""
    with as_file(files("detectors.features").joinpath("data/codebook.npz")) as path:
        return load(path)
