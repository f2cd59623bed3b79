"""Learning the installation's own baseline, in a process of its own."""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from detectors.features import Extractor
from service.bootstrap.declarations import Declarations
from service.bootstrap.own import NAME
from service.bootstrap.scoring import baselines
from service.bootstrap.stores import secrets, stores
from service.model.entity import Scope
from service.pipeline.highest import highest
from service.pipeline.learning import PERIOD, RECENT, STALE, TENTH, drift, learn, undeclared
from service.ports import Learnt
from service.review.highest import save

if TYPE_CHECKING:
    from collections.abc import Iterator

    from detectors.core.baseline import Baselines
    from detectors.core.calibration import Interval
    from service.bootstrap.stores import Stores
    from service.model.flag import Evaluation
    from service.settings import Settings

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Learning:
    """What came of it."""

    baselines: Baselines
    enough: bool
    """Whether it supports the alarm budget, and so was put in place."""
    drift: Interval
    """Share of the last week's account-days in the highest tenth of the baseline that was in force."""

    @property
    def stale(self) -> bool:
        """Whether that baseline surely no longer fitted."""
        return self.drift.low > STALE and self.drift.n > 0


def daily(settings: Settings) -> None:
    """Learn, and say in the log what came of it."""
    done = run(settings)
    if done.stale:
        share = round(done.drift.estimate, 3)
        log.warning("baseline.stale", share=share, expected=TENTH, account_days=done.drift.n)
    if done.enough:
        log.info("baseline.learnt", version=done.baselines.version, file=str(settings.own_baseline))
    else:
        log.info("baseline.too_small", budget=settings.scoring.budget)


def run(settings: Settings) -> Learning:
    """Learn from the log, and put the baseline in place where it is enough; the workers take it up by themselves."""
    # Only for the version of the features, which a baseline must state; the key plays no part in it.
    features = Extractor(secrets(settings).digest_key).version
    with closing(stores(settings)) as held:
        drifted = drift(_benign(held, RECENT), baselines(settings, features=features))
        learnt = learn(_benign(held, PERIOD), features=features)
        enough = learnt.calibration(Scope.ACCOUNT).supports(settings.scoring.budget)
        if enough:
            _put_in_place(settings, held, learnt)
    return Learning(learnt, enough, drifted)


def _benign(held: Stores, period: int) -> Iterator[Evaluation]:
    """The evaluations of so many microseconds of event time that may be learnt from."""
    return undeclared(held.records.benign(period), Declarations(held.registers.declarations).all())


def _put_in_place(settings: Settings, held: Stores, learnt: Baselines) -> None:
    now = time.time_ns() // 1000
    # First, so that whoever sees the new baseline finds its account-days too. Read again from the log rather than
    # kept from the fit: a month of them is large.
    save(held.baselines, learnt.version, highest(_benign(held, PERIOD), learnt), now)
    learnt.save(settings.own_baseline)
    # In the database as well, from where every worker takes it: they must all measure by the same.
    body = settings.own_baseline.read_bytes()
    held.baselines.save(NAME, Learnt(version=learnt.version, body=body, created=now))
