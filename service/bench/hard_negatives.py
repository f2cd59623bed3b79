"""Hard negatives: honest accounts that look like a harvest, kind by kind, and how many would be bothered.

An episode is one account of a hard kind over a day, with texts, clients and pacing of its own and at least some
hundred queries. What counts is a flag of medium or above, the ones that an analyst is asked to look at.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from service.bench.episodes import plan, store
from service.bench.episodes.crossing import affordable, crossed, held_out
from service.bench.episodes.declared import JOBS, declared
from service.bench.episodes.judge import verdicts
from service.bench.episodes.measure import measured
from service.bench.figure import at_most, rate, row
from service.bench.suite import Outcome, Table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from service.bench.episodes.judge import Verdict
    from service.bench.figure import Figure
    from service.bench.suite import Given

BUDGET = 0.001
EACH, QUICK = 300, 2
VOLUME = plan.Volume(hard=(80, 200), heavy_every=12)
OVERALL, ANY = 0.01, 0.02
"""Share with an alert that is accepted, over all and of any kind."""
KINDS = {
    "harness": "evaluation harness, re-run",
    "benchmark": "benchmark run once",
    "nightly": "nightly regression",
    "classify": "batch labelling",
    "extract": "document extraction",
    "describe": "texts for a catalogue",
    "articles": "publisher of articles",
    "product": "product, many users behind a key",
    "classroom": "class behind one key",
    "fixtures": "synthetic data for own tests",
    "swarm": "swarm of agents",
    "localise": "catalogue into many languages",
    "retrieval": "retrieval with a shared template",
    "judge": "grading of own system",
    "redteam": "safety testing of own bot",
}
"""Kinds of the suite, in words."""


class HardNegatives:
    """The suite."""

    name = "hard-negatives"
    summary = "honest accounts that look like a harvest, kind by kind: the share that would be flagged"

    def run(self, given: Given) -> Outcome:
        """Measure, learn, judge, count."""
        each, volume = (QUICK, plan.SMALL) if given.quick else (EACH, VOLUME)
        known = store.known(given)
        episodes = [
            held
            for held in plan.benign(given.seed + plan.TESTED, volume, ordinary_each=0, hard_each=each)
            if held.kind in KINDS
        ]
        library = store.library(given)
        tested = measured(episodes, library, given, "hard negatives")
        learnt = crossed(known, store.harvests(given), seed=given.seed)
        budget = affordable(BUDGET, learnt)
        found = held_out(tested, learnt, budget=budget)
        beside = list(verdicts(tested, store.shipped(given), budget=budget))
        return Outcome(
            suite=self.name,
            about=ABOUT,
            data=f"{library.words}; {len(found):,} episodes of {len(KINDS)} kinds with "
            f"{sum(m.queries for m in tested):,} queries; {len(known):,} accounts to learn from; budget {budget:g}",
            figures=list(_figures(found, beside)),
            tables=[
                _table("Kind left out of what is learnt from", found),
                _table("Under the baseline that ships", beside),
            ],
            notes=[
                f"fold {fold}: {held.days:,} benign account-days of other kinds calibrate it"
                for fold, held in enumerate(learnt)
            ],
        )


ABOUT = (
    "A trial is an account of a hard kind over a day. Its kind and its sources of text took no part in what it is "
    "judged by: kinds and sources are dealt into four folds. Counted is an account with a flag of medium or above."
)
SUITE = HardNegatives()


def _figures(found: Sequence[Verdict], beside: Sequence[Verdict]) -> Iterator[Figure]:
    alerts = sum(v.alerts > 0 for v in found)
    yield rate(
        "medium or above, all kinds", alerts, len(found), target=at_most(OVERALL), note="kind and sources unseen"
    )
    kind, hits, n = max(_counted(found), key=lambda item: (item[1] / item[2], item[0]))
    yield rate(f"medium or above, worst kind ({kind})", hits, n, target=at_most(ANY), note="kind and sources unseen")
    jobs = _counted(declared(found))
    eased = sum(hits for _, hits, _ in jobs)
    yield rate("medium or above, all kinds, jobs declared", eased, len(found), note=JOBS)
    kind, hits, n = max(jobs, key=lambda item: (item[1] / item[2], item[0]))
    yield rate(f"medium or above, worst kind ({kind}), jobs declared", hits, n, note=JOBS)
    known = sum(v.alerts > 0 for v in beside)
    yield rate(
        "medium or above, all kinds, shipped baseline", known, len(beside),
        note="the baseline that ships has seen accounts of these kinds, not these accounts",
    )  # fmt: skip


def _counted(found: Sequence[Verdict]) -> list[tuple[str, int, int]]:
    n = Counter(v.measured.episode.kind for v in found)
    hits = Counter(v.measured.episode.kind for v in found if v.alerts)
    return [(kind, hits[kind], n[kind]) for kind in n]


def _table(title: str, found: Sequence[Verdict]) -> Table:
    rows = []
    for kind, hits, n in sorted(_counted(found), key=lambda item: (-item[1] / item[2], item[0])):
        _, value, interval, *_ = row(rate(kind, hits, n))
        median = sorted(v.measured.queries for v in found if v.measured.episode.kind == kind)[n // 2]
        rows.append((f"{kind}: {KINDS[kind]}", value, interval, f"{n:,}", f"{median:,}"))
    return Table(title, ("kind", "#medium or above", "#95 % interval", "#n", "#median queries"), rows)
