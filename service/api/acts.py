"""Acts: what a request did, for the audit log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.model.audit import Act

if TYPE_CHECKING:
    from fastapi import Request

    from service.api.identity import Identity
    from service.model.decision import Decision


def identity(request: Request) -> Identity:
    """Who asks, on a route that needs a role."""
    found: Identity = request.scope["revenuer.identity"]
    return found


def actor(request: Request) -> str:
    """Who asks, as the audit log names them."""
    return identity(request).name


def by_token(request: Request, at: int, action: str, subject: str, **detail: str) -> Act:
    """What whoever asks did."""
    return Act(at=at, actor=actor(request), origin="api", action=action, subject=subject, detail=detail)


def decision_detail(decision: Decision) -> dict[str, str]:
    """What is needed to understand a decision when it is no longer there."""
    return {
        "id": decision.id,
        "kind": str(decision.kind),
        "until": "" if decision.until is None else str(decision.until),
        "reason": decision.reason,
        "simulated": str(decision.simulated).lower(),
    }
