"""Prints: observations of a batch become footprints. The texts have ended before; the names end here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from detectors.coordination.footprints import Footprints, salted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from detectors.core.observation import Observations
    from detectors.features import Extractor
    from service.model.query import QueryEvent

SLOT = 60_000_000
"""Microseconds of event time that are folded at once: campaigns are judged at the close of each slot."""


def footprints(events: Sequence[QueryEvent], rows: Observations, extractor: Extractor) -> Footprints:
    """One footprint for each event that was answered and carried a text."""
    chosen = np.flatnonzero(rows.has_text & rows.ok)
    accounts = [extractor.digest(events[i].account) for i in chosen.tolist()]
    actors = [extractor.digest(f"org {events[i].org}") if events[i].org else account
              for i, account in zip(chosen.tolist(), accounts, strict=True)]  # fmt: skip
    keys = np.stack([rows.system, rows.skeleton, rows.head, rows.tail], axis=1)[chosen]
    follows = rows.continues | rows.rerun | rows.retry
    return Footprints(
        time=rows.time[chosen],
        account=np.array(accounts, np.uint64),
        actor=np.array(actors, np.uint64),
        keys=salted(keys),
        prompt=rows.prompt[chosen],
        cell=rows.cell[chosen],
        follows=follows[chosen],
        purpose=rows.purpose[chosen],
        output_tokens=rows.output_tokens[chosen].astype(np.float32),
    )


def pack(seen: Footprints, names: Mapping[int, str]) -> bytes:
    """Footprints and the names of their accounts, for the checkpoint."""
    return msgspec.msgpack.encode((list(names.items()), seen.dump()))


def unpack(data: bytes) -> tuple[Footprints, dict[int, str]]:
    """What ``pack`` wrote."""
    names, dump = msgspec.msgpack.decode(data, type=tuple[list[tuple[int, str]], bytes])
    return Footprints.load(dump), dict(names)
