"""Others: the published detectors, fitted on some of the accounts that ours learns from."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from service.bench.peers.peer import Peer


def fitted() -> list[Peer]:
    """Every peer that scores accounts."""
    return []
