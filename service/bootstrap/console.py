"""The console's pages, beside the API of the control plane."""

from __future__ import annotations

from typing import TYPE_CHECKING

from detectors.core.registry import all_detectors
from service.bootstrap.declarations import Declarations
from service.bootstrap.detectors import standings
from service.console.routes import install
from service.gateway.dialects import Dialects
from service.pipeline.entities import unpack
from service.pipeline.learning import PERIOD

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from fastapi import FastAPI
    from numpy.typing import NDArray

    from service.bootstrap.stores import Stores
    from service.model.entity import Entity
    from service.model.query import QueryEvent, Turn
    from service.settings import Settings


def add_console(app: FastAPI, settings: Settings, held: Stores) -> None:
    """Put the pages into the application of :func:`service.api.build`."""
    install(
        app,
        app.state.control,
        standings=lambda: standings(settings, held.records.benign(PERIOD)),
        declarations=Declarations(held.registers.declarations).all,
        read=_turns,
        topics=lambda entities: _topics(held, entities),
    )


def _turns(event: QueryEvent) -> Sequence[Turn]:
    """The turns with their texts where the request was kept whole, else their roles."""
    if not isinstance(event.request, dict) or "redacted" in event.request:
        return event.query.turns
    return Dialects().read_document(event.method, event.path, event.request).turns


def _topics(held: Stores, entities: Sequence[Entity]) -> dict[Entity, NDArray[np.integer]]:
    """The counts that the coverage detector keeps of each entity, of all partitions."""
    detector = next(one for one in all_detectors() if one.name == "coverage")
    found: dict[Entity, NDArray[np.integer]] = {}
    for number in [part.number for part in held.partitions.all()] or [0]:
        for entity, stored in held.checkpoint_of(number).entities(entities).items():
            found[entity] = unpack(stored, [detector]).states["coverage"]["cells"]
    return found
