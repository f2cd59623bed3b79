"""False alarms: thousands of honest account-days, and whether the stated budget holds.

Two readings of the same days. In the one every kind of account was there when the baseline was learnt, as customers
of an operator are: accounts are halved, and each half is judged by what was learnt from the other. In the other the
account's kind and sources of text were not there at all, which is what a new customer of a new kind looks like; no
bound is promised for that, since nothing makes a new kind exchangeable with the old ones, and it is measured all the
same.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from detectors.core.calibration import clopper_pearson, upper_limit
from detectors.core.combiner import Combiner
from service.bench.episodes import plan, store
from service.bench.episodes.crossing import affordable, calibrated, crossed, held_out
from service.bench.episodes.judge import verdicts
from service.bench.episodes.measure import measured
from service.bench.figure import Figure, at_most
from service.bench.suite import Outcome, Table
from service.simulate.dice import Dice

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from service.bench.episodes.judge import Verdict
    from service.bench.suite import Given

BUDGET = 0.001
DAYS = 3
EACH, QUICK = 124, 1
VOLUME = plan.Volume((1, 40), (1, 50), (60, 300), heavy_every=16)
"""Natural volumes, cut off: the light majority is what an operator's customers are mostly made of."""


class FalseAlarms:
    """The suite."""

    name = "false-alarms"
    summary = "honest account-days of every kind against the stated budget, with an exact upper limit"

    def run(self, given: Given) -> Outcome:
        """Measure, learn on one half, judge the other; then by kinds left out."""
        each, days, volume = (QUICK, 1, plan.SMALL) if given.quick else (EACH, DAYS, VOLUME)
        library = store.library(given)
        episodes = plan.benign(given.seed + plan.TESTED, volume, ordinary_each=each, hard_each=each, days=days)
        tested = measured(episodes, library, given, "accounts")
        # By lot: the plan deals heavy accounts out by turns, and taking turns would put them all on one side.
        lot = Dice(given.seed, 5).order(len(tested))
        halves = [[tested[i] for i in lot[0::2]], [tested[i] for i in lot[1::2]]]
        own = [calibrated(half, Combiner.default(), seed=given.seed) for half in halves]
        folds = crossed(tested, store.harvests(given), seed=given.seed)
        budget = affordable(BUDGET, [*own, *folds])
        same = [
            v for half, held in zip(halves, reversed(own), strict=True) for v in verdicts(half, held, budget=budget)
        ]
        new = held_out(tested, folds, budget=budget)
        kinds = len({m.episode.kind for m in tested})
        return Outcome(
            suite=self.name,
            about=ABOUT,
            data=f"{library.words}; {len(tested):,} accounts of {kinds} kinds over {days} days, "
            f"{sum(m.queries for m in tested):,} queries; budget {budget:g}",
            figures=[
                *_figures("known kinds", same, budget, "fresh accounts of kinds that were learnt from"),
                *_figures("new kinds", new, budget, "kind and sources of text unseen; no bound is promised here"),
            ],
            tables=[_worst("Alerts by kind, known kinds", same), _worst("Alerts by kind, new kinds", new)],
            notes=[
                f"{name}: calibrated on {held.days:,} account-days"
                for name, held in [("half", own[0]), ("half", own[1]), *((f"fold {i}", b) for i, b in enumerate(folds))]
            ],
        )


ABOUT = (
    "A trial is an account and a day on which it was evaluated. An alert is a flag of medium or above; a day counts "
    "once. The upper limit is exact (Clopper-Pearson, one-sided, 95 %); days of one account are alike, so the number "
    "of accounts with an alert is given beside it."
)
SUITE = FalseAlarms()


def _figures(name: str, found: Sequence[Verdict], budget: float, note: str) -> Iterator[Figure]:
    days, alerts = sum(v.measured.days for v in found), sum(v.alerts for v in found)
    two_sided = clopper_pearson(alerts, days)
    accounts = sum(v.alerts > 0 for v in found)
    yield Figure(
        name=f"alerts per account-day, {name}", value=alerts / max(1, days), n=days,
        interval=(two_sided.low, two_sided.high), note=f"{alerts} alerts on {accounts} accounts; {note}",
    )  # fmt: skip
    yield Figure(
        name=f"upper 95 % limit, {name}", value=upper_limit(alerts, days), n=days, target=at_most(budget),
        note="exact, one-sided",
    )  # fmt: skip


def _worst(title: str, found: Sequence[Verdict]) -> Table:
    days, alerts = Counter[str](), Counter[str]()
    for verdict in found:
        days[verdict.measured.episode.kind] += verdict.measured.days
        alerts[verdict.measured.episode.kind] += verdict.alerts
    rows = [(kind, str(alerts[kind]), f"{days[kind]:,}") for kind in sorted(days, key=lambda k: (-alerts[k], k))]
    return Table(title, ("kind", "#alerts", "#account-days"), rows)
