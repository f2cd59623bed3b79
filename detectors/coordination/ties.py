"""Ties: infrastructure, timing and a division of topics among accounts. They corroborate, and find nothing themselves.

Of a place (address prefix, program) the share of pairs of accounts that have it in common. Of timing how many first and
last queries come within a second of another account's, beyond what is left of that when every account is moved by up
to ten seconds on its own: a permutation test, which neither a busy hour nor a busy group passes [^1]. Of topics how
much more alike two queries of one account are than two of different ones: the entropy of all accounts together less
the mean of each, by pairs that collide [^2], which a few queries of an account tell without bias.

Weakness: of the moments of an account only the first and the last with the key are kept, so accounts that are driven
in step are seen to be so where they begin or end together. Accounts of a query or two say nothing of topics, and honest
users of one template have topics of their own too.

References
----------
[^1]: Amarasingham, A. et al., 2012. Conditional modeling and the jitter method of spike resampling. J. Neurophysiol.
[^2]: Renyi, A., 1961. On Measures of Entropy and Information. Berkeley Symposium (order 2, the collision entropy).
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from detectors.coordination.group import CELLS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from detectors.coordination.group import Group

TIES = ("network", "client", "timing", "topics")
"""What ``ties`` gives, in order."""
TOGETHER, JITTER = 1.0, 10.0
"""Seconds that count as together, and by which an account is moved at most."""
PERMUTATIONS = 19
"""Of the timing: none of them may have as much for it to count."""
ACCOUNTS = 512
"""Whose timing is looked at, the first by digest."""
PAIRS = 30
"""Of queries, within accounts and between them, below which nothing is said of topics."""


def ties(group: Group) -> NDArray[np.float64]:
    """How much of each there is, shape (len(TIES),); the more the rarer among honest groups."""
    uses = [group.uses[account] for account in sorted(group.uses)]
    moments = np.array([(use.first, use.last) for use in uses[:ACCOUNTS]])
    places = (_paired(use.network for use in uses), _paired(use.client for use in uses))
    return np.array([*places, in_step(moments), divided(group.topics)])


def in_step(moments: NDArray[np.float64]) -> float:
    """Share of the moments that are together with another account's, less what is left when each account is moved.

    Parameters
    ----------
    moments
        Of each account, seconds, shape (accounts, moments of each).

    Returns
    -------
    excess
        In [0, 1]; 0 where any permutation has as much.

    """
    rng = np.random.default_rng(len(moments))
    moved = (moments + rng.uniform(-JITTER, JITTER, (len(moments), 1)) for _ in range(PERMUTATIONS))
    seen, chance = _together(moments), [_together(some) for some in moved]
    return max(0.0, seen - float(np.mean(chance))) if seen > max(chance) else 0.0


def divided(topics: Mapping[int, Mapping[int, int]]) -> float:
    """How much more the topics of accounts are their own than chance has it, bits.

    Parameters
    ----------
    topics
        Account -> its queries by topic.

    Returns
    -------
    gap
        log2 of how much more often two queries of one account are on one topic than two of different accounts: the
        collision entropy of all together less that of each. 0 where it is not more, or where there are too few pairs.

    """
    counts = np.zeros((len(topics), CELLS))
    for row, asked in zip(counts, topics.values(), strict=True):
        row[list(asked)] = list(asked.values())
    each, all_of_them = counts.sum(axis=1), counts.sum(axis=0)
    own = float((counts * (counts - 1)).sum())
    own_pairs = float((each * (each - 1)).sum())
    others = float((all_of_them**2).sum() - (counts**2).sum())
    other_pairs = float(each.sum() ** 2 - (each**2).sum())
    if min(own_pairs, other_pairs) < 2 * PAIRS:
        return 0.0
    # Half a pair more on either side, so that topics which are never shared give a number too.
    return max(0.0, float(np.log2((own + 1) / (own_pairs + 2) * (other_pairs + 2) / (others + 1))))


def _together(moments: NDArray[np.float64]) -> float:
    """Share of the moments that have another account's within ``TOGETHER`` seconds after them."""
    owner = np.repeat(np.arange(len(moments)), moments.shape[1])
    order = np.argsort(moments, axis=None, kind="stable")
    close = np.diff(moments.ravel()[order]) <= TOGETHER
    return float(np.sum(close & (owner[order][1:] != owner[order][:-1])) / len(owner))


def _paired(places: Iterable[int]) -> float:
    """Share of pairs that are alike, of those that are known; 0 where there is no pair."""
    counts = Counter(place for place in places if place)
    n = sum(counts.values())
    return sum(k * (k - 1) for k in counts.values()) / (n * (n - 1)) if n > 1 else 0.0
