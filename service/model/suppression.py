"""Suppression: flags that nobody is to be asked about, whose responsibility that is, and until when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from service.model.entity import Entity  # noqa: TC001 - stored documents are read by their types
from service.model.flag import Severity

if TYPE_CHECKING:
    from service.model.flag import Flag


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppression:
    """Flags of one entity that open no alert and call for no decision. They are kept and can be read."""

    id: str
    entity: Entity
    owner: str
    """Who answers for it: a person or team."""
    reason: str
    created: int
    until: int
    """Microseconds since the epoch; there is none without an end."""
    severity: Severity = Severity.HIGH
    """The highest that it hides."""
    signal: str = ""
    """Hides only flags all of whose reasons are of the detector, as in ``volume``; empty: of any."""
    lifted: int | None = None
    """When it was ended before its time."""
    version: int = 1

    def matches(self, flag: Flag) -> bool:
        """Whether it is about such a flag, at any time."""
        return (
            flag.entity == self.entity
            and flag.severity.rank <= self.severity.rank
            and (not self.signal or all(reason.name.partition(".")[0] == self.signal for reason in flag.reasons))
        )

    def holds(self, now: int) -> bool:
        """Whether it is in force."""
        return self.lifted is None and self.created <= now < self.until
