"""unmimic's input guard, where it is installed: sentence embeddings, logistic regression, nearest known attack.

It is measured as its authors measure it: each family is judged by a guard that was given the other families. Its
embedder (paraphrase-multilingual-MiniLM-L12-v2) comes from a model hub, so without that model it does not run.

References
----------
[^1]: unmimic 0.1.0. https://github.com/Dobbyisus/Unmimic (Apache-2.0)

"""

from __future__ import annotations

import importlib
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray


class UnavailableError(Exception):
    """The guard cannot be run; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Found:
    """What it blocks or flags."""

    requests: Mapping[str, NDArray[np.bool_]]
    """Family -> of each of its requests, by a guard without that family."""
    benign: NDArray[np.bool_]
    """Of each benign text, by a guard with all families."""


def left_out(families: Mapping[str, Sequence[str]], known: Sequence[str], benign: Sequence[str]) -> Found:
    """Judge requests and benign texts.

    Parameters
    ----------
    families
        Family -> requests.
    known
        Benign texts that the guard is fitted on.
    benign
        Those that it judges.

    Raises
    ------
    UnavailableError
        The package or its embedder is not there, or there are not two families.

    """
    if len(families) < 2:
        raise UnavailableError("it needs the requests of two families")
    try:
        extraction = importlib.import_module("unmimic.guards.input.extraction")
        corpus = importlib.import_module("unmimic.corpus")
        importlib.import_module("unmimic.embeddings").load_embedder()
    except (ImportError, OSError) as error:
        raise UnavailableError(str(error).partition("\n")[0]) from None
    listed = {name: corpus.Family(name, "", tuple(said)) for name, said in families.items()}

    def flagged(without: str | None, said: Sequence[str]) -> NDArray[np.bool_]:
        others = [family for name, family in listed.items() if name != without]
        with tempfile.TemporaryDirectory() as folder:
            guard = extraction.ExtractionGuard(others, list(known), cache_dir=Path(folder))
        return np.array([_action(guard, text) != "allow" for text in said])

    return Found({name: flagged(name, said) for name, said in families.items()}, flagged(None, benign))


def _action(guard: Any, text: str) -> str:
    return str(guard.check({"messages": [{"role": "user", "content": text}]}, None).action)
