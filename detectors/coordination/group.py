"""Group: the accounts that use one content key, and how they use it.

Counts are sums, times are minima and maxima, and the samples of payloads and of accounts with their topics are those of
the smallest digests, so groups of disjoint footprints merge to the group of them all, in any order.

References
----------
[^1]: Bar-Yossef, Z. et al., 2002. Counting Distinct Elements in a Data Stream. RANDOM.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from numpy.typing import NDArray

    from detectors.coordination.footprints import Turn

SAMPLE = 256
"""Payloads kept, the smallest by digest."""
SEVERAL = 0
"""In the sample: a payload that more than one actor sent."""
GROWN = 1.05
"""Times the queries that a group had when it was measured, from which on it is measured again."""
DOUBT = 16
"""Queries without anything new that are added to a group's: the first few of any group are all different."""
CELLS = 64
"""Topics are counted by codebook cell modulo this: enough for breadth, small enough to keep for every group."""
PARTED = 64
"""Accounts whose own topics are kept, the smallest by digest."""


@dataclass(slots=True)
class Use:
    """One account's use of the key."""

    actor: int
    queries: int = 0
    first: float = float("inf")
    last: float = 0.0
    network: int = 0
    client: int = 0
    """Of its first query with the key; 0 where not known."""

    def begun(self, at: float, network: int, client: int) -> None:
        """Note a query, which may be the first."""
        if at < self.first:
            self.first, self.network, self.client = at, network, client


@dataclass(slots=True)
class Group:
    """What is known of one content key."""

    uses: dict[int, Use] = field(default_factory=dict)
    """By digest of the account."""
    queries: int = 0
    """Of all accounts."""
    by_actor: dict[int, int] = field(default_factory=dict)
    """Queries of each org, and of each account without one."""
    measured: int = 0
    """Queries that it had when it was measured last."""
    follows: int = 0
    """Queries that continue a conversation, run a request again or are retries."""
    purpose: float = 0.0
    output_tokens: float = 0.0
    """Sums over the queries."""
    cells: NDArray[np.int64] = field(default_factory=lambda: np.zeros(CELLS, np.int64))
    payloads: dict[int, int] = field(default_factory=dict)
    """Digest of a user turn -> the actor that sent it, or ``SEVERAL``."""
    topics: dict[int, dict[int, int]] = field(default_factory=dict)
    """Account -> its queries by topic, of ``PARTED`` accounts. Whoever is among the smallest in the end was so from its
    first query on, so its counts are whole."""

    @property
    def actors(self) -> int:
        """Orgs, and accounts without one, that use the key."""
        return len(self.by_actor)

    @property
    def due(self) -> bool:
        """Whether it has grown so much that it is to be measured: its work is then a few times its size, in all."""
        return self.queries >= GROWN * self.measured

    def fold(self, turns: Sequence[Turn]) -> None:
        """Add footprints that carry the key."""
        # Beyond the largest that is kept no new payload is, so most are passed over at once.
        most = max(self.payloads) if len(self.payloads) >= SAMPLE else None
        last = max(self.topics) if len(self.topics) >= PARTED else None
        for at, account, actor, _, prompt, cell, follows, purpose, output_tokens, network, client in turns:
            use = self.uses.get(account)
            if use is None:
                use = self.uses[account] = Use(actor)
            use.queries += 1
            self.by_actor[actor] = self.by_actor.get(actor, 0) + 1
            use.begun(at, network, client)
            use.last = max(use.last, at)
            if most is None or prompt <= most:
                known = self.payloads.setdefault(prompt, actor)
                if known != actor:
                    self.payloads[prompt] = SEVERAL
                if len(self.payloads) > SAMPLE:
                    del self.payloads[max(self.payloads)]
                    most = max(self.payloads)
            self.follows += follows
            self.purpose += purpose
            self.output_tokens += output_tokens
            self.cells[cell % CELLS] += 1
            if last is None or account <= last:
                asked = self.topics.setdefault(account, {})
                asked[cell % CELLS] = asked.get(cell % CELLS, 0) + 1
                if len(self.topics) > PARTED:
                    del self.topics[max(self.topics)]
                    last = max(self.topics)
        self.queries += len(turns)

    def merge(self, other: Group) -> None:
        """Add a group of the same key over other footprints."""
        for account, theirs in other.uses.items():
            use = self.uses.setdefault(account, Use(theirs.actor))
            use.queries += theirs.queries
            self.by_actor[theirs.actor] = self.by_actor.get(theirs.actor, 0) + theirs.queries
            use.begun(theirs.first, theirs.network, theirs.client)
            use.last = max(use.last, theirs.last)
        for prompt, actor in other.payloads.items():
            known = self.payloads.setdefault(prompt, actor)
            if known != actor:
                self.payloads[prompt] = SEVERAL
        for account, counts in other.topics.items():
            asked = self.topics.setdefault(account, {})
            for cell, times in counts.items():
                asked[cell] = asked.get(cell, 0) + times
        self._trim()
        self.queries += other.queries
        self.follows += other.follows
        self.purpose += other.purpose
        self.output_tokens += other.output_tokens
        self.cells = self.cells + other.cells

    def recount(self) -> None:
        """Bring the sums up to date with the uses, where these were put in whole."""
        self.queries, self.by_actor = 0, {}
        for use in self.uses.values():
            self.queries += use.queries
            self.by_actor[use.actor] = self.by_actor.get(use.actor, 0) + use.queries

    def _trim(self) -> None:
        if len(self.payloads) > SAMPLE:
            self.payloads = {prompt: self.payloads[prompt] for prompt in heapq.nsmallest(SAMPLE, self.payloads)}
        if len(self.topics) > PARTED:
            self.topics = {account: self.topics[account] for account in heapq.nsmallest(PARTED, self.topics)}


MEASURES = ("actors", "devotion", "alone", "disjoint", "fresh", "even", "purpose", "output", "breadth")
"""What ``measure`` gives, in order: the more, the more like a campaign."""


def measure(group: Group, whole: int) -> NDArray[np.float64]:
    """The quantities that tell a campaign from an honest group, shape (len(MEASURES),).

    Parameters
    ----------
    group
        With at least one query.
    whole
        All queries with a text of its accounts, of the key or not (``Index.whole``).

    Returns
    -------
    values
        ``actors`` log2 of their number; ``devotion`` share of the members' queries that are of the key; ``alone``
        share that continues nothing; ``disjoint`` share of the sampled payloads that one actor alone sent; ``fresh``
        different payloads of each query, as if there were ``DOUBT`` queries more: few where half of them are a popular
        one; ``even`` one minus the Gini coefficient of the queries per actor; ``purpose`` mean log-odds; ``output``
        log2 of the mean answer tokens; ``breadth`` effective number of topics (inverse Simpson) of as many as there
        can be.

    """
    queries = group.queries
    single = len(group.payloads) - list(group.payloads.values()).count(SEVERAL)
    shares = group.cells / group.cells.sum()
    return np.array(
        [
            np.log2(group.actors),
            queries / whole,
            1.0 - group.follows / queries,
            single / len(group.payloads),
            min(1.0, _distinct(group.payloads) / (queries + DOUBT)),
            1.0 - _gini(np.sort(np.fromiter(group.by_actor.values(), np.float64, group.actors))),
            group.purpose / queries,
            np.log2(1.0 + group.output_tokens / queries),
            1.0 / float(shares @ shares) / min(queries, CELLS),
        ]
    )


def _distinct(payloads: Collection[int]) -> float:
    """How many different payloads there are, by how dense the smallest digests are [^1]."""
    if len(payloads) < SAMPLE:
        return len(payloads)
    return (SAMPLE - 1) * 2.0**64 / (max(payloads) + 1)


def _gini(ascending: NDArray[np.float64]) -> float:
    """Gini coefficient of counts in rising order: 0 where all are equal."""
    n = len(ascending)
    ranks = np.arange(1, n + 1)
    return float((2 * ranks - n - 1) @ ascending / (n * ascending.sum()))
