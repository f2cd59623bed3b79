"""Clusters: suspicious groups that share accounts are one campaign, under an id that stays.

A campaign's id comes from the key that was suspicious first; when two grow together, the older id stays. Groups are
put together over their devoted accounts, those that send little else, so a popular template that members use as others
do ties nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import rustworkx as rx

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from detectors.coordination.index import Index

DEVOTED = 0.2
"""Share of an account's queries that are of one key, from which it counts as devoted to it."""
GROWN = 1.25
"""Times the accounts of a group from which campaigns are looked at anew."""
MEMBER = 0.5
"""Share of its queries that are of the campaign's keys, from which an account is a member."""


@dataclass(slots=True)
class Cluster:
    """What is known of one campaign."""

    id: str
    keys: set[int] = field(default_factory=set)
    raised: int = -1
    """Rank of the most severe flag raised."""
    members: int = 0
    """When it was raised."""


@dataclass(slots=True)
class Clusters:
    """All campaigns, by suspicious key."""

    by_key: dict[int, Cluster] = field(default_factory=dict)
    joined: dict[int, int] = field(default_factory=dict)
    """Suspicious key -> accounts that its group had when groups were last put together."""

    def grow(self, keys: Iterable[int], index: Index) -> list[Cluster]:
        """Take up keys that are suspicious now; the campaigns that they belong to, each once."""
        for key in keys:
            self.by_key.setdefault(key, Cluster(f"{key:016x}", {key}))
        # Anew only after some growth, so that the work over a campaign's life is a few times its size.
        if any(len(index.groups[key].uses) >= GROWN * self.joined.get(key, 0) for key in keys):
            self._join(index)
            self.joined = {key: len(index.groups[key].uses) for key in self.by_key if key in index.groups}
        found = {self.by_key[key].id: self.by_key[key] for key in keys}
        return [found[name] for name in sorted(found)]

    def _join(self, index: Index) -> None:
        graph: rx.PyGraph[int, None] = rx.PyGraph(multigraph=False)
        nodes: dict[int, int] = {}
        age = {key: n for n, key in enumerate(self.by_key)}
        for key in self.by_key:
            node = graph.add_node(key)
            for account in devoted(index, key):
                if account not in nodes:
                    nodes[account] = graph.add_node(0)
                graph.add_edge(node, nodes[account], None)
        for component in rx.connected_components(graph):
            keys = sorted(filter(None, map(graph.__getitem__, component)), key=age.__getitem__)
            self._one([self.by_key[key] for key in keys])

    def _one(self, clusters: list[Cluster]) -> None:
        """Make one of several; ``by_key`` is in order of age, and the first is the oldest."""
        first = clusters[0]
        for other in clusters[1:]:
            if other is not first:
                first.keys |= other.keys
                first.raised = max(first.raised, other.raised)
                first.members = max(first.members, other.members)
        for key in first.keys:
            self.by_key[key] = first


def devoted(index: Index, key: int) -> list[int]:
    """Accounts that send a good part of their queries with the key."""
    group = index.groups.get(key)
    if group is None:
        return []
    totals = index.totals(group)
    return [
        account
        for account, use in group.uses.items()
        if use.queries >= DEVOTED * max(totals.get(account, 0), use.queries)
    ]


def members(index: Index, keys: Iterable[int]) -> Mapping[int, int]:
    """Members by account digest, and their queries of the campaign's content.

    A query may carry several of the keys, so an account's is its most used one of each kind, added up over kinds of
    the same column only.
    """
    by_column: dict[int, dict[int, int]] = {}
    for key in keys:
        group = index.groups.get(key)
        if group is not None:
            counts = by_column.setdefault(index.kinds[key], {})
            for account, use in group.uses.items():
                counts[account] = counts.get(account, 0) + use.queries
    most: dict[int, int] = {}
    for counts in by_column.values():
        for account, queries in counts.items():
            most[account] = max(most.get(account, 0), queries)
    return {
        account: queries
        for account, queries in most.items()
        if queries >= MEMBER * max(index.accounts[account].queries if account in index.accounts else 0, queries)
    }
