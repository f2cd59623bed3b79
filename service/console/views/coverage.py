"""The coverage map: which topics an entity has visited, beside what is benign."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.console.coverage import SIZE, drawn
from service.model.entity import Entity, Scope

if TYPE_CHECKING:
    from starlette.responses import Response

    from service.console.visit import Visit

LISTED = 12
"""Topics in the table, those that differ most first."""


def show(visit: Visit) -> Response:
    """The map, with an entity's topics where one is named."""
    scope, value = visit.asked("scope", "account"), visit.asked("entity").strip()[:512]
    entity = Entity(Scope(scope), value) if value and scope in list(Scope) else None
    own = visit.console.topics([entity]).get(entity) if entity else None
    found = drawn(visit.console.benign_topics(), own)
    apart = sorted(found.cells, key=lambda cell: cell.benign_share - cell.own_share)
    return visit.page(
        "coverage.html", found=found, size=SIZE, entity=entity, known=own is not None, apart=apart[:LISTED]
    )
