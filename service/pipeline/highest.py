"""Highest: the accounts that set the threshold of a baseline that was learnt, each by its highest day.

An alarm needs a score that hardly any account-day of those learnt from reaches, so the highest of these decide how high
that is. What is decided is decided about accounts, so one that is high every day stands there once. Where a harvest is
among them, others like it go unseen. Nothing automatic tells a harvest that was not flagged from honest heavy use;
somebody who looks at these few can.
"""

from __future__ import annotations

from heapq import nsmallest
from typing import TYPE_CHECKING

from detectors.core.fusion import fused_score
from detectors.core.registry import all_detectors
from service.model.account_day import MOST, AccountDay
from service.model.entity import Scope
from service.pipeline.learning import DAY

if TYPE_CHECKING:
    from collections.abc import Iterable

    from detectors.core.baseline import Baselines
    from service.model.flag import Evaluation


def highest(evaluations: Iterable[Evaluation], learnt: Baselines) -> tuple[AccountDay, ...]:
    """The ``MOST`` accounts with the highest combined scores under the baseline by their highest days, highest first.

    Parameters
    ----------
    evaluations
        What it was learnt from, in order of event time: no more than one day's accounts are held at once.
    learnt
        The baseline that was made of them.

    """
    detectors = all_detectors()
    found: list[AccountDay] = []
    today: dict[str, AccountDay] = {}
    day = -1
    for evaluation in evaluations:
        if evaluation.entity.scope is not Scope.ACCOUNT:
            continue
        if evaluation.at // DAY != day:
            found, today, day = _merged(found, today), {}, evaluation.at // DAY
        account, queries = evaluation.entity.value, evaluation.queries
        score = fused_score(evaluation.values, queries, learnt.of(Scope.ACCOUNT, queries), detectors)
        if account not in today or score > today[account].score:
            today[account] = AccountDay(account, evaluation.at, queries, score)
    return tuple(_merged(found, today))


def _merged(found: Iterable[AccountDay], today: dict[str, AccountDay]) -> list[AccountDay]:
    best = dict(today)
    for one in found:
        now = best.get(one.account)
        # At the same score the earlier day stands.
        if now is None or one.score >= now.score:
            best[one.account] = one
    return nsmallest(MOST, best.values(), key=lambda one: (-one.score, one.at, one.account))
