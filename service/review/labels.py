"""Labels: closed alerts with their verdicts and the detectors behind them, from the stores."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

from service.model.alert import Status
from service.ports import AlertFilter, FlagFilter
from service.review.joining import SYSTEM
from service.review.precision import detectors

if TYPE_CHECKING:
    from service.model.alert import Alert, Verdict
    from service.ports import Alerts, Records

MOST = 2_000
"""Alerts looked at; the listing is by priority, so the ones that mattered most."""
PAGE = 200
FLAGS = 100
"""Flags of one alert that are looked at, the newest."""


def labelled(alerts: Alerts, records: Records) -> list[tuple[Verdict, frozenset[str]]]:
    """Verdict and detectors of each closed alert."""
    found: list[tuple[Verdict, frozenset[str]]] = []
    after: str | None = None
    while len(found) < MOST:
        page = alerts.alerts(AlertFilter(frozenset({Status.CLOSED})), after, PAGE)
        found += [(alert.verdict, _behind(alert, records)) for alert in page.items if alert.verdict]
        if page.next is None:
            break
        after = page.next
    return found[:MOST]


def time_to_review(alerts: Alerts) -> tuple[float, int] | None:
    """Median seconds from the flag that opened an alert to its closing, and of how many alerts; None without any.

    Those that nobody closed, since their campaign goes on under another id, are left out.

    Where the log is replayed, flags have the history's time and the seconds say nothing.
    """
    page = alerts.alerts(AlertFilter(frozenset({Status.CLOSED})), None, PAGE)
    judged = [alert for alert in page.items if alert.assignee != SYSTEM]
    took = [(alert.closed - alert.opened) / 1e6 for alert in judged if alert.closed is not None]
    return (median(took), len(took)) if took else None


def _behind(alert: Alert, records: Records) -> frozenset[str]:
    where = FlagFilter(scope=alert.entity.scope, entity=alert.entity.value, since=alert.opened, until=alert.updated + 1)
    return detectors(records.flags(where, None, FLAGS).items)
