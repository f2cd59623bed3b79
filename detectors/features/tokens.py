"""Tokens: texts to token ids, word by word and through a cache, as the tokenizer gives them for the whole text.

A byte-pair encoding without a pre-tokenizer merges over the whole text and costs more than all that is done with its
tokens. Here no merge can cross the beginning of a word or a line break, since no token of the vocabulary has a word
mark behind another character, or a line break; so each word can be encoded by itself, and most words come again. What
a tokenizer is must hold is looked at when it is loaded.

References
----------
[^1]: Sennrich, R., Haddow, B., Birch, A., 2016. Neural Machine Translation of
      Rare Words with Subword Units. ACL.

"""

from __future__ import annotations

import json
from array import array
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from tokenizers import Tokenizer
    from tokenizers.models import Model

MARK = "\u2581"
"""Stands for a blank, and before the text."""
LIMIT = 1 << 16
"""Words kept; at some 200 bytes each, about 12 MB."""
LONGEST = 32
"""Characters of a word that is kept: longer ones hardly come again."""


class TokensError(RuntimeError):
    """The tokenizer does not work word by word; the message says what it does."""


class Words(dict[str, bytes]):
    """Word, with its mark -> its token ids as bytes of int32; encodes what it does not have."""

    def __init__(self, model: Model) -> None:
        super().__init__()
        self._model = model

    def __missing__(self, word: str) -> bytes:
        # Of a few numbers an array of Python's own is made in a fifth of the time.
        ids = array("i", [token.id for token in self._model.tokenize(word)]).tobytes() if word else b""
        if len(word) <= LONGEST:
            if len(self) >= LIMIT:
                self.clear()
            self[word] = ids
        return ids


class Tokens:
    """Texts to token ids.

    Raises
    ------
    TokensError
        A token of the tokenizer's could lie across the end of a word, or texts are prepared in another way.

    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        spec = json.loads(tokenizer.to_str())
        if wrong := _unfit(spec):
            raise TokensError(f"texts cannot be encoded word by word: {wrong}")
        self._tokenizer = tokenizer
        self._words = Words(tokenizer.model)
        # A text with one of these is left to the tokenizer: NUL is what words are told apart by here.
        self._special = ("\0", *(token["content"] for token in spec["added_tokens"]))

    def __call__(self, text: str) -> list[int]:
        """The token ids of a text."""
        ids: list[int] = np.frombuffer(self.packed(text), np.int32).tolist()
        return ids

    def packed(self, text: str) -> bytes:
        """The same as bytes."""
        if not text:
            return b""
        if any(special in text for special in self._special):
            ids = self._tokenizer.encode_batch_fast([text], add_special_tokens=False)[0].ids
            return np.array(ids, np.int32).tobytes()
        parted = MARK + text.replace(" ", f"\0{MARK}").replace("\n", "\0\n\0")
        # A run of blanks is one token or several, and belongs together with the word that it stands before.
        while f"{MARK}\0{MARK}" in parted:
            parted = parted.replace(f"{MARK}\0{MARK}", MARK + MARK)
        return b"".join(map(self._words.__getitem__, parted.split("\0")))


def _unfit(spec: dict[str, Any]) -> str:
    """What keeps a tokenizer from working word by word; empty where nothing does."""
    prepared = [
        {"type": "Prepend", "prepend": MARK},
        {"type": "Replace", "pattern": {"String": " "}, "content": MARK},
    ]
    if spec["normalizer"] != {"type": "Sequence", "normalizers": prepared} or spec["pre_tokenizer"] is not None:
        return "it prepares texts otherwise than by a mark for each blank"
    if any(token["lstrip"] or token["rstrip"] or token["single_word"] for token in spec["added_tokens"]):
        return "its special tokens take in what stands beside them"
    model = spec["model"]
    if model["type"] != "BPE" or model["dropout"] or not model["byte_fallback"]:
        return "it is no byte-pair encoding that knows every byte"
    across = next((token for token in model["vocab"] if MARK in token.lstrip(MARK) or "\n" in token), None)
    return "" if across is None else f"its token '{across!r}' goes on beyond a word"


def joined(packed: Sequence[bytes]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """The ids of several texts one after the other, and where each begins, with the end of the last; shape (n + 1,)."""
    ends = np.cumsum([0, *map(len, packed)]) // np.dtype(np.int32).itemsize
    return np.frombuffer(b"".join(packed), np.int32), ends.astype(np.int32)
