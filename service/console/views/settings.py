"""Settings: what is in force here, as far as it concerns whoever works with the console."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.api.access import Role

if TYPE_CHECKING:
    from starlette.responses import Response

    from service.console.visit import Visit


def show(visit: Visit) -> Response:
    """Tokens for an admin; retention, content and scoring for everybody."""
    tokens = sorted(visit.control.tokens.all(), key=lambda token: -token.created) if visit.may(Role.ADMIN) else None
    return visit.page("settings.html", tokens=tokens)
