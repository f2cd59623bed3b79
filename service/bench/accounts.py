"""Accounts: whole accounts of every kind, a harvest hidden in more and more honest use, ours beside the others.

One scored unit is an account. Its score is the highest that it had at any moment of its life, and the threshold is the
one that 0.5 % of *all* benign accounts exceed, hard negatives included. Kinds of account and sources of text are dealt
into folds, and each fold is judged by what was learnt from the others.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from service.bench.episodes import ablation, others, plan, store, traces
from service.bench.episodes.crossing import affordable, crossed, held_out, learnt
from service.bench.episodes.declared import declared
from service.bench.episodes.figures import declared_figures, figures
from service.bench.episodes.held import FPR, Held
from service.bench.episodes.measure import measured
from service.bench.episodes.pictures import plots, tables
from service.bench.episodes.resample import ROUNDS
from service.bench.suite import Outcome

if TYPE_CHECKING:
    from pathlib import Path

    from service.bench.suite import Given, Table

BUDGET = 0.001


@dataclass(frozen=True, slots=True)
class Size:
    """Accounts of each kind, and at each share."""

    ordinary: int
    hard: int
    attacks: int


FULL, QUICK = Size(10, 11, 5), Size(1, 1, 1)


class Accounts:
    """The suite."""

    name = "accounts"
    summary = "whole accounts, a harvest in 0 to 95 % honest use: found at 0.5 % false alarms, AUROC, queries to flag"

    def run(self, given: Given) -> Outcome:
        """Measure, learn, judge, count."""
        size = QUICK if given.quick else FULL
        library = store.library(given)
        volume = plan.SMALL if given.quick else plan.NATURAL
        benign = plan.benign(given.seed + plan.TESTED, volume, ordinary_each=size.ordinary, hard_each=size.hard)
        attacks = plan.attacks(given.seed + plan.HARVESTED, volume, each=size.attacks)
        known = store.known(given)
        peers = others.fitted(known, library, seed=given.seed)
        tested = measured([*benign, *attacks], library, given, "accounts to judge", peers=peers)
        folds = crossed(known, store.harvests(given), seed=given.seed)
        budget = affordable(BUDGET, folds)
        verdicts = held_out(tested, folds, budget=budget)
        held = Held(
            [v for v in verdicts if not v.measured.episode.attack],
            [v for v in verdicts if v.measured.episode.attack],
            given.seed,
            budget,
            100 if given.quick else ROUNDS,
        )
        announced = replace(held, benign=declared(held.benign))
        given.say("accounts: each signal left out in turn")
        return Outcome(
            suite=self.name,
            about=ABOUT,
            data=f"{library.words}; {len(known):,} benign accounts to learn from, {len(held.benign):,} to judge "
            f"({sum(v.measured.episode.hard for v in held.benign):,} hard), {len(held.attacks):,} harvests; "
            f"{sum(m.queries for m in [*known, *tested]):,} queries",
            figures=[*figures(held), *declared_figures(announced)],
            tables=[
                *tables(held, [peer.name for peer in peers]),
                *(() if given.traces is None else [_traced(given, given.traces, held)]),
                ablation.table(tested, folds, fpr=FPR),
            ],
            plots=list(plots(held, [peer.name for peer in peers])),
            notes=NOTES,
        )


ABOUT = (
    "A trial is an account over one day (low-and-slow: four). Its score is its highest at any moment; an account that "
    "never sent the 20 queries of a first evaluation scores 0 and counts. The threshold is the one that 0.5 % of all "
    "benign accounts exceed. Kinds and sources are dealt into four folds; an account is judged by what was learnt from "
    "accounts of the other three. Intervals: kinds and sources of text drawn again, 1,000 times."
)
NOTES = (
    "Harvests of many accounts at once are not in this suite: one account of theirs shows next to nothing.",
    "Accounts are generated; how well generated accounts stand for real ones is not measured here.",
    "The project's own phrases about published ways to make training data are left out of no fold.",
)
SUITE = Accounts()


def _traced(given: Given, folder: Path, held: Held) -> Table:
    whole = learnt(store.known(given), store.harvests(given), seed=given.seed)
    return traces.table(folder, whole, threshold=held.threshold, budget=held.budget)
