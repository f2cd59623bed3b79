"""Who may do what on the control plane: one table, read by the router and by the test.

Whoever is not named is refused. A route that is missing here cannot be built.
"""

from __future__ import annotations

import enum

from service.model.decision import Kind
from service.model.user import Role

__all__ = ["ACCESS", "ANALYST_THROTTLE", "DECIDES", "FRESH", "Access", "Anyone", "Role", "may"]


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
    ("GET", "/api/v1/oidc/login"): Anyone.OPEN,
    ("GET", "/api/v1/oidc/callback"): Anyone.OPEN,
    ("POST", "/api/v1/session"): Anyone.OPEN,
    ("DELETE", "/api/v1/session"): Role.VIEWER,
    ("POST", "/api/v1/session/proof"): Role.VIEWER,
    ("POST", "/api/v1/password"): Anyone.OPEN,
    ("GET", "/api/v1/users"): Role.ADMIN,
    ("POST", "/api/v1/users"): Role.ADMIN,
    ("POST", "/api/v1/users/{name}/role"): Role.ADMIN,
    ("POST", "/api/v1/users/{name}/disable"): Role.ADMIN,
    ("POST", "/api/v1/users/{name}/enable"): Role.ADMIN,
    ("POST", "/api/v1/users/{name}/link"): Role.ADMIN,
    ("GET", "/api/v1/destinations"): Role.ADMIN,
    ("POST", "/api/v1/destinations"): Role.ADMIN,
    ("POST", "/api/v1/destinations/{name}/test"): Role.ADMIN,
    ("DELETE", "/api/v1/destinations/{name}"): Role.ADMIN,
    ("GET", "/api/v1/tokens"): Role.ADMIN,
    ("POST", "/api/v1/tokens"): Role.ADMIN,
    ("DELETE", "/api/v1/tokens/{id}"): Role.ADMIN,
    ("GET", "/api/v1/flags"): Role.VIEWER,
    ("GET", "/api/v1/flags/{id}"): Role.VIEWER,
    ("POST", "/api/v1/flags/{id}/evidence"): Role.ANALYST,
    ("GET", "/api/v1/accounts"): Role.VIEWER,
    ("GET", "/api/v1/accounts/{id:path}"): Role.VIEWER,
    ("GET", "/api/v1/decisions"): Role.VIEWER,
    ("POST", "/api/v1/decisions"): Role.ANALYST,
    ("DELETE", "/api/v1/decisions/{id}"): Role.ANALYST,
    ("GET", "/api/v1/proposals"): Role.VIEWER,
    ("POST", "/api/v1/proposals/{id}/approve"): Role.ADMIN,
    ("POST", "/api/v1/proposals/{id}/refuse"): Role.ANALYST,
    ("GET", "/api/v1/suppressions"): Role.VIEWER,
    ("POST", "/api/v1/suppressions"): Role.ANALYST,
    ("POST", "/api/v1/suppressions/preview"): Role.VIEWER,
    ("DELETE", "/api/v1/suppressions/{id}"): Role.ANALYST,
    ("GET", "/api/v1/declarations"): Role.VIEWER,
    ("POST", "/api/v1/declarations"): Role.ANALYST,
    ("POST", "/api/v1/declarations/preview"): Role.VIEWER,
    ("DELETE", "/api/v1/declarations/{account:path}"): Role.ANALYST,
    ("GET", "/api/v1/views"): Role.VIEWER,
    ("POST", "/api/v1/views"): Role.ANALYST,
    ("DELETE", "/api/v1/views/{name}"): Role.ANALYST,
    ("GET", "/api/v1/appeals"): Role.VIEWER,
    ("POST", "/api/v1/appeals"): Role.ANALYST,
    ("GET", "/api/v1/appeals/{id}"): Role.VIEWER,
    ("POST", "/api/v1/appeals/{id}/decide"): Role.ANALYST,
    ("POST", "/api/v1/appeals/{id}/withdraw"): Role.ANALYST,
    ("GET", "/api/v1/precision"): Role.VIEWER,
    ("GET", "/api/v1/baseline/highest"): Role.VIEWER,
    ("GET", "/api/v1/campaigns"): Role.VIEWER,
    ("GET", "/api/v1/campaigns/{id}"): Role.VIEWER,
    ("GET", "/api/v1/campaigns/{id}/members"): Role.VIEWER,
    ("POST", "/api/v1/campaigns/{id}/merge"): Role.ANALYST,
    ("POST", "/api/v1/campaigns/{id}/split"): Role.ANALYST,
    ("POST", "/api/v1/campaigns/{id}/exclude"): Role.ANALYST,
    ("POST", "/api/v1/campaigns/{id}/include"): Role.ANALYST,
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
"""Role that may make, approve and remove a decision of that kind; any who may decide at all may propose a block."""

ANALYST_THROTTLE = 24 * 3600 * 1_000_000
"""Longest throttle of an analyst, in microseconds; a longer one is a block by another name."""

FRESH: frozenset[tuple[str, str]] = frozenset(
    key
    for key in ACCESS
    if key[0] != "GET" and key[1].startswith(("/api/v1/users", "/api/v1/tokens", "/api/v1/destinations"))
)
"""Routes that a session may use only shortly after its password was asked for. A token is shown anew each time."""


def may(role: Role, method: str, route: str) -> bool:
    """Whether that role may use the route: what pages ask before they show a button."""
    access = ACCESS[method, route]
    return not isinstance(access, Role) or role.covers(access)
