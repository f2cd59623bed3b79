"""State: what a detector remembers of one entity.

A state is a zero-dimensional structured array: plain numbers under a dtype,
of fixed size, so that it can be stored, sent and merged. ``merge`` is
associative and commutative with ``empty()`` as identity: exactly for
registers, minima, sets and integer sums, to 1e-9 for float sums.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

State = NDArray[Any]
"""Zero-dimensional array of a structured dtype."""


def dump(state: State) -> bytes:
    """The state as bytes of its dtype, little-endian and packed."""
    return state.tobytes()


def load(data: bytes, like: State) -> State:
    """The state that :func:`dump` wrote, under the dtype of ``like``.

    Raises
    ------
    ValueError
        The bytes do not have the size of that dtype.

    """
    if len(data) != like.dtype.itemsize:
        raise ValueError(
            f"state of {len(data)} bytes, expected {like.dtype.itemsize}: it was written by another version"
        )
    return np.frombuffer(data, like.dtype).reshape(()).copy()
