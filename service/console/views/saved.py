"""Saved views: what the queue is asked, under a name, for everybody who reviews here."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from service.api import viewing
from service.api.errors import Unprocessable
from service.console.visit import ROOT

if TYPE_CHECKING:
    from starlette.responses import Response

    from service.console.visit import Visit

NAME = re.compile(r"[^\x00-\x1f/?#]{1,64}")


def save(visit: Visit) -> Response:
    """Save what the queue is asked now."""
    name, query = visit.field("name"), visit.field("query")[:2_000]
    if NAME.fullmatch(name) is None:
        raise Unprocessable("a view needs a name of at most 64 characters, without / ? and #")
    made = viewing.save(visit.control, visit.identity, name, query, origin="console")
    return visit.go(f"{ROOT}/queue?{made.query}")


def remove(visit: Visit) -> Response:
    """Take a view away."""
    viewing.remove(visit.control, visit.identity, visit.part("name")[:64], origin="console")
    return visit.go(f"{ROOT}/queue")
