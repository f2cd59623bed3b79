"""Evidence of a flag, gathered from the stores into one archive; and events of the log as query records."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from service.api.documents import alert_detail, decision_document, evaluation_document, flag_document
from service.backends.sql.content import form
from service.bootstrap.scoring import baselines
from service.gateway.dialects import Dialects
from service.replay.records import write
from service.review.alerts import alert_id
from service.review.evidence import pack

if TYPE_CHECKING:
    from collections.abc import Callable

    from service.bootstrap.stores import Stores
    from service.model.flag import Flag
    from service.model.query import Query, QueryEvent
    from service.settings import Settings

EVALUATIONS = 500


def packer(settings: Settings, stores: Stores) -> Callable[[Flag, str, int], bytes]:
    """From a flag, what of the texts goes in, and a number of latest queries, to the archive."""

    def packed(flag: Flag, content: str, events: int) -> bytes:
        entity = flag.entity
        decided = [made for made in stores.decisions.all() if made.entity == entity]
        scored = stores.records.evaluations(entity, EVALUATIONS)
        queries = stores.records.extract(entity, flag.flagged_at, events)
        documents = {
            "flag.json": flag_document(flag),
            "alert.json": _alert(stores, flag),
            "decisions.json": [decision_document(made) for made in decided],
            "baseline.json": _baseline(settings, flag),
        }
        lines = {
            "evaluations.jsonl": [evaluation_document(made) for made in scored],
            "events.jsonl": [record(event, content) for event in queries],
        }
        return pack(documents, lines)

    return packed


def record(event: QueryEvent, content: str = "full") -> dict[str, Any]:
    """An event as a query record, with no more of its texts than ``content`` says and the log has."""
    if content != "full":
        told = isinstance(event.request, dict) and "redacted" in event.request
        shape = event.request if told or event.request is None else form(replace(event, query=query(event)))
        event = replace(
            event,
            request=shape if content == "redacted" else None,
            answer=replace(event.answer, body=None),
            query=replace(event.query, turns=()),
        )
    return write(event)


def query(event: QueryEvent) -> Query:
    """The query of an event from the log, with its turns as far as they were kept."""
    if event.request is None or event.query.turns:
        return event.query
    return Dialects().read_document(event.method, event.path, event.request)


def _alert(stores: Stores, flag: Flag) -> dict[str, Any] | None:
    alert = stores.alerts.alert(alert_id(flag.entity))
    return None if alert is None else alert_detail(alert, flags=(), notes=stores.alerts.notes(alert.id), decisions=())


def _baseline(settings: Settings, flag: Flag) -> dict[str, Any]:
    """The baseline in force, and whether it is the one that the flag was raised under."""
    held = baselines(settings)
    return {
        "version": held.version,
        "of_the_flag": flag.versions.get("baseline"),
        "account_days": held.calibration(str(flag.entity.scope)).n,
        "provenance": dict(held.provenance),
    }
