"""Every peer, unfitted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.bench.peers.counters import Counters
from service.bench.peers.lsh_coverage import LshCoverage
from service.bench.peers.mahalanobis import Mahalanobis
from service.bench.peers.mmd import MMD
from service.bench.peers.phrases import Phrases
from service.bench.peers.prada import Prada
from service.bench.peers.seat import Seat
from service.bench.peers.volume import Volume

if TYPE_CHECKING:
    from service.bench.peers.peer import Peer


def every(seed: int = 1) -> list[Peer]:
    """All of them, in the order of the tables."""
    return [
        MMD(seed=seed),
        Mahalanobis(seed=seed),
        Prada(),
        Seat(seed=seed),
        LshCoverage(seed=seed),
        Counters(),
        Phrases(),
        Volume(),
    ]
