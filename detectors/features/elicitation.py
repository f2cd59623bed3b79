"""Elicitation: does a text ask the model to give its hidden reasoning away, and in which way?

Sentence by sentence, so that a request is not drowned by the task around it: a linear model over the hashed buckets of
a sentence (``elicitation_tokens``) and of each pair of neighbours gives the log-odds, and the highest one stands for
the text. Above the threshold, which was set on benign texts that the fit had not seen, a second, smaller model names
the family of the request. Both are fitted by ``python -m detectors.features.elicitation_fit`` and ship as integers, so
sums do not depend on the batch a text comes in.

Weakness: a product that has its model think inside visible tags speaks like a harvester who wants the thinking there;
a request that is split over the turns of a conversation, encoded as a whole, or phrased in a language that the grammars
do not have goes unseen. One text proves nothing: ``detectors/elicitation.py`` counts them.

References
----------
[^1]: Joulin, A. et al., 2017. Bag of Tricks for Efficient Text
      Classification. EACL. arXiv:1607.01759
[^2]: Anthropic, 2026. Detecting and preventing distillation attacks.
      https://www.anthropic.com/news/detecting-and-preventing-distillation-attacks

"""

from __future__ import annotations

import hashlib
import json
import math
import zipfile
from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from detectors.features.elicitation_tokens import BITS, BUCKETS, VERSION, buckets, distinct, sentences

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

FORMAT = "revenuer-elicitation-1"
FOLDED = 1 << 12
"""Buckets of the model that names the family."""
TOGETHER = 256
"""Texts read in one go."""
NOTHING = 0
"""Family of a text that asks for nothing of the kind; the others count from 1."""


class ElicitationError(RuntimeError):
    """The model cannot be used; the message says what is wrong."""


class Reading(NamedTuple):
    """What a text asks for."""

    log_odds: float
    """Of the sentence, or pair of sentences, that asks most plainly; minus infinity for a text without words."""
    excess: float
    """Log-odds above the threshold; 0 for a text that does not ask."""
    family: int
    """Index into ``Model.families`` plus one; ``NOTHING`` for a text that does not ask."""


SILENT = Reading(-math.inf, 0.0, NOTHING)
"""Of a text that does not ask."""


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """Weights of the log-odds and of the families."""

    weights: NDArray[np.int16]
    """Of every bucket, in units of ``scale``; shape (BUCKETS,)."""
    scale: float
    bias: float
    threshold: float
    """Log-odds from which a text counts as asking."""
    naming: NDArray[np.int8]
    """Weights of every family over the folded buckets, shape (families, FOLDED)."""
    naming_bias: NDArray[np.float32]
    """In the units of ``naming``, shape (families,)."""
    families: tuple[str, ...]
    about: Mapping[str, Any]
    """Command, seed, licences, sources and threshold of the fit."""
    version: str
    """Digest of the numbers and of how texts are read."""

    def read(self, texts: Sequence[str]) -> list[Reading]:
        """A reading a text."""
        return [reading for start in range(0, len(texts), TOGETHER) for reading in self._read(texts[start:][:TOGETHER])]

    def _read(self, texts: Sequence[str]) -> list[Reading]:
        said = [sentences(text) for text in texts]
        best = np.full(len(said), -np.inf)
        lengths = np.array([len(part) for part in said])
        spoken = np.flatnonzero(lengths)
        if len(spoken):
            odds, pairs = self._log_odds([sentence for part in said for sentence in part])
            ends = np.cumsum(lengths)
            # A text's last sentence has no next one; that of the next text is none of it.
            pairs = np.append(pairs, -np.inf)
            pairs[ends[spoken] - 1] = -np.inf
            best[spoken] = np.maximum.reduceat(np.maximum(odds, pairs), (ends - lengths)[spoken])
        return [self._reading(part, value) for part, value in zip(said, best.tolist(), strict=True)]

    def _reading(self, part: Sequence[str], best: float) -> Reading:
        if best <= self.threshold:
            return Reading(best, 0.0, NOTHING)
        # Rounded, since the last bits of a square root are nothing to hang a count on.
        excess = round(best - self.threshold, 4)
        return Reading(best, excess, self._family(part) if excess > 0 else NOTHING)

    def _log_odds(self, said: Sequence[str]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Of every sentence, and of every sentence with the next one."""
        keys = distinct(said)
        # Each sentence's buckets of characters lie together, and those of its words behind them.
        starts = np.searchsorted(keys, np.arange(2 * len(said) + 1, dtype=np.uint32) << np.uint32(BITS))
        running = np.zeros(len(keys) + 1, np.int64)
        np.cumsum(self.weights[keys & np.uint32(BUCKETS - 1)], out=running[1:])
        sums = np.diff(running[starts]).reshape(-1, 2).astype(np.float64)
        counts = np.diff(starts).reshape(-1, 2).astype(np.float64)
        return self._odds(sums, counts), self._odds(sums[1:] + sums[:-1], counts[1:] + counts[:-1])

    def _odds(self, sums: NDArray[np.float64], counts: NDArray[np.float64]) -> NDArray[np.float64]:
        normed: NDArray[np.float64] = (sums / np.sqrt(np.maximum(counts, 1))).sum(axis=1)
        return normed * self.scale + self.bias

    def _family(self, part: Sequence[str]) -> int:
        folded = buckets(part).bucket & (FOLDED - 1)
        points = self.naming[:, folded].sum(axis=1, dtype=np.int64) / np.sqrt(max(len(folded), 1))
        return int(np.argmax(points + self.naming_bias)) + 1


def restored(arrays: Mapping[str, NDArray[Any]], about: Mapping[str, Any]) -> Model:
    """The model of a file's arrays.

    Raises
    ------
    KeyError, ValueError
        They are not those of a model.

    """
    if about["format"] != FORMAT:
        raise ValueError(f"format '{about['format']}', expected '{FORMAT}'")
    families = tuple(about["families"])
    shapes = {"weights": (BUCKETS,), "naming": (len(families), FOLDED), "naming_bias": (len(families),), "line": (3,)}
    for name, shape in shapes.items():
        if arrays[name].shape != shape:
            raise ValueError(f"{name} has the shape {arrays[name].shape}, expected {shape}")
    scale, bias, threshold = map(float, arrays["line"])
    digest = hashlib.blake2b(b"".join(arrays[name].tobytes() for name in sorted(shapes)), digest_size=6).hexdigest()
    return Model(
        weights=arrays["weights"],
        scale=scale,
        bias=bias,
        threshold=threshold,
        naming=arrays["naming"],
        naming_bias=arrays["naming_bias"],
        families=families,
        about=about,
        version=f"{VERSION}-{digest}",
    )


def load(path: Path) -> Model:
    """The model in a file.

    Raises
    ------
    ElicitationError
        It is missing, or not whole.

    """
    try:
        # Opened here, since numpy leaves the file open when it is no archive.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            about = json.loads(str(stored["about"]))
            return restored(stored, about)
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise ElicitationError(f"elicitation model {path} cannot be read: {error}; reinstall the package") from error


@cache
def default() -> Model:
    """The model that ships with the package."""
    with as_file(files("detectors.features").joinpath("data/elicitation.npz")) as path:
        return load(path)
