"""Shift: honest accounts that begin something else, and whether the change is taken for a harvest.

A test for a changed distribution raises an alarm with every new job of an honest customer. Here each account does
one thing on its first day and another on its second: a product that starts an evaluation, an office that has its
documents labelled. What counts are the windows after the change: which of them would be put before an analyst.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from service.bench.episodes import plan, store
from service.bench.episodes.crossing import affordable, crossed, held_out
from service.bench.episodes.measure import DAY, measured
from service.bench.figure import Figure, at_most, rate, row
from service.bench.suite import Outcome, Table
from service.simulate.population import START

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from service.bench.episodes.judge import Judged, Verdict
    from service.bench.suite import Given

BUDGET = 0.001
EACH, QUICK = 30, 1
VOLUME = plan.Volume(hard=(60, 200), heavy_every=10)
WORKLOADS = (
    "harness", "benchmark", "nightly", "judge", "redteam", "fixtures", "classify", "extract", "translate", "localise",
    "describe", "articles", "quizzes", "retrieval", "swarm",
)  # fmt: skip
"""What is begun: the honest kinds that are hard to tell and are begun as a job."""
FIRST = int(START // DAY)
"""The day before the change."""
OVERALL, ANY = 0.01, 0.02
"""Share of accounts that may be escalated, over all and of any workload."""


class Shift:
    """The suite."""

    name = "shift"
    summary = "honest accounts that begin another workload: the share whose change is taken for a harvest"

    def run(self, given: Given) -> Outcome:
        """Measure, learn, judge, count what came after the change."""
        each, volume = (QUICK, plan.SMALL) if given.quick else (EACH, VOLUME)
        library = store.library(given)
        tested = measured(plan.shifts(given.seed + plan.TESTED, volume, WORKLOADS, each=each), library, given, "shifts")
        folds = crossed(store.known(given), store.harvests(given), seed=given.seed)
        budget = affordable(BUDGET, folds)
        found = held_out(tested, folds, budget=budget)
        return Outcome(
            suite=self.name,
            about=ABOUT,
            data=f"{library.words}; {len(found):,} accounts that begin {len(WORKLOADS)} workloads, "
            f"{sum(m.queries for m in tested):,} queries; budget {budget:g}",
            figures=list(_figures(found)),
            tables=[_table(found)],
        )


ABOUT = (
    "An account does one ordinary thing on its first day and a workload on its second; neither kind, nor its sources "
    "of text, took part in what it is judged by. Counted are evaluations after the change with a flag of medium or "
    "above, and accounts with one. No target is stated for windows: those of one account are alike."
)
SUITE = Shift()


def after(verdict: Verdict) -> list[Judged]:
    """Its windows after the change, which comes at the first midnight."""
    return [held for held in verdict.judged if held.day > FIRST]


def _escalated(verdict: Verdict) -> bool:
    return any(held.alert for held in after(verdict))


def _figures(found: Sequence[Verdict]) -> Iterator[Figure]:
    hits = sum(map(_escalated, found))
    yield rate("accounts escalated after the change", hits, len(found), target=at_most(OVERALL))
    kind, worst, n = max(_counted(found), key=lambda item: (item[1] / item[2], item[0]))
    yield rate(f"accounts escalated, worst workload ({kind})", worst, n, target=at_most(ANY))
    windows = [held.alert for verdict in found for held in after(verdict)]
    yield Figure(
        name="windows escalated after the change",
        value=sum(windows) / max(1, len(windows)),
        n=len(windows),
        note="no interval: windows of one account are alike",
    )


def _counted(found: Sequence[Verdict]) -> list[tuple[str, int, int]]:
    n = Counter(verdict.measured.episode.kind for verdict in found)
    hits = Counter(verdict.measured.episode.kind for verdict in found if _escalated(verdict))
    return [(kind, hits[kind], n[kind]) for kind in n]


def _table(found: Sequence[Verdict]) -> Table:
    rows = []
    for kind, hits, n in sorted(_counted(found), key=lambda item: (-item[1] / item[2], item[0])):
        _, value, interval, *_ = row(rate(kind, hits, n))
        rows.append((kind, value, interval, f"{n:,}"))
    return Table("Begun on the second day", ("workload", "#escalated", "#95 % interval", "#n"), rows)
