"""Appeal: a customer's word against a flag or decision, filed by an analyst, decided by another person."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from service.model.entity import Entity  # noqa: TC001 - stored documents are read by their types


class AppealState(enum.StrEnum):
    """Where an appeal stands."""

    FILED = "filed"
    GRANTED = "granted"
    """The customer is right: the decision is taken back."""
    DENIED = "denied"
    """The decision stands."""
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Appeal:
    """One appeal."""

    id: str
    entity: Entity
    decision: str
    """Id of the decision that it is against."""
    statement: str
    """What the customer says, in their words or the analyst's."""
    filed_by: str
    decided_before: tuple[str, ...]
    """Who made or approved the decision: they do not judge the appeal."""
    created: int
    state: AppealState = AppealState.FILED
    decided_by: str = ""
    decided: int | None = None
    answer: str = ""
    """What the customer is told."""
    version: int = 1
