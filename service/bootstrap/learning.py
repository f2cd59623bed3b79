"""Learning the installation's own baseline, in a process of its own."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import structlog

from detectors.features import Extractor
from service.bootstrap.declarations import Declarations
from service.bootstrap.own import NAME
from service.bootstrap.scoring import baselines
from service.bootstrap.stores import secrets, stores
from service.pipeline.learning import PERIOD, RECENT, STALE, TENTH, drift, learn, undeclared
from service.ports import Learnt

if TYPE_CHECKING:
    from service.settings import Settings

log = structlog.get_logger()


def run(settings: Settings) -> bool:
    """Learn from the log and put the baseline in place; False while there is too little.

    The worker takes the new file up by itself.
    """
    held = stores(settings)
    # Only for the version of the features, which a baseline must state; the key plays no part in it.
    features = Extractor(secrets(settings).digest_key).version
    declared = Declarations(held.registers.declarations).all()
    drifted = drift(undeclared(held.records.benign(RECENT), declared), baselines(settings, features=features))
    if drifted.low > STALE and drifted.n:
        log.warning("baseline.stale", share=round(drifted.estimate, 3), expected=TENTH, account_days=drifted.n)
    benign = undeclared(held.records.benign(PERIOD), declared)
    learnt = learn(benign, budget=settings.scoring.budget, features=features)
    if learnt is None:
        log.info("baseline.too_small", budget=settings.scoring.budget)
        return False
    learnt.save(settings.own_baseline)
    # In the database as well, from where every worker takes it: they must all measure by the same.
    body = settings.own_baseline.read_bytes()
    held.baselines.save(NAME, Learnt(version=learnt.version, body=body, created=time.time_ns() // 1000))
    log.info("baseline.learnt", version=learnt.version, file=str(settings.own_baseline))
    return True
