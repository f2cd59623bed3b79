"""Contamination: what it costs when distillers were there while the baseline was learnt.

What is learnt from holds 0, 1, 5 or 10 % of harvesting accounts. An installation leaves out those that the baseline
shipped with the product would have flagged; that is measured as it comes, and after an analyst has looked at the
accounts that set the threshold. Then fresh accounts of the same kinds are judged: how many of the honest are flagged,
and how many harvests are still found.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from detectors.core.calibration import upper_limit
from detectors.core.combiner import Combiner
from service.bench.episodes import plan, store
from service.bench.episodes.crossing import affordable, calibrated
from service.bench.episodes.judge import verdicts
from service.bench.episodes.looking import looked
from service.bench.episodes.measure import measured
from service.bench.figure import Figure, at_most, rate, shown
from service.bench.suite import Outcome, Table
from service.simulate.dice import Dice

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from service.bench.episodes.known import Known
    from service.bench.episodes.measure import Measured
    from service.bench.suite import Given

BUDGET = 0.001
PARTS = {0.01: 0.02, 0.05: 0.05, 0.1: 0.1}
"""Part of the accounts that harvests -> how much the share found may fall."""
BENIGN, ATTACKS = 60, 8
"""Fresh accounts of each kind that are judged."""


@dataclass(frozen=True, slots=True)
class Learnt:
    """One way to have learnt, and what came of it."""

    part: float
    looks: int | None
    """Accounts that were looked at; None where none were to be."""
    kept: int
    """Harvests that were learnt from."""
    alerts: int
    days: int
    found: int
    harvests: int

    @property
    def share(self) -> float:
        """Of harvests that are found."""
        return self.found / max(1, self.harvests)

    @property
    def how(self) -> str:
        """How it was learnt."""
        return "as it comes" if self.looks is None else "looked through"


@dataclass(frozen=True, slots=True)
class Trial:
    """The accounts of the suite: benign ones and harvests to learn from, fresh ones to judge."""

    known: Sequence[Measured]
    among: Sequence[Measured]
    tested: Sequence[Measured]
    suspects: frozenset[int]
    """``id`` of those to learn from that the shipped baseline flags."""
    seed: int

    def calibrated(self, accounts: Sequence[Measured]) -> Known:
        """What is learnt from accounts: the baseline is an installation's own, the combiner comes with the product."""
        return calibrated(accounts, Combiner.default(), seed=self.seed)

    def learnt(self, part: float, *, look: bool, budget: float) -> Learnt:
        """Learn from this part of harvests, and judge."""
        count = round(len(self.known) * part / (1 - part))
        everyone = [*self.known, *self.among[:count]]
        accounts = [m for m in everyone if id(m) not in self.suspects]
        if look:
            # Alerts are looked at first: whoever is honest among them is vouched for.
            cleared = [m for m in everyone if id(m) in self.suspects and not m.episode.attack]
            done = looked([*accounts, *cleared], self.calibrated, vouched=cleared)
            looks = len(everyone) - len(accounts) + done.looks
            return self._judged(part, done.known, done.harvests, looks, budget)
        kept = sum(m.episode.attack for m in accounts)
        return self._judged(part, self.calibrated(accounts), kept, None, budget)

    def _judged(self, part: float, known: Known, kept: int, looks: int | None, budget: float) -> Learnt:
        found = list(verdicts(self.tested, known, budget=budget))
        benign = [v for v in found if not v.measured.episode.attack]
        attack = [v for v in found if v.measured.episode.attack]
        alerts, days = sum(v.alerts for v in benign), sum(v.measured.days for v in benign)
        return Learnt(part, looks, kept, alerts, days, sum(v.alerts > 0 for v in attack), len(attack))


class Contamination:
    """The suite."""

    name = "contamination"
    summary = "distillers among the accounts that a baseline is learnt from: false alarms and harvests found afterwards"

    def run(self, given: Given) -> Outcome:
        """Learn with more and more harvests among the accounts, and judge fresh ones."""
        library = store.library(given)
        trial = _trial(given)
        budget = affordable(BUDGET, [trial.calibrated(trial.known)])
        runs = [trial.learnt(part, look=look, budget=budget) for part in (0.0, *PARTS) for look in (False, True)]
        return Outcome(
            suite=self.name,
            about=ABOUT,
            data=f"{library.words}; {len(trial.known):,} benign accounts and up to {len(trial.among):,} harvests to "
            f"learn from, {len(trial.tested):,} fresh accounts to judge, {runs[0].harvests:,} of them harvests; "
            f"budget {budget:g}",
            figures=list(_figures(runs, budget)),
            tables=[_table(runs)],
            notes=NOTES,
        )


ABOUT = (
    "A baseline is learnt from benign accounts with a part of harvests among them. As it comes, those that the shipped "
    "one flags are left out. Looked through, they are looked at and the honest vouched for; then accounts are looked "
    "at from the highest score down, the harvests among them left out, and it is learnt again, until twenty in a row "
    "are honest. It judges fresh accounts of the same kinds. Found is a harvest at full share with a flag of medium or "
    "above."
)
NOTES = (
    "Harvests among the calibration days raise the highest scores, so what contamination costs is detection.",
    "Leaving flagged accounts out tightens the tail by the honest ones among them, and no bound is promised then.",
    "Looked through is by eyes that are always right. A harvest that is vouched for stays, and hides its like.",
    "Nothing is trimmed by itself: at the top of the scores harvests and the honest that resemble them most lie mixed.",
)
SUITE = Contamination()


def _trial(given: Given) -> Trial:
    volume = plan.SMALL if given.quick else plan.LEARNT
    benign, harvests = (1, 1) if given.quick else (BENIGN, ATTACKS)
    known, library = store.known(given), store.library(given)
    each = plan.attacks(given.seed + plan.KNOWN_HARVESTS, volume, each=1, shares=(1.0,))
    most = round(len(known) * max(PARTS) / (1 - max(PARTS)))
    bad = plan.attacks(given.seed + plan.KNOWN_HARVESTS, volume, each=-(-most // len(each)), shares=(1.0,))
    among = measured(bad, library, given, "harvests to learn from")
    among = [among[i] for i in Dice(given.seed, 3).order(len(among))]
    fresh = plan.benign(given.seed + plan.TESTED, volume, ordinary_each=benign, hard_each=benign)
    attacks = plan.attacks(given.seed + plan.HARVESTED, volume, each=harvests, shares=(1.0,))
    tested = measured([*fresh, *attacks], library, given, "accounts to judge")
    shipped = store.shipped(given)
    flagged = frozenset(id(v.measured) for v in verdicts([*known, *among], shipped, budget=BUDGET) if v.alerts)
    return Trial(known, among, tested, flagged, given.seed)


def _figures(runs: Sequence[Learnt], budget: float) -> Iterator[Figure]:
    clean = runs[1]
    yield rate("found, learnt from benign accounts alone", clean.found, clean.harvests)
    for run in runs[2:]:
        how = f"{run.part:.0%} harvests, {run.how}"
        if run.looks is not None:
            yield Figure(name=f"accounts looked at, {how}", value=run.looks, n=run.looks, unit="")
        yield Figure(
            name=f"alerts per account-day, {how}",
            value=run.alerts / max(1, run.days),
            n=run.days,
            interval=(0.0, upper_limit(run.alerts, run.days)),
            target=at_most(budget),
            note="interval: from zero to the exact one-sided upper limit",
        )
        yield Figure(
            name=f"share found lost, {how}",
            value=clean.share - run.share,
            n=run.harvests,
            target=at_most(PARTS[run.part]),
            note="the same harvests are judged each time, so there is no interval of a rate",
        )


def _table(runs: Sequence[Learnt]) -> Table:
    columns = ("harvests", "#looked at", "#harvests kept", "#alerts", "#benign account-days", "#found", "#of")
    rows = [
        (
            shown(run.part, "%"),
            "-" if run.looks is None else f"{run.looks:,}",
            str(run.kept),
            str(run.alerts),
            f"{run.days:,}",
            str(run.found),
            str(run.harvests),
        )
        for run in runs
    ]
    return Table("What was learnt from, and what came of it", columns, rows)
