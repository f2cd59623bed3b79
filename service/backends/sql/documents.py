"""Evaluations and flags as JSON, and back."""

from __future__ import annotations

import zlib
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from detectors.core.detector import Signal
from service.backends.sql import jsontext
from service.model.entity import Entity, Scope
from service.model.flag import Evaluation, Flag, Rate, Severity
from service.model.link import Link, LinkKind, Odometer

if TYPE_CHECKING:
    from sqlalchemy.engine import Row

SEVERITIES = tuple(Severity)


def evaluation_row(evaluation: Evaluation) -> dict[str, Any]:
    """Columns to filter and order by, and the rest as compressed JSON."""
    body = {name: getattr(evaluation, name) for name in ("groups", "signals", "against", "values")}
    return {
        "scope": evaluation.entity.scope.value,
        "value": evaluation.entity.value,
        "at": evaluation.at,
        "reason": evaluation.trigger,
        "window_start": evaluation.window,
        "queries": evaluation.queries,
        "score": float(evaluation.score),
        "p_value": float(evaluation.p_value),
        "severity": None if evaluation.severity is None else evaluation.severity.rank,
        "body": zlib.compress(jsontext.encode_measures(body), 1),
    }


def evaluation(row: Row[Any]) -> Evaluation:
    """What :func:`evaluation_row` was given."""
    body = jsontext.decode(zlib.decompress(row.body))
    return Evaluation(
        entity=Entity(Scope(row.scope), row.value),
        window=row.window_start,
        trigger=row.reason,
        at=row.at,
        queries=row.queries,
        score=row.score,
        p_value=row.p_value,
        severity=None if row.severity is None else SEVERITIES[row.severity],
        groups=body["groups"],
        signals=tuple(Signal(**signal) for signal in body["signals"]),
        against=body["against"],
        values=body["values"],
    )


def flag_row(flag: Flag) -> dict[str, Any]:
    """Columns to filter by, and the rest of the flag as JSON."""
    body = {field.name: getattr(flag, field.name) for field in fields(flag) if field.name != "entity"}
    return {
        "id": flag.id,
        "scope": flag.entity.scope.value,
        "value": flag.entity.value,
        "severity": flag.severity.rank,
        "flagged_at": flag.flagged_at,
        "body": jsontext.encode_measures(body).decode(),
        "alert": None,
    }


def flag(row: Row[Any]) -> Flag:
    """What :func:`flag_row` was given."""
    body = jsontext.decode(row.body)
    return Flag(
        entity=Entity(Scope(row.scope), row.value),
        **body
        | {
            "severity": SEVERITIES[row.severity],
            "reasons": tuple(Signal(**signal) for signal in body["reasons"]),
            "false_positive_rate": Rate(**body["false_positive_rate"]),
            "techniques": tuple(body["techniques"]),
            "events": tuple(body["events"]),
            # Flags of earlier releases name none.
            "members": tuple(body.get("members", ())),
            "joined": tuple(body.get("joined", ())),
            "links": tuple(_link(link) for link in body.get("links", ())),
            "odometer": Odometer(**body["odometer"]) if body.get("odometer") else None,
        },
    )


def _link(body: dict[str, Any]) -> Link:
    return Link(**body | {"kind": LinkKind(body["kind"]), "accounts": tuple(body["accounts"])})
