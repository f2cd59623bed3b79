"""Spaces: each view of a text in few coordinates, and as random Fourier features of them.

A view (embedding, surface, character n-grams) is centred on ordinary queries
and whitened by their covariance along the directions in which they differ
most, so a mean of coordinates has its Mahalanobis distance as its length. The
Fourier features of the coordinates have inner products that approximate a
Gaussian kernel of mixed width, so the distance of two means of them
approximates the maximum mean discrepancy (MMD), and sums of them merge.

It is fitted once by ``python -m service.replay.spaces`` on simulated benign
traffic and ships as numbers.

References
----------
[^1]: Rahimi, A., Recht, B., 2007. Random Features for Large-Scale Kernel
      Machines. NeurIPS.
[^2]: Gretton, A. et al., 2012. A Kernel Two-Sample Test. JMLR 13.

"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files
from typing import TYPE_CHECKING, Any

import numpy as np

from detectors.core.observation import EMBEDDING, NGRAMS, SURFACE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

FORMAT = "revenuer-spaces-1"
VIEWS = {"embedding": (EMBEDDING, 16), "surface": (SURFACE, 10), "ngrams": (NGRAMS, 12)}
"""View -> its dimensions and its coordinates kept."""
FOURIER = 32
"""Fourier features of a view."""
WIDTHS = (0.5, 1.0, 2.0, 4.0)
"""Kernel widths in units of the median distance, as in arXiv 2606.05725; a quarter of the features each."""
CLIP = 6.0
"""Deviations at which a coordinate is cut, so that no single query moves a mean far."""


class SpacesError(RuntimeError):
    """The spaces cannot be used; the message says what is wrong."""


@dataclass(frozen=True, slots=True, eq=False)
class Space:
    """One view."""

    mean: NDArray[np.float64]
    """Of ordinary queries, shape (dimensions,)."""
    whiten: NDArray[np.float64]
    """To coordinates of unit variance, shape (dimensions, coordinates)."""
    frequencies: NDArray[np.float64]
    """Shape (coordinates, FOURIER)."""
    phases: NDArray[np.float64]
    usual: NDArray[np.float64]
    """Mean Fourier features of ordinary queries, shape (FOURIER,)."""

    def coordinates(self, rows: NDArray[np.float32]) -> NDArray[np.float64]:
        """Shape (n, coordinates)."""
        return np.clip((rows.astype(np.float64) - self.mean) @ self.whiten, -CLIP, CLIP)

    def fourier(self, coordinates: NDArray[np.float64]) -> NDArray[np.float64]:
        """Shape (n, FOURIER); rows have a squared length of about 1."""
        features: NDArray[np.float64] = np.cos(coordinates @ self.frequencies + self.phases)
        features *= np.sqrt(2.0 / FOURIER)
        return features


def load(path: Path) -> dict[str, Space]:
    """View -> space, of a file.

    Raises
    ------
    SpacesError
        It is missing, or not whole.

    """
    try:
        with np.load(path, allow_pickle=False) as stored:
            about = json.loads(str(stored["about"]))
            found = {
                view: Space(*(stored[f"{view}_{name}"].astype(np.float64) for name in Space.__slots__))
                for view in VIEWS
            }
    except (OSError, ValueError, KeyError) as error:
        raise SpacesError(f"spaces {path} cannot be read: {error}; reinstall the package") from error
    shapes = {view: space.whiten.shape for view, space in found.items()}
    if about.get("format") != FORMAT or shapes != VIEWS:
        raise SpacesError(f"spaces {path} is not of the format {FORMAT}; reinstall the package")
    return found


@cache
def default() -> Mapping[str, Space]:
    """The spaces that ship with the package."""
    with as_file(files("detectors.features").joinpath("data/spaces.npz")) as path:
        return load(path)


def fit(views: Mapping[str, NDArray[np.float32]], *, seed: int) -> dict[str, NDArray[Any]]:
    """The arrays of the spaces of these ordinary queries, view -> rows.

    Raises
    ------
    ValueError
        There are too few of them.

    """
    random = np.random.default_rng(seed)
    arrays: dict[str, NDArray[Any]] = {}
    for view, (dimensions, kept) in VIEWS.items():
        rows = views[view].astype(np.float64)
        if len(rows) < 2 * dimensions:
            raise ValueError(
                f"{len(rows)} queries are too few for {dimensions} dimensions; take twice as many at least"
            )
        mean = rows.mean(axis=0)
        # Features of a view have different units only in the surface; there the level of each counts alike.
        units = np.maximum(rows.std(axis=0), 1e-3) if view == "surface" else np.ones(dimensions)
        values, vectors = np.linalg.eigh(np.cov(((rows - mean) / units).T))
        widest = np.argsort(values)[::-1][:kept]
        whiten = vectors[:, widest] / np.sqrt(values[widest]) / units[:, None]
        points = np.clip((rows - mean) @ whiten, -CLIP, CLIP)
        pairs = points[random.permutation(len(points))[:2000]]
        distance = np.median(np.linalg.norm(pairs - np.roll(pairs, 1, axis=0), axis=1))
        widths = np.repeat(WIDTHS, FOURIER // len(WIDTHS)) * distance
        frequencies = random.normal(size=(kept, FOURIER)) / widths
        phases = random.uniform(0, 2 * np.pi, FOURIER)
        space = Space(mean, whiten, frequencies, phases, np.zeros(FOURIER))
        usual = space.fourier(points).mean(axis=0)
        parts = {"mean": mean, "whiten": whiten, "frequencies": frequencies, "phases": phases, "usual": usual}
        arrays.update({f"{view}_{name}": part.astype(np.float32) for name, part in parts.items()})
    return arrays
