"""Others: the published detectors, fitted on some of the accounts that ours learns from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.bench.episodes.measure import Bench
from service.bench.peers.every import every

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.bench.episodes.library import Library
    from service.bench.episodes.measure import Measured
    from service.bench.peers.peer import Peer

ACCOUNTS = 192
"""Benign accounts that the others learn from; their statistics settle long before."""


def fitted(known: Sequence[Measured], library: Library, *, seed: int) -> list[Peer]:
    """Every published detector, fitted on accounts of every kind."""
    step = max(1, len(known) // ACCOUNTS)
    bench = Bench(library)
    calls = [bench.calls(held.episode) for held in known[::step]]
    peers = every(seed)
    for peer in peers:
        peer.fit(calls)
    return peers
