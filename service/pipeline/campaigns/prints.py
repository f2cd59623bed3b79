"""Prints: observations of a batch become footprints. The texts have ended before; the names end here."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from detectors.coordination.footprints import Footprints, salted
from service.model.query import CLIENT
from service.ports import SLOT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from detectors.core.observation import Observations
    from detectors.features import Extractor
    from service.model.query import QueryEvent

FORMAT = 2
"""Of packed footprints; another number with every change of their columns."""


def by_slot(
    events: Sequence[QueryEvent], rows: Observations, extractor: Extractor
) -> Iterator[tuple[int, Footprints, dict[int, str]]]:
    """Each slot of a batch in order of completion that has footprints, with them and the names of their accounts."""
    seen, asked = footprints(events, rows, extractor), chosen(rows).tolist()
    names = list(zip(seen.account.tolist(), (events[i].account for i in asked), strict=True))
    slots = [events[i].done // SLOT for i in asked]
    start = 0
    for slot, some in groupby(slots):
        end = start + sum(1 for _ in some)
        yield slot, seen.take(slice(start, end)), dict(names[start:end])
        start = end


def chosen(rows: Observations) -> NDArray[np.intp]:
    """Rows that leave a footprint: those that were answered and carried a text."""
    return np.flatnonzero(rows.has_text & rows.ok)


def footprints(events: Sequence[QueryEvent], rows: Observations, extractor: Extractor) -> Footprints:
    """One footprint for each event that was answered and carried a text."""
    some = chosen(rows)
    asked = [events[i] for i in some.tolist()]
    digests = {name: extractor.digest(name) for name in dict.fromkeys(event.account for event in asked)}
    orgs = {org: extractor.digest(f"org {org}") for org in dict.fromkeys(event.org for event in asked) if org}
    accounts = [digests[event.account] for event in asked]
    actors = [orgs[event.org] if event.org else digests[event.account] for event in asked]
    networks = [f"network {event.ip_prefix}" if event.ip_prefix else "" for event in asked]
    clients = [_client(event) for event in asked]
    places = {text: extractor.digest(text) if text else 0 for text in dict.fromkeys((*networks, *clients))}
    keys = np.stack([rows.system, rows.skeleton, rows.head, rows.tail], axis=1)[some]
    follows = rows.continues | rows.rerun | rows.retry
    return Footprints(
        time=rows.time[some],
        account=np.array(accounts, np.uint64),
        actor=np.array(actors, np.uint64),
        keys=salted(keys),
        prompt=rows.prompt[some],
        cell=rows.cell[some],
        follows=follows[some],
        purpose=rows.purpose[some],
        output_tokens=rows.output_tokens[some].astype(np.float32),
        network=np.array([places[text] for text in networks], np.uint64),
        client=np.array([places[text] for text in clients], np.uint64),
    )


def _client(event: QueryEvent) -> str:
    """What tells the caller's program: the name that it gives itself, and the order of its header fields."""
    name, order = event.headers.get("user-agent", ""), event.headers.get(CLIENT, "")
    return f"client {name}\n{order}" if name or order else ""


def pack(seen: Footprints, names: Mapping[int, str]) -> bytes:
    """Footprints and the names of their accounts, for the checkpoint."""
    return msgspec.msgpack.encode((list(names.items()), seen.dump(), FORMAT))


def unpack(data: bytes) -> tuple[Footprints, dict[int, str]]:
    """What ``pack`` wrote; none where another release did, as what it had folded is not read either."""
    names, dump, *form = msgspec.msgpack.decode(data)
    if form != [FORMAT]:
        return Footprints.load(b""), {}
    return Footprints.load(dump), dict(names)
