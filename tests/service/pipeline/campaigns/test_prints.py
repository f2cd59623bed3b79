"""Footprints on their way through the checkpoint."""

from __future__ import annotations

import msgspec
import numpy as np

from detectors.coordination.footprints import ROW, Footprints
from service.pipeline.campaigns.prints import pack, unpack


def test_what_was_packed_comes_back() -> None:
    """Footprints, and the names of their accounts."""
    seen = Footprints.load(bytes(range(256)) * ROW)
    again, names = unpack(pack(seen, {7: "acct-7"}))
    assert again.dump() == seen.dump()
    assert names == {7: "acct-7"}


def test_footprints_of_another_release_are_left_out() -> None:
    """They have other columns: a worker that read them as its own would stop, or see accounts that never were."""
    narrow = msgspec.msgpack.encode(([(7, "acct-7")], bytes(ROW - 16)))
    again, names = unpack(narrow)
    assert np.size(again.time) == 0
    assert names == {}
