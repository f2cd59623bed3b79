"""Control: what the handlers work with, given once when the application is built."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from service.access.door import Door
    from service.access.people import People
    from service.api.cookies import Cookie
    from service.api.cursors import Cursors
    from service.model.flag import Flag
    from service.notify.delivery import Delivery
    from service.notify.notices import Notices
    from service.ports import Alerts, Audit, Decisions, Ingest, LearntBaselines, Records, Registers, Tokens
    from service.settings import Settings


def clock() -> int:
    """Now, in microseconds since the epoch."""
    return time.time_ns() // 1000


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Control:
    """Ports and keys of one control plane."""

    settings: Settings
    records: Records
    decisions: Decisions
    tokens: Tokens
    alerts: Alerts
    audit: Audit
    ingest: Ingest
    registers: Registers
    baselines: LearntBaselines
    people: People
    door: Door
    cookie: Cookie
    notices: Notices
    delivery: Delivery
    pack: Callable[[Flag, str, int], bytes]
    """From a flag, what of the texts goes in, and a number of latest queries, to the archive of its evidence."""
    token_key: bytes
    cursors: Cursors
    clock: Callable[[], int] = clock
    """Tokens and decisions end by the wall clock; everything about traffic is in event time."""
