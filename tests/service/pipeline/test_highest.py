"""Highest: the accounts whose days a baseline's calibration ends with are listed, each once."""

from __future__ import annotations

import pytest

from detectors.core.fusion import fused_score
from detectors.core.registry import all_detectors
from service.model.account_day import MOST
from service.model.entity import Scope
from service.pipeline.highest import highest
from service.pipeline.learning import learn
from tests.service.pipeline.learnt import DAY, FIRST, evaluation, honest

SEEN = honest(130, days=3)
LEARNT = learn(SEEN, features="")


def test_they_are_the_highest_of_all() -> None:
    """Each account's best moment of all days, of which the first hundred are kept in order."""
    scores: dict[str, tuple[float, int]] = {}
    for one in SEEN:
        score = fused_score(one.values, one.queries, LEARNT.of(Scope.ACCOUNT, one.queries), all_detectors())
        account = one.entity.value
        scores[account] = max((score, -one.at), scores.get(account, (-1.0, 0)))
    wanted = sorted((-score, -at, account) for account, (score, at) in scores.items())[:MOST]
    found = highest(SEEN, LEARNT)
    assert [(-day.score, day.at, day.account) for day in found] == wanted
    assert {day.queries for day in found} == {320}


def test_they_end_the_calibration() -> None:
    """What a score is held against ends with them, as far as they are of the half that calibrates."""
    scores = [day.score for day in highest(SEEN, LEARNT)]
    assert any(score == pytest.approx(LEARNT.calibration(Scope.ACCOUNT).scores[-1]) for score in scores)


def test_a_harvest_among_the_honest_comes_first() -> None:
    """On the day it was out of line, at the moment it was furthest, and once; an org's is not listed."""
    at = FIRST + DAY + DAY // 3
    harvest = [evaluation("harvest", at + step, out=out) for step, out in enumerate((2.0, 4.0, 3.0))]
    org = evaluation("org", at, out=5.0, scope=Scope.ORG)
    seen = sorted([*SEEN, *harvest, org], key=lambda one: one.at)
    found = highest(seen, learn(seen, features=""))
    assert (found[0].account, found[0].at) == ("harvest", at + 1)
    assert found[0].score > found[1].score
    assert [day.account for day in found].count("harvest") == 1
    assert "org" not in {day.account for day in found}


def test_nothing_has_no_highest() -> None:
    """Of no evaluation there is no account-day."""
    assert highest([], LEARNT) == ()
