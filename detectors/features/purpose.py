"""Purpose: do the words of a prompt ask for training data, and does its answer look like some? Two linear models.

A harvest speaks about prompts, instructions, personas, rubrics and reasoning,
or sends tasks as they stand in data sets; a customer speaks about its own
matter. The embedding is a mean of token vectors, so a linear model over it
weighs words and carries over to their neighbours. That number stands in every
observation. The second model adds what the words do not say: how long the
answer is, how long the request, and how much of it is the user's own turn.
Fitted by ``python -m service.fitting.purpose`` from phrases of the project,
simulated traffic and public corpora; both ship as numbers.

Weakness: by words alone a request is never a theft: a course in prompt
writing speaks like a harvest, and a thief who asks as customers do does not.
Read by ``detectors/training_value.py``, over many queries, with what came back.

References
----------
[^1]: Joulin, A. et al., 2017. Bag of Tricks for Efficient Text Classification. EACL.

"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files
from typing import TYPE_CHECKING, Any

import numpy as np

from detectors.core.observation import EMBEDDING, SURFACE
from detectors.features.surface import LENGTH

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from detectors.core.observation import Observations

FORMAT = "revenuer-purpose-4"
BEHAVIOUR = 4
"""Numbers that the second model adds to the words."""
MOST = 8.0
"""Log-odds are cut here on either side: no single query speaks louder."""


class PurposeError(RuntimeError):
    """The model cannot be used; the message says what is wrong."""


@dataclass(frozen=True, slots=True, eq=False)
class Purpose:
    """Weights of the log-odds."""

    embedding: NDArray[np.float32]
    """Of the user turn's embedding, shape (EMBEDDING,)."""
    surface: NDArray[np.float32]
    """Of its surface features, shape (SURFACE,)."""
    instruction: NDArray[np.float32]
    """Of the system prompt's embedding, shape (EMBEDDING,)."""
    bias: NDArray[np.float32]
    """Of the user turn and, where there is one, of the system prompt; shape (2,)."""
    behaviour: NDArray[np.float32]
    """Second model: slope of the words' log-odds, weights of the behaviour (none negative), constant; shape
    (BEHAVIOUR + 2,)."""
    about: Mapping[str, Any]
    version: str

    def harvest(self, rows: Observations) -> NDArray[np.float64]:
        """Log-odds that each query is part of a harvest, from its words and its answer; shape (n,)."""
        columns = behaviour(rows.output_tokens * (1.0 - rows.copied), rows.input_tokens, rows.surface[:, LENGTH])
        slope, constant = float(self.behaviour[0]), float(self.behaviour[-1])
        odds = slope * rows.purpose.astype(np.float64) + columns @ self.behaviour[1:-1].astype(np.float64) + constant
        return np.clip(odds, -MOST, MOST)

    def user(self, embedding: NDArray[np.float32], surface: NDArray[np.float32]) -> float:
        """What the user turn adds to the log-odds."""
        return float(self.embedding @ embedding + self.surface @ surface + self.bias[0])

    def system(self, embedding: NDArray[np.float32]) -> float:
        """What a system prompt adds to them."""
        return float(self.instruction @ embedding + self.bias[1])


SHAPES = {
    "embedding": (EMBEDDING,),
    "surface": (SURFACE,),
    "instruction": (EMBEDDING,),
    "bias": (2,),
    "behaviour": (BEHAVIOUR + 2,),
}


def behaviour(
    answer: NDArray[np.float64], asked: NDArray[np.float64], length: NDArray[np.float32]
) -> NDArray[np.float64]:
    """What the second model sees of queries, shape (n, BEHAVIOUR); each may only speak for a harvest as it grows.

    That is: an answer of more than a label (20 tokens), of up to 150 tokens, beyond; a request that is all the
    user's own turn. How long the turn is says nothing: templates of harvests are short or long as they please.

    Parameters
    ----------
    answer
        New tokens of the answer.
    asked
        Tokens of the request.
    length
        Log of one plus the characters of the last user turn.

    """
    out, entered = np.log1p(answer), np.log1p(asked)
    return np.stack([np.minimum(out, 3) - 3, np.clip(out, 3, 5) - 3, np.maximum(out - 5, 0), length - entered], axis=1)


def load(path: Path) -> Purpose:
    """The model in a file.

    Raises
    ------
    PurposeError
        It is missing, or not whole.

    """
    try:
        with np.load(path, allow_pickle=False) as stored:
            about = json.loads(str(stored["about"]))
            arrays = {name: stored[name].astype(np.float32) for name in SHAPES}
    except (OSError, ValueError, KeyError) as error:
        raise PurposeError(f"model {path} cannot be read: {error}; reinstall the package") from error
    if about.get("format") != FORMAT or {name: array.shape for name, array in arrays.items()} != SHAPES:
        raise PurposeError(f"model {path} is not of the format {FORMAT}; reinstall the package")
    digest = hashlib.blake2b(b"".join(array.tobytes() for array in arrays.values()), digest_size=6).hexdigest()
    return Purpose(**arrays, about=about, version=digest)


@cache
def default() -> Purpose:
    """The model that ships with the package."""
    with as_file(files("detectors.features").joinpath("data/purpose.npz")) as path:
        return load(path)
