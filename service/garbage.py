"""Garbage: how often Python looks for cycles of objects.

Records, events and footprints are many, live for long and hold no cycles: looking through them as often as Python does
by itself takes a fifteenth of a worker's time, and a quarter of the bench's.
"""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

SELDOM = (200_000, 20, 20)
"""Objects made before the youngest are looked at, and how many looks at these come before one at older ones."""


@contextmanager
def seldom_collected() -> Iterator[None]:
    """Within it, what there was before is not looked at, and what is new seldom."""
    before = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(*SELDOM)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
