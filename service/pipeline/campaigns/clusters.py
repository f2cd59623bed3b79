"""Clusters: suspicious groups that share accounts are one campaign, under an id that stays.

A campaign's id comes from the key that was suspicious first; when two grow together, the older id stays. Groups are
put together over their devoted accounts, those that send little else, so a popular template that members use as others
do ties nothing.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import rustworkx as rx

from service.model.flag import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from detectors.coordination.index import Index

DEVOTED = 0.2
"""Share of an account's queries that are of one key, from which it counts as devoted to it."""
TIED, SHARE, HALF = 2, 0.02, 0.5
"""Devoted accounts that another campaign must have too for the two to be one: so many, and either this share of the
group's or this share of the other's members."""
MEMBER = 0.5
"""Share of its queries that are of the campaign's keys, from which an account is a member."""


@dataclass(slots=True)
class Cluster:
    """What is known of one campaign."""

    id: str
    keys: set[int] = field(default_factory=set)
    severity: Severity = Severity.INFO
    """The highest that it was told of with."""
    members: int = 0
    """When it was told of last."""
    looked: int = 0
    """Accounts of all its groups, when its members were looked at last."""
    looked_at: int = 0
    told_at: int = 0
    """When that was, and when it was told of last, microseconds since the epoch."""
    accounts: int = 0
    """Of all its groups, added up; kept up to date by ``Clusters.count``."""
    joined: set[str] = field(default_factory=set)
    """Ids of campaigns that were told of before they were seen to be this one."""


@dataclass(slots=True)
class Clusters:
    """All campaigns, by suspicious key."""

    by_key: dict[int, Cluster] = field(default_factory=dict)
    tied: dict[int, int] = field(default_factory=dict)
    """Account digest -> the first suspicious key that it was devoted to."""
    sizes: dict[int, int] = field(default_factory=dict)
    """Suspicious key -> accounts of its group, as far as they are added up in its campaign's."""

    def grow(self, keys: Iterable[int], index: Index) -> list[Cluster]:
        """Take up keys that are suspicious now; the campaigns that they belong to, each once."""
        for key in keys:
            self.by_key.setdefault(key, Cluster(f"{key:016x}", {key}))
        graph: rx.PyGraph[Cluster, int] = rx.PyGraph(multigraph=False)
        nodes: dict[str, int] = {}
        for key in keys:
            self._tie(key, index, graph, nodes)
        for component in rx.connected_components(graph):
            if len(component) > 1:
                self._one([graph[node] for node in component])
        found = {self.by_key[key].id: self.by_key[key] for key in keys}
        return [found[name] for name in sorted(found)]

    def count(self, keys: Iterable[int], index: Index) -> None:
        """Bring the accounts of campaigns up to date with groups that have grown or are not followed any more.

        A campaign may have thousands of keys, and is looked at whenever one of them has grown.
        """
        for key in (*index.dropped, *keys):
            cluster = self.by_key.get(key)
            if cluster is not None:
                group = index.groups.get(key)
                size = len(group.uses) if group else 0
                cluster.accounts += size - self.sizes.get(key, 0)
                self.sizes[key] = size
        index.dropped.clear()

    def forget(self, index: Index) -> None:
        """Let go of the accounts that the index has let go of."""
        for account in self.tied.keys() - index.accounts.keys():
            del self.tied[account]

    def _tie(self, key: int, index: Index, graph: rx.PyGraph[Cluster, int], nodes: dict[str, int]) -> None:
        """Draw edges from the key's campaign to those that enough of its devoted accounts are of."""
        accounts = devoted(index, key)
        own = self.by_key[key]
        others = Counter(self.tied.setdefault(account, key) for account in accounts)
        shared: dict[str, int] = {}
        clusters = {own.id: own}
        for other, n in others.items():
            cluster = self.by_key[other]
            clusters[cluster.id] = cluster
            shared[cluster.id] = shared.get(cluster.id, 0) + n
        for name, n in sorted(shared.items()):
            least = max(TIED, min(SHARE * len(accounts), HALF * clusters[name].members))
            if name != own.id and n >= least:
                ends = [nodes.setdefault(c.id, -1) for c in (own, clusters[name])]
                for place, cluster in enumerate((own, clusters[name])):
                    if ends[place] < 0:
                        ends[place] = nodes[cluster.id] = graph.add_node(cluster)
                graph.add_edge(ends[0], ends[1], n)

    def _one(self, clusters: list[Cluster]) -> None:
        """Make one of several; ``by_key`` is in order of age, and the id is the oldest's."""
        named = {cluster.id for cluster in clusters}
        oldest = next(cluster.id for cluster in self.by_key.values() if cluster.id in named)
        first, *others = sorted(clusters, key=lambda cluster: cluster.id != oldest)
        for other in others:
            first.keys |= other.keys
            first.severity = max(first.severity, other.severity, key=lambda severity: severity.rank)
            first.members = max(first.members, other.members)
            first.accounts += other.accounts
            first.joined |= other.joined | ({other.id} if other.told_at else set())
            first.told_at = max(first.told_at, other.told_at)
        for key in first.keys:
            self.by_key[key] = first


def devoted(index: Index, key: int) -> list[int]:
    """Accounts that send a good part of their queries with the key."""
    group = index.groups.get(key)
    if group is None:
        return []
    return [account for account, use in group.uses.items() if use.queries >= DEVOTED * index.total(account)]


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
    return {account: queries for account, queries in most.items() if queries >= MEMBER * index.total(account)}
