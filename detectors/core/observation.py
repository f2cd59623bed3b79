"""Observation: what a detector may see of a query. The text ends here.

Observations travel as one structure of arrays, a row a query, so that a
detector folds a whole batch of one entity with a few vectorised operations.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Derivation = Callable[["Observations"], NDArray[Any]]

EMBEDDING = 256
"""Dimensions of the embedding view."""
SURFACE = 14
"""Dimensions of the surface view: length, casing, digits, punctuation, form."""
NGRAMS = 256
"""Buckets of the hashed character n-gram view."""

_SHAPES: dict[str, tuple[str, tuple[int, ...]]] = {
    "time": ("f8", ()),
    "input_tokens": ("f8", ()),
    "output_tokens": ("f8", ()),
    "has_text": ("?", ()),
    "prompt": ("u8", ()),
    "skeleton": ("u8", ()),
    "slots": ("u8", ()),
    "head": ("u8", ()),
    "tail": ("u8", ()),
    "cell": ("u2", ()),
    "embedding": ("f4", (EMBEDDING,)),
    "surface": ("f4", (SURFACE,)),
    "ngrams": ("f4", (NGRAMS,)),
    "system": ("u8", ()),
    "purpose": ("f4", ()),
    "elicitation": ("f4", ()),
    "elicitation_family": ("u1", ()),
    "end_user": ("u8", ()),
    "continues": ("?", ()),
    "rerun": ("?", ()),
    "retry": ("?", ()),
    "ok": ("?", ()),
    "refused": ("?", ()),
    "rotated": ("?", ()),
    "launch": ("?", ()),
    "new_model": ("?", ()),
    "depth": ("f4", ()),
    "tools": ("?", ()),
    "copied": ("f4", ()),
    "samples": ("f4", ()),
    "max_tokens": ("f4", ()),
    "logprobs": ("?", ()),
    "bias": ("u8", ()),
    "offered": ("u8", ()),
    "open_turn": ("?", ()),
    "training_schema": ("?", ()),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Observations:
    """A batch of observations in stream order; row ``i`` of every array is one query."""

    time: NDArray[np.float64]
    """Event time of completion, in seconds since the epoch; never falls along the batch."""
    input_tokens: NDArray[np.float64]
    """Tokens of the request, as the upstream counted them, else estimated."""
    output_tokens: NDArray[np.float64]
    """Tokens of the answer, likewise."""
    has_text: NDArray[np.bool_]
    """Whether the query carried text that was understood; the views of other rows are zero."""
    prompt: NDArray[np.uint64]
    """Keyed digest of the last user turn, normalised."""
    skeleton: NDArray[np.uint64]
    """Keyed digest of the masked template of the last user turn."""
    slots: NDArray[np.uint64]
    """Keyed digest of what filled the template's slots."""
    head: NDArray[np.uint64]
    """Keyed digest of the template's first words; 0 where the turn is too short to have a frame and a payload."""
    tail: NDArray[np.uint64]
    """Likewise of its last words."""
    cell: NDArray[np.uint16]
    """Cell of the embedding codebook that the last user turn falls in."""
    embedding: NDArray[np.float32]
    """Static embedding of the last user turn, unit length, shape (n, EMBEDDING)."""
    surface: NDArray[np.float32]
    """Surface features, shape (n, SURFACE)."""
    ngrams: NDArray[np.float32]
    """Hashed character n-grams, unit length, shape (n, NGRAMS)."""
    system: NDArray[np.uint64]
    """Keyed digest of the system prompt; 0 where there is none."""
    purpose: NDArray[np.float32]
    """Log-odds that the words of system prompt and user turn are those of a harvest (``features.purpose``)."""
    elicitation: NDArray[np.float32]
    """Log-odds above the threshold that the query asks for hidden reasoning; 0 where it does not."""
    elicitation_family: NDArray[np.uint8]
    """Which family of such requests it is of, from 1 in the order of the model's names; 0 of none."""
    end_user: NDArray[np.uint64]
    """Keyed digest of the end user whom the caller names; 0 where it names none."""
    continues: NDArray[np.bool_]
    """The query continues a conversation that this account began earlier (from the Trail)."""
    rerun: NDArray[np.bool_]
    """The same request was seen before from this account, not as a retry (from the Trail)."""
    retry: NDArray[np.bool_]
    """The client marked the request as a retry of its own."""
    ok: NDArray[np.bool_]
    """The upstream answered with a 2xx status."""
    refused: NDArray[np.bool_]
    """The answer was 403 or 429: forbidden, or too much."""
    rotated: NDArray[np.bool_]
    """Another account was refused this very request within the hour before."""
    launch: NDArray[np.bool_]
    """Some model was first seen within the 24 hours before."""
    new_model: NDArray[np.bool_]
    """The query asks such a model."""
    depth: NDArray[np.float32]
    """Turns of the model or of a tool that the request carries."""
    tools: NDArray[np.bool_]
    """The request offers tools, or carries what they gave."""
    copied: NDArray[np.float32]
    """Share of the answer that stands in the request word for word, in [0, 1]; 0 where the answer's text is unknown."""
    samples: NDArray[np.float32]
    """Answers asked for at once (``n``), at least 1."""
    max_tokens: NDArray[np.float32]
    """Cap on the answer's tokens, 0 where there is none."""
    logprobs: NDArray[np.bool_]
    """Log-probabilities are asked for."""
    bias: NDArray[np.uint64]
    """Keyed digest of the set of token ids in ``logit_bias``; 0 where there is none."""
    offered: NDArray[np.uint64]
    """Keyed digest of the set of names of the tools offered; 0 where there are none."""
    open_turn: NDArray[np.bool_]
    """The model is made to write the user's part: a completion that ends at the header of the user's turn."""
    training_schema: NDArray[np.bool_]
    """The answer's schema has the fields of training data: instruction and output, question and answer, ..."""
    _within: tuple[Observations, NDArray[np.intp] | slice] | None = field(init=False, repr=False, default=None)
    """The batch that these are rows of, and which; their columns are taken from it as they are asked for."""
    _derived: dict[Derivation, NDArray[Any]] = field(init=False, repr=False, default_factory=dict)

    def __len__(self) -> int:
        return len(self.time)

    def take(self, rows: NDArray[np.intp] | slice) -> Observations:
        """The given rows, in the given order; all of them as they are where the slice leaves none out."""
        if isinstance(rows, slice) and rows.indices(len(self)) == (0, len(self), 1):
            return self
        taken = object.__new__(Observations)
        object.__setattr__(taken, "_within", (self, rows))
        object.__setattr__(taken, "_derived", {})
        return taken

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> NDArray[Any]:
            """A column that was not asked for before: most detectors look at few of them."""
            if name not in _SHAPES or self._within is None:
                raise AttributeError(name)
            whole, rows = self._within
            column = getattr(whole, name)[rows]
            object.__setattr__(self, name, column)
            return column

    def where(self, chosen: NDArray[np.bool_]) -> Observations:
        """The chosen rows; all of them as they are where none is left out, which costs no copy."""
        return self if chosen.all() else self.take(np.flatnonzero(chosen))

    def derived(self, each: Derivation) -> NDArray[Any]:
        """What ``each`` makes of every row, worked out once for the whole batch that these are rows of.

        Parameters
        ----------
        each
            Gives an array with a row for each row, which depends on no other. The rows are not changed after it.

        """
        known = self._derived.get(each)
        if known is None:
            if self._within is None:
                known = each(self)
            else:
                whole, rows = self._within
                known = whole.derived(each)[rows]
            self._derived[each] = known
        return known

    @property
    def fresh(self) -> NDArray[np.bool_]:
        """Rows that ask something new: text, no retry, no re-run, no continuation."""
        return self.derived(_fresh)

    @property
    def new_tokens(self) -> NDArray[np.float64]:
        """Tokens of the answer that do not stand in the request already."""
        return self.derived(_new_tokens)

    @classmethod
    def empty(cls, rows: int = 0) -> Observations:
        """``rows`` rows of zeros, to be filled in place."""
        return cls(**{name: np.zeros((rows, *shape), kind) for name, (kind, shape) in _SHAPES.items()})

    @classmethod
    def concat(cls, parts: Sequence[Self]) -> Observations:
        """The rows of all parts, one after the other."""
        if not parts:
            return cls.empty()
        return cls(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in _SHAPES})


def _new_tokens(rows: Observations) -> NDArray[np.float64]:
    return rows.output_tokens * (1.0 - rows.copied)


def _fresh(rows: Observations) -> NDArray[np.bool_]:
    return rows.has_text & ~rows.continues & ~rows.rerun & ~rows.retry
