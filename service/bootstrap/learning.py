"""Learning the installation's own baseline, in a process of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from detectors.features import Extractor
from service.bootstrap.scoring import baselines
from service.bootstrap.stores import secrets, stores
from service.pipeline.learning import PERIOD, RECENT, STALE, TENTH, drift, learn

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
    drifted = drift(held.records.benign(RECENT), baselines(settings, features=features))
    if drifted.low > STALE and drifted.n:
        log.warning("baseline.stale", share=round(drifted.estimate, 3), expected=TENTH, account_days=drifted.n)
    learnt = learn(held.records.benign(PERIOD), budget=settings.scoring.budget, features=features)
    if learnt is None:
        log.info("baseline.too_small", budget=settings.scoring.budget)
        return False
    learnt.save(settings.own_baseline)
    log.info("baseline.learnt", version=learnt.version, file=str(settings.own_baseline))
    return True
