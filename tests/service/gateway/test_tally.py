"""Counts reach the metrics once, all of them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from service.gateway.tally import Tally
from service.model.query import Outcome

if TYPE_CHECKING:
    import pytest


def test_flush(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was counted is added to the metrics by one flush and not by the next."""
    # A registry of its own: a gateway of another test may be counting in the shared one.
    registry = CollectorRegistry()
    own = SimpleNamespace(
        OPEN=Gauge("open", "", registry=registry),
        REQUESTS=Counter("requests", "", ["outcome"], registry=registry),
        FIRST_BYTE=Histogram("wait", "", registry=registry),
        FORWARDED_EARLY=Counter("early", "", registry=registry),
    )
    monkeypatch.setattr("service.gateway.tally.metrics", own)
    tally = Tally()
    tally.open, tally.early = 7, 2
    tally.ended(Outcome.CLIENT_GONE, 1500)
    tally.ended(Outcome.CLIENT_GONE, -1)
    for _ in range(2):
        tally.flush()
        assert registry.get_sample_value("requests_total", {"outcome": "client_gone"}) == 2
        assert registry.get_sample_value("requests_total", {"outcome": "ok"}) is None
        assert registry.get_sample_value("wait_count") == 1
        assert registry.get_sample_value("wait_sum") == 0.0015
        assert registry.get_sample_value("early_total") == 2
        assert registry.get_sample_value("open") == 7
