"""Suppressions and declared jobs: what was announced or found harmless, by whom and until when."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.model.entity import Entity, Scope

if TYPE_CHECKING:
    from starlette.responses import Response

    from service.console.visit import Visit


def show(visit: Visit) -> Response:
    """Declared jobs with how much of each is taken."""
    jobs = [
        (job, visit.control.records.account(Entity(Scope.ACCOUNT, job.account)))
        for _, job in sorted(visit.console.declarations().items())
    ]
    return visit.page("suppressions.html", jobs=jobs, entity=visit.asked("entity")[:512])
