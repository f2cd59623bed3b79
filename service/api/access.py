"""Who may do what on the control plane: one table, read by the router and by the test.

Whoever is not named is refused. A route that is missing here cannot be built.
"""

from __future__ import annotations

import enum

from service.model.decision import Kind


class Role(enum.StrEnum):
    """What a token may do; each role may do what those before it may."""

    VIEWER = "viewer"
    """Read flags, accounts, decisions and how far the log has come."""
    ANALYST = "analyst"
    """Annotate, and throttle for a day."""
    ADMIN = "admin"
    """Block, allow, and read metrics."""

    def covers(self, needed: Role) -> bool:
        """Whether this role may do what ``needed`` may."""
        order = list(Role)
        return order.index(self) >= order.index(needed)


class Anyone(enum.Enum):
    """Routes that ask for no token."""

    OPEN = "open"
    """Credentials are not looked at."""
    OPTIONAL = "optional"
    """A token, where one is shown, must be good, and shows more."""


Access = Role | Anyone

ACCESS: dict[tuple[str, str], Access] = {
    ("GET", "/healthz"): Anyone.OPEN,
    ("GET", "/docs"): Anyone.OPEN,
    ("GET", "/openapi.json"): Anyone.OPEN,
    ("GET", "/readyz"): Anyone.OPTIONAL,
    ("GET", "/metrics"): Role.ADMIN,
    ("GET", "/api/v1/whoami"): Role.VIEWER,
    ("GET", "/api/v1/flags"): Role.VIEWER,
    ("GET", "/api/v1/flags/{id}"): Role.VIEWER,
    ("GET", "/api/v1/accounts"): Role.VIEWER,
    ("GET", "/api/v1/accounts/{id:path}"): Role.VIEWER,
    ("GET", "/api/v1/decisions"): Role.VIEWER,
    ("POST", "/api/v1/decisions"): Role.ANALYST,
    ("DELETE", "/api/v1/decisions/{id}"): Role.ANALYST,
    ("GET", "/api/v1/alerts"): Role.VIEWER,
    ("GET", "/api/v1/alerts/{id}"): Role.VIEWER,
    ("POST", "/api/v1/alerts/{id}/claim"): Role.ANALYST,
    ("POST", "/api/v1/alerts/{id}/release"): Role.ANALYST,
    ("POST", "/api/v1/alerts/{id}/wait"): Role.ANALYST,
    ("POST", "/api/v1/alerts/{id}/close"): Role.ANALYST,
    ("POST", "/api/v1/alerts/{id}/reopen"): Role.ANALYST,
    ("POST", "/api/v1/alerts/{id}/notes"): Role.ANALYST,
    ("GET", "/api/v1/audit"): Role.ANALYST,
    ("GET", "/api/v1/audit/verification"): Role.VIEWER,
    ("GET", "/api/v1/ingest"): Role.VIEWER,
}

DECIDES: dict[Kind, Role] = {
    Kind.ANNOTATE: Role.ANALYST,
    Kind.THROTTLE: Role.ANALYST,
    Kind.BLOCK: Role.ADMIN,
    # An allow undoes every wider block, so it needs what a block needs.
    Kind.ALLOW: Role.ADMIN,
}
"""Role that may make and remove a decision of that kind."""

ANALYST_THROTTLE = 24 * 3600 * 1_000_000
"""Longest throttle of an analyst, in microseconds; a longer one is a block by another name."""
