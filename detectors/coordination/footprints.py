"""Footprints: what coordination may see of queries, as one structure of arrays."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, NamedTuple, Self

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

KINDS = ("system", "skeleton", "head", "tail")
"""Kinds of content key, by column: the system prompt, the whole masked template, its first and its last words."""

_KIND_SALT = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0x27D4EB2F165667C5], np.uint64)
"""So that one text in two places gives two keys; odd constants of splitmix64 and xxHash64."""

_SHAPES: dict[str, tuple[str, tuple[int, ...]]] = {
    "time": ("f8", ()),
    "account": ("u8", ()),
    "actor": ("u8", ()),
    "keys": ("u8", (len(KINDS),)),
    "prompt": ("u8", ()),
    "cell": ("u2", ()),
    "follows": ("?", ()),
    "purpose": ("f4", ()),
    "output_tokens": ("f4", ()),
    "network": ("u8", ()),
    "client": ("u8", ()),
}


class Turn(NamedTuple):
    """One footprint as plain numbers: what is folded row by row costs less so than as arrays of one."""

    time: float
    account: int
    actor: int
    keys: tuple[int, ...]
    prompt: int
    cell: int
    follows: bool
    purpose: float
    output_tokens: float
    network: int
    client: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Footprints:
    """A batch of footprints; row ``i`` of every array is one query that carried a text."""

    time: NDArray[np.float64]
    """Event time of completion, seconds since the epoch."""
    account: NDArray[np.uint64]
    """Keyed digest of the account."""
    actor: NDArray[np.uint64]
    """Keyed digest of the org, of the account where there is none: the accounts of one org are one actor."""
    keys: NDArray[np.uint64]
    """Content keys, shape (n, len(KINDS)); 0 where there is none of the kind."""
    prompt: NDArray[np.uint64]
    """Keyed digest of the last user turn."""
    cell: NDArray[np.uint16]
    """Cell of the embedding codebook."""
    follows: NDArray[np.bool_]
    """The query continues a conversation, runs a request again or is a retry."""
    purpose: NDArray[np.float32]
    """Log-odds that the words are those of a harvest."""
    output_tokens: NDArray[np.float32]
    """Tokens of the answer."""
    network: NDArray[np.uint64]
    """Keyed digest of the address prefix, 0 where it is not known. It corroborates only, as ``client`` does."""
    client: NDArray[np.uint64]
    """Keyed digest of what tells the caller's program, 0 where nothing does."""

    def __len__(self) -> int:
        return len(self.time)

    def turns(self) -> list[Turn]:
        """The rows one by one."""
        return list(map(Turn, *(getattr(self, name).tolist() for name in Turn._fields)))

    def take(self, rows: NDArray[np.intp] | NDArray[np.bool_] | slice) -> Self:
        """The given rows, in the given order."""
        return type(self)(**{f.name: getattr(self, f.name)[rows] for f in fields(self)})

    def dump(self) -> bytes:
        """As bytes, one array after the other."""
        return b"".join(
            np.ascontiguousarray(getattr(self, name), kind).tobytes() for name, (kind, _) in _SHAPES.items()
        )

    @classmethod
    def load(cls, data: bytes) -> Self:
        """What ``dump`` wrote.

        Raises
        ------
        ValueError
            The data is of another length than whole rows have.

        """
        rows, rest = divmod(len(data), ROW)
        if rest:
            raise ValueError(f"footprints of {len(data)} bytes are no whole rows of {ROW}")
        arrays, start = {}, 0
        for name, (kind, shape) in _SHAPES.items():
            count = rows * math.prod(shape)
            arrays[name] = np.frombuffer(data, kind, count, start).reshape(rows, *shape)
            start += arrays[name].nbytes
        return cls(**arrays)

    @classmethod
    def concat(cls, parts: Sequence[Self]) -> Self:
        """The rows of all parts, one after the other; at least one part."""
        return cls(**{f.name: np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(cls)})


ROW = sum(np.dtype(kind).itemsize * math.prod(shape) for kind, shape in _SHAPES.values())
"""Bytes of one footprint."""


def salted(keys: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Content digests by column as keys that differ between the kinds; 0 stays 0."""
    return np.where(keys > 0, keys ^ _KIND_SALT, np.uint64(0))
