"""Declared: an announced job raises no alert within its budget, and nobody else's verdict changes."""

from __future__ import annotations

from service.bench.episodes.declared import declared
from service.bench.episodes.episode import Episode
from service.bench.episodes.judge import Judged, Verdict
from service.bench.episodes.measure import Measured


def verdict(kind: str, *, queries: int = 100) -> Verdict:
    """An account with one alert, at its hundredth query."""
    account = Measured(Episode(number=1, kind=kind, seed=1), "own", queries, 1, [])
    return Verdict(account, [Judged(20_000, 100, 0.99, "high")])


def test_a_declared_job_raises_no_alert() -> None:
    """Its moments stay at low and below any threshold."""
    (eased,) = declared([verdict("quizzes")])
    assert (eased.alerts, eased.score, eased.judged[0].severity) == (0, 0.0, "low")


def test_what_was_not_announced_stays() -> None:
    """Neither a harvest nor an honest account of another kind is eased."""
    kept = [verdict("evolve"), verdict("articles")]
    assert declared(kept) == kept


def test_beyond_its_budget_it_is_as_any_other() -> None:
    """A job that took more than was announced is judged by what it sent."""
    beyond = verdict("benchmark", queries=99)
    assert declared([beyond]) == [beyond]
