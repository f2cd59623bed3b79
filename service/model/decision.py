"""Decision and Ruling: what is done about an entity, and what that means for one request."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Literal

from service.model.entity import Entity, Scope

Guarded = Literal[Scope.ACCOUNT, Scope.ORG, Scope.END_USER, Scope.IP_PREFIX]
"""Scopes that a request can be told to belong to before it is forwarded, so that a decision can act."""


class Kind(enum.StrEnum):
    """What the gateway does with an entity's requests."""

    ALLOW = "allow"
    """Passes whatever a wider scope says."""
    ANNOTATE = "annotate"
    """Passes with a header towards the upstream."""
    THROTTLE = "throttle"
    """429 with Retry-After."""
    BLOCK = "block"
    """403."""


class Origin(enum.StrEnum):
    """Who decided."""

    REVIEWER = "reviewer"
    POLICY = "policy"
    FEED = "feed"
    CLI = "cli"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What the gateway does with an entity's requests, and until when."""

    id: str
    entity: Entity
    kind: Kind
    until: int | None
    """Microseconds since the epoch; None holds until it is removed."""
    origin: Origin
    reason: str
    simulated: bool
    """Recorded and counted, not enforced."""
    created: int
    since: int = 0
    """Acts from then on, microseconds since the epoch: a policy's decision waits, so that it tells nobody why."""


@dataclass(frozen=True, slots=True)
class Ruling:
    """The guard's answer for one request."""

    kind: Kind
    decision: str = ""
    """Id of the decision behind it, empty where none applies."""
    retry_after: int = 0
    """Seconds, for throttle."""


ALLOW = Ruling(Kind.ALLOW)
