"""What is to be done about this caller, from a table in memory. It fails open, is counted, and never waits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from service import metrics
from service.gateway.refusal import Refusal
from service.gateway.trouble import told
from service.model.decision import ALLOW, Decision, Kind, Ruling
from service.model.entity import Entity, Scope

if TYPE_CHECKING:
    from service.ports import DecisionTable

log = structlog.get_logger()

RETRY_AFTER = 30
"""Seconds that a throttled caller is told to wait where its decision has no end."""
LONGEST_RETRY = 3600


class Guard:
    """Looks a caller up in the decisions.

    Only the scopes that some decision is about cost a lookup, so an empty table costs nothing.
    """

    def __init__(self, table: DecisionTable) -> None:
        self._table = table

    @property
    def reads_body(self) -> bool:
        """Whether a decision is about end users, whom only the body names."""
        try:
            return Scope.END_USER in self._table.scopes
        except Exception:  # noqa: BLE001 - ``rule`` meets it again, and counts it
            return False

    def rule(self, *, account: str, org: str, ip_prefix: str, end_user: str, now: int) -> Ruling:
        """The ruling for a request; empty values are no entity. ``now`` in microseconds since the epoch."""
        try:
            scopes = self._table.scopes
            if not scopes:
                return ALLOW
            values = {Scope.ACCOUNT: account, Scope.ORG: org, Scope.IP_PREFIX: ip_prefix, Scope.END_USER: end_user}
            entities = [Entity(scope, value) for scope, value in values.items() if value and scope in scopes]
            decision = self._table.lookup(entities, now) if entities else None
        except Exception as error:  # noqa: BLE001 - whatever broke in the table must not stop traffic
            metrics.FAIL_OPEN.labels("guard").inc()
            log.warning("guard.failed_open", **told(error))
            return ALLOW
        return ALLOW if decision is None else _ruling(decision, now)


def _ruling(decision: Decision, now: int) -> Ruling:
    if decision.kind is not Kind.ALLOW:
        metrics.RULINGS.labels(decision.kind.value, str(decision.simulated).lower()).inc()
    if decision.simulated:
        return ALLOW
    wait = RETRY_AFTER if decision.until is None else -(-(decision.until - now) // 1_000_000)
    return Ruling(decision.kind, decision.id, max(1, min(wait, LONGEST_RETRY)))


def enforce(ruling: Ruling) -> None:
    """Raise the refusal that a ruling asks for, if it does. No reason is given beyond its kind."""
    if ruling.kind is Kind.BLOCK:
        raise Refusal(403, "blocked", "Access has been suspended. Contact the operator of this API.")
    if ruling.kind is Kind.THROTTLE:
        wait = ruling.retry_after
        raise Refusal(429, "throttled", f"Too many requests. Retry after {wait} s.", retry_after=wait)
