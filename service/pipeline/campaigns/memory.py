"""Memory: all that coordination holds, as one blob for the checkpoint."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import numpy as np

from detectors.coordination.group import Group, Use
from detectors.coordination.index import Index, Sighting, Tally
from service.model.flag import Severity
from service.pipeline.campaigns.clusters import Cluster, Clusters

if TYPE_CHECKING:
    from collections.abc import Sequence

FORMAT = 4


class Held(NamedTuple):
    """What a blob holds."""

    known: Index
    clusters: Clusters
    names: dict[int, str]
    """Account digest -> account."""


def dump(index: Index, clusters: Clusters, names: dict[int, str]) -> bytes:
    """All of it; numbers, digests and account names."""
    body = {
        "format": FORMAT,
        "groups": [(key, index.kinds[key], index.used[key], *_group(group)) for key, group in index.groups.items()],
        "once": [(key, *held) for key, held in index.once.items()],
        "sighted": [(key, held.last, list(held.actors)) for key, held in index.sighted.items()],
        "accounts": [(key, held.queries, held.last) for key, held in index.accounts.items()],
        "clusters": [
            (c.id, sorted(c.keys), c.severity, c.members, c.looked, c.looked_at, c.told_at)
            for c in {c.id: c for c in clusters.by_key.values()}.values()
        ],
        "age": list(clusters.by_key),
        "tied": list(clusters.tied.items()),
        "names": list(names.items()),
    }
    return zlib.compress(msgspec.msgpack.encode(body), 1)


def load(data: bytes) -> Held:
    """What ``dump`` wrote; empty where there is nothing."""
    if not data:
        return Held(Index(), Clusters(), {})
    body: dict[str, Any] = msgspec.msgpack.decode(zlib.decompress(data))
    if body["format"] != FORMAT:
        # Of another release: what was folded is learnt anew, and no footprint is folded twice.
        return Held(Index(), Clusters(), {})
    index = Index()
    for key, kind, used, *rest in body["groups"]:
        index.groups[key], index.kinds[key], index.used[key] = _grouped(*rest), kind, used
    index.once = {key: (last, actor) for key, last, actor in body["once"]}
    index.sighted = {key: Sighting(last, set(actors)) for key, last, actors in body["sighted"]}
    index.accounts = {key: Tally(queries, last) for key, queries, last in body["accounts"]}
    of_key = {}
    for name, keys, severity, *rest in body["clusters"]:
        of_key.update(dict.fromkeys(keys, Cluster(name, set(keys), Severity(severity), *rest)))
    index.uses = sum(len(group.uses) for group in index.groups.values())
    clusters = Clusters({key: of_key[key] for key in body["age"]}, dict(body["tied"]))
    return Held(index, clusters, dict(body["names"]))


def merged(dumps: Sequence[bytes]) -> bytes:
    """What several partitions hold of different accounts, as one."""
    first, *others = map(load, dumps)
    for other in others:
        first.known.merge(other.known)
        first.names.update(other.names)
        for key, cluster in other.clusters.by_key.items():
            first.clusters.by_key.setdefault(key, cluster)
        first.clusters.tied = {**other.clusters.tied, **first.clusters.tied}
    return dump(first.known, first.clusters, first.names)


def _group(group: Group) -> tuple[Any, ...]:
    uses = [
        (account, use.actor, use.queries, use.first, use.last, use.network, use.client)
        for account, use in group.uses.items()
    ]
    sums = (group.measured, group.follows, group.purpose, group.output_tokens)
    return uses, list(group.payloads.items()), group.cells.tolist(), *sums


def _grouped(uses: Any, payloads: Any, cells: list[int], *sums: Any) -> Group:
    measured, follows, purpose, output_tokens = sums
    group = Group(
        {account: Use(*use) for account, *use in uses}, measured=measured, follows=follows, purpose=purpose,
        output_tokens=output_tokens, cells=np.array(cells, np.int64), payloads=dict(payloads),
    )  # fmt: skip
    group.recount()
    return group
