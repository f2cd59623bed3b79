"""Sealed: reasoning blocks as an API issues them, to be sent back by the conversation they were issued in."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from service.simulate.dice import Dice


def sealed(dice: Dice) -> str:
    """A block of some 240 characters: nobody can read it, and no two are alike."""
    return base64.b64encode(bytes(dice.below(256) for _ in range(180))).decode()
