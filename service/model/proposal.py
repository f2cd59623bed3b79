"""Proposal: a decision that acts once a second person has approved it."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from service.model.decision import Decision  # noqa: TC001 - stored documents are read by their types


class ProposalState(enum.StrEnum):
    """Where a proposal stands."""

    OPEN = "open"
    APPROVED = "approved"
    """Its decision was made."""
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    """By whoever proposed it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A decision, and who stands for it."""

    id: str
    """The decision's own."""
    decision: Decision
    by: str
    """The person who proposed it."""
    created: int
    state: ProposalState = ProposalState.OPEN
    settled_by: str = ""
    settled: int | None = None
    version: int = 1
