"""Ties: infrastructure and timing that accounts have in common. They corroborate, and find nothing by themselves.

Of a place (address prefix, program) the share of pairs of accounts that have it in common. Of timing how many first and
last queries come within a second of another account's, beyond what is left of that when every account is moved by up
to ten seconds on its own: a permutation test, which neither a busy hour nor a busy group passes [^1].

Weakness: of the moments of an account only the first and the last with the key are kept, so accounts that are driven
in step are seen to be so where they begin or end together.

References
----------
[^1]: Amarasingham, A. et al., 2012. Conditional modeling and the jitter method of spike resampling. J. Neurophysiol.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from detectors.coordination.group import Group

TIES = ("network", "client", "timing")
"""What ``ties`` gives, in order."""
TOGETHER, JITTER = 1.0, 10.0
"""Seconds that count as together, and by which an account is moved at most."""
PERMUTATIONS = 19
"""Of the timing: none of them may have as much for it to count."""
ACCOUNTS = 512
"""Whose timing is looked at, the first by digest."""


def ties(group: Group) -> NDArray[np.float64]:
    """How much of each there is, shape (len(TIES),); the more the rarer among honest groups."""
    uses = [group.uses[account] for account in sorted(group.uses)]
    moments = np.array([(use.first, use.last) for use in uses[:ACCOUNTS]])
    return np.array([_paired(use.network for use in uses), _paired(use.client for use in uses), in_step(moments)])


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
