"""Embedding: the mean of static token vectors, whose weights ship inside wordllama's wheel.

The wheel's own loader pads a batch to its longest text, downloads what it
does not find and sets up the root logger, so its two files are read here
directly. Each text is pooled by itself: its vector does not depend on the
batch it came in, so that live and replayed traffic agree to the bit.

References
----------
[^1]: Miller, D. L., 2024. WordLlama: Recycled Token Embeddings from Large
      Language Models. https://github.com/dleemiller/wordllama

"""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from safetensors.numpy import load_file
from scipy import sparse  # type: ignore[import-untyped]
from tokenizers import Tokenizer

from detectors.core.observation import EMBEDDING
from detectors.features.tokens import Tokens, TokensError, joined

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

VERSION = "l2_supercat_256"


class EmbeddingError(RuntimeError):
    """The embedding's files are not where the wheel puts them; the message says what to do."""


class Embedder:
    """Texts to unit vectors.

    Parameters
    ----------
    table
        Token vectors, shape (vocabulary, EMBEDDING); kept as stored (float16) and widened as they occur.
    tokenizer
        Texts to rows of the table.

    """

    def __init__(self, table: NDArray[np.float16], tokenizer: Tokenizer) -> None:
        if table.ndim != 2 or table.shape[1] != EMBEDDING:
            raise EmbeddingError(f"token vectors of shape {table.shape}, expected (vocabulary, {EMBEDDING})")
        if tokenizer.get_vocab_size() > len(table):
            raise EmbeddingError(f"{tokenizer.get_vocab_size()} tokens, but {len(table)} token vectors")
        self._table = table
        # Widening half floats costs more than all the rest, so it is done once a token; pages of
        # tokens that never occur are never touched and take no memory.
        self._wide = np.zeros(table.shape, np.float32)
        self._widened = np.zeros(len(table), np.bool_)
        try:
            self._tokens = Tokens(tokenizer)
        except TokensError as error:
            raise EmbeddingError(str(error)) from error
        self._unknown = tokenizer.token_to_id("<unk>")

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One vector of unit length a text, zeros where it has no known token; shape (texts, EMBEDDING)."""
        ids, starts = joined([self._tokens.packed(text) for text in texts])
        pooled = self._pooled(ids, starts)
        # Each length by itself, since a sum over a batch has other last bits.
        lengths = np.sqrt(np.array([vector @ vector for vector in pooled], np.float32))
        pooled /= np.where(lengths > 0, lengths, 1)[:, None].astype(np.float32)
        return pooled

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """The token ids of each text, rows of the table."""
        return [self._tokens(text) for text in texts]

    @property
    def vocabulary(self) -> int:
        """Token ids are below this."""
        return len(self._table)

    def _pooled(self, ids: NDArray[np.int32], starts: NDArray[np.int32]) -> NDArray[np.float32]:
        """Sums of token vectors, shape (texts, EMBEDDING)."""
        if not self._widened[ids].all():
            new = ids[~self._widened[ids]]
            self._wide[new] = self._table[new]
            self._widened[new] = True
        # A sparse product adds up the rows of a text one after the other, whatever stands beside it in the batch.
        counted = (ids != self._unknown).astype(np.float32)
        rows = sparse.csr_array((counted, ids, starts), shape=(len(starts) - 1, len(self._table)))
        pooled: NDArray[np.float32] = rows @ self._wide
        return pooled


@cache
def default() -> Embedder:
    """The embedder of the installed wheel.

    Raises
    ------
    EmbeddingError
        The wheel is not installed, or not whole.

    """
    found = importlib.util.find_spec("wordllama")
    if found is None or not found.submodule_search_locations:
        raise EmbeddingError("the package wordllama is not installed: run 'pip install wordllama'")
    folder = Path(found.submodule_search_locations[0])
    weights = folder / "weights" / "l2_supercat_256.safetensors"
    tokenizer = folder / "tokenizers" / "l2_supercat_tokenizer_config.json"
    for path in (weights, tokenizer):
        if not path.is_file():
            raise EmbeddingError(f"{path} is missing: reinstall the package wordllama")
    tokens = Tokenizer.from_file(str(tokenizer))
    tokens.no_padding()
    tokens.no_truncation()
    (table,) = load_file(weights).values()
    return Embedder(table, tokens)
