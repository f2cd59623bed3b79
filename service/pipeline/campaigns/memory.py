"""Memory: all that coordination holds, as one blob for the checkpoint."""

from __future__ import annotations

import zlib
from typing import Any, NamedTuple

import msgspec
import numpy as np

from detectors.coordination.group import Group, Use
from detectors.coordination.index import Index, Sighting, Tally
from service.pipeline.campaigns.clusters import Cluster, Clusters

FORMAT = 1


class Held(NamedTuple):
    """What a blob holds."""

    index: Index
    clusters: Clusters
    names: dict[int, str]
    """Account digest -> account."""
    number: int
    """Of the last footprints folded into it."""


def dump(index: Index, clusters: Clusters, names: dict[int, str], number: int) -> bytes:
    """All of it; numbers, digests and account names."""
    body = {
        "format": FORMAT,
        "number": number,
        "groups": [(key, index.kinds[key], index.used[key], *_group(group)) for key, group in index.groups.items()],
        "sighted": [(key, held.last, list(held.actors)) for key, held in index.sighted.items()],
        "accounts": [(key, held.queries, held.last) for key, held in index.accounts.items()],
        "clusters": [
            (c.id, sorted(c.keys), c.raised, c.members) for c in {c.id: c for c in clusters.by_key.values()}.values()
        ],
        "age": list(clusters.by_key),
        "names": list(names.items()),
    }
    return zlib.compress(msgspec.msgpack.encode(body), 1)


def load(data: bytes) -> Held:
    """What ``dump`` wrote; empty where there is nothing."""
    if not data:
        return Held(Index(), Clusters(), {}, 0)
    body: dict[str, Any] = msgspec.msgpack.decode(zlib.decompress(data))
    index = Index()
    for key, kind, used, *rest in body["groups"]:
        index.groups[key], index.kinds[key], index.used[key] = _grouped(*rest), kind, used
    index.sighted = {key: Sighting(last, set(actors)) for key, last, actors in body["sighted"]}
    index.accounts = {key: Tally(queries, last) for key, queries, last in body["accounts"]}
    of_key = {}
    for name, keys, raised, size in body["clusters"]:
        of_key.update(dict.fromkeys(keys, Cluster(name, set(keys), raised, size)))
    clusters = Clusters({key: of_key[key] for key in body["age"]})
    return Held(index, clusters, dict(body["names"]), body["number"])


def _group(group: Group) -> tuple[Any, ...]:
    uses = [(account, use.actor, use.queries, use.first, use.last) for account, use in group.uses.items()]
    sums = (group.follows, group.purpose, group.output_tokens)
    return uses, *sums, group.cells.tolist(), list(group.payloads.items())


def _grouped(uses: Any, follows: int, purpose: float, output: float, cells: list[int], payloads: Any) -> Group:
    return Group(
        {account: Use(actor, queries, first, last) for account, actor, queries, first, last in uses},
        follows,
        purpose,
        output,
        np.array(cells, np.int64),
        dict(payloads),
    )
