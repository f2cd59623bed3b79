"""Memory: all that coordination holds, as one blob for the checkpoint."""

from __future__ import annotations

import zlib
from itertools import islice
from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import numpy as np

from detectors.coordination.group import Group, Use
from detectors.coordination.index import Index, Sighting, Tally
from service.model.flag import Severity
from service.pipeline.campaigns.clusters import Cluster, Clusters

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

FORMAT = 6
DIGEST, COUNT, TIME, TOPIC = "<u8", "<i8", "<f8", "u1"
"""Kinds of column. What there are many of is written so: row by row it took a third of all that linking costs."""
_USE = {
    "actor": DIGEST, "queries": COUNT, "first": TIME, "last": TIME, "network": DIGEST, "client": DIGEST,
}  # fmt: skip
_TALLY = {"queries": COUNT, "last": TIME}
"""The fields of a row, in order."""


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
        "uses": _table([use for group in index.groups.values() for use in group.uses.values()], _USE),
        "once": (_column(DIGEST, index.once), *_across(index.once.values(), (TIME, DIGEST))),
        "sighted": [(key, held.last, list(held.actors)) for key, held in index.sighted.items()],
        "accounts": (_column(DIGEST, index.accounts), *_table(list(index.accounts.values()), _TALLY)),
        "clusters": [
            (c.id, sorted(c.keys), sorted(c.joined), c.severity, c.members, c.looked, c.looked_at, c.told_at)
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
    uses = map(Use, *_read(body["uses"], _USE.values()))
    for key, kind, used, *rest in body["groups"]:
        index.groups[key], index.kinds[key], index.used[key] = _grouped(uses, *rest), kind, used
    index.once = {
        key: (last, actor) for key, last, actor in zip(*_read(body["once"], (DIGEST, TIME, DIGEST)), strict=True)
    }
    index.sighted = {key: Sighting(last, set(actors)) for key, last, actors in body["sighted"]}
    accounts, *tallies = _read(body["accounts"], (DIGEST, *_TALLY.values()))
    index.accounts = dict(zip(accounts, map(Tally, *tallies), strict=True))
    of_key = {}
    for name, keys, joined, severity, *numbers in body["clusters"]:
        cluster = Cluster(name, set(keys), Severity(severity), *numbers)
        cluster.joined.update(joined)
        of_key.update(dict.fromkeys(keys, cluster))
    index.uses = sum(len(group.uses) for group in index.groups.values())
    clusters = Clusters({key: of_key[key] for key in body["age"]}, dict(body["tied"]))
    clusters.count(clusters.by_key, index)
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
    sums = (group.measured, group.follows, group.purpose, group.output_tokens)
    payloads = (_column(DIGEST, group.payloads), _column(DIGEST, group.payloads.values()))
    counts = [pair for asked in group.topics.values() for pair in asked.items()]
    topics = (
        _column(DIGEST, group.topics),
        _column(COUNT, map(len, group.topics.values())),
        *_across(counts, (TOPIC, COUNT)),
    )
    return _column(DIGEST, group.uses), payloads, topics, group.cells.tolist(), *sums


def _grouped(uses: Iterator[Use], accounts: bytes, payloads: Any, topics: Any, cells: list[int], *sums: Any) -> Group:
    """The group, whose uses are the next."""
    measured, follows, purpose, output_tokens = sums
    [of] = _read([accounts], [DIGEST])
    asking, sizes, *counts = _read(topics, (DIGEST, COUNT, TOPIC, COUNT))
    asked = zip(*counts, strict=True)
    group = Group(
        dict(zip(of, islice(uses, len(of)), strict=True)), measured=measured, follows=follows, purpose=purpose,
        output_tokens=output_tokens, cells=np.array(cells, np.int64),
        payloads=dict(zip(*_read(payloads, (DIGEST, DIGEST)), strict=True)),
        topics={account: dict(islice(asked, size)) for account, size in zip(asking, sizes, strict=True)},
    )  # fmt: skip
    group.recount()
    return group


def _table(rows: Sequence[object], kinds: Mapping[str, str]) -> list[bytes]:
    """The named attributes of the rows, each as one column."""
    return [_column(kind, map(attrgetter(name), rows), len(rows)) for name, kind in kinds.items()]


def _across(rows: Collection[Sequence[float]], kinds: Sequence[str]) -> list[bytes]:
    """The places of the rows, each as one column."""
    return [_column(kind, map(itemgetter(place), rows), len(rows)) for place, kind in enumerate(kinds)]


def _column(kind: str, values: Iterable[float], count: int = -1) -> bytes:
    return np.fromiter(values, kind, count).tobytes()


def _read(columns: Sequence[bytes], kinds: Iterable[str]) -> list[list[Any]]:
    return [np.frombuffer(data, kind).tolist() for data, kind in zip(columns, kinds, strict=True)]
