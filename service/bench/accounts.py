"""Accounts: whole accounts of every kind, a harvest hidden in more and more honest use, ours beside the others.

One scored unit is an account. Its score is the highest that it had at any moment of its life, and the threshold is the
one that 0.5 % of *all* benign accounts exceed, hard negatives included. Kinds of account and sources of text are dealt
into folds, and each fold is judged by what was learnt from the others.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from service.bench.episodes import ablation, others, plan, store, traces
from service.bench.episodes.crossing import affordable, crossed, held_out, learnt
from service.bench.episodes.measure import measured
from service.bench.episodes.resample import ROUNDS, Sample, area, found, interval, median
from service.bench.figure import Figure, Target, at_least, at_most, shown
from service.bench.plot import Curve, cumulative, roc, roc_points, time_to_flag
from service.bench.statistics import threshold_at
from service.bench.suite import Outcome, Table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from service.bench.episodes.judge import Verdict
    from service.bench.plot import Plot
    from service.bench.suite import Given

FPR = 0.005
WANTED = {1.0: 0.8, 0.5: 0.5, 0.25: 0.2}
"""Share of the harvest -> share of accounts that is to be found."""
BUDGET = 0.001


@dataclass(frozen=True, slots=True)
class Size:
    """Accounts of each kind, and at each share."""

    ordinary: int
    hard: int
    attacks: int


FULL, QUICK = Size(10, 11, 5), Size(1, 1, 1)


@dataclass(frozen=True, slots=True)
class Held:
    """Everything that was judged."""

    benign: Sequence[Verdict]
    attacks: Sequence[Verdict]
    seed: int
    budget: float
    rounds: int
    """Of resampling, for the intervals."""

    def at(self, share: float) -> list[Verdict]:
        """Attacks of one share."""
        return [verdict for verdict in self.attacks if verdict.measured.episode.share == share]

    @property
    def threshold(self) -> float:
        """What 0.5 % of the benign exceed."""
        return threshold_at([verdict.score for verdict in self.benign], FPR)


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
        given.say("accounts: each signal left out in turn")
        return Outcome(
            suite=self.name,
            about=ABOUT,
            data=f"{library.words}; {len(known):,} benign accounts to learn from, {len(held.benign):,} to judge "
            f"({sum(v.measured.episode.hard for v in held.benign):,} hard), {len(held.attacks):,} harvests; "
            f"{sum(m.queries for m in [*known, *tested]):,} queries",
            figures=list(_figures(held)),
            tables=[
                *_tables(held, [peer.name for peer in peers]),
                *(() if given.traces is None else [_traced(given, given.traces, held)]),
                ablation.table(tested, folds, fpr=FPR),
            ],
            plots=list(_plots(held, [peer.name for peer in peers])),
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
)
SUITE = Accounts()


def _sample(verdicts: Sequence[Verdict], peer: str = "") -> Sample:
    return Sample.of(
        [(v.measured.peers[peer] if peer else v.score, v.measured.episode.kind, v.measured.source) for v in verdicts]
    )


def _figures(held: Held) -> Iterator[Figure]:
    benign = _sample(held.benign)
    for share in sorted(plan.SHARES, reverse=True):
        target = at_least(WANTED[share]) if share in WANTED else None
        yield _found(f"found at 0.5 % FPR, {share:.0%} share", held.at(share), benign, held, target)
    full = held.at(1.0)
    for name, hard, bound in (("ordinary", False, 0.98), ("hard", True, 0.96)):
        against = _sample([v for v in held.benign if v.measured.episode.hard == hard])
        yield _area(f"AUROC at full share, against {name}", _sample(full), against, held, at_least(bound))
    yield _median(full, held)
    alerts = sum(v.alerts > 0 for v in held.benign)
    yield Figure(
        name="benign accounts with an alert",
        value=alerts / max(1, len(held.benign)),
        n=len(held.benign),
        note=f"a flag of medium or above at a budget of {held.budget:g} per account-day",
    )
    yield Figure(
        name="harvests with an alert, full share",
        value=sum(v.alerts > 0 for v in full) / max(1, len(full)),
        n=len(full),
        note="a flag of medium or above, as above",
    )


def _found(name: str, verdicts: Sequence[Verdict], benign: Sample, held: Held, target: Target | None) -> Figure:
    attack = _sample(verdicts)
    return Figure(
        name=name,
        value=found(attack, benign, FPR, np.ones(len(attack)), np.ones(len(benign))),
        n=len(attack),
        interval=interval(
            attack, benign, lambda a, b: found(attack, benign, FPR, a, b), seed=held.seed, rounds=held.rounds
        ),
        target=target,
    )


def _area(name: str, attack: Sample, benign: Sample, held: Held, target: Target) -> Figure:
    return Figure(
        name=name,
        value=area(attack, benign, np.ones(len(attack)), np.ones(len(benign))),
        n=len(attack) + len(benign),
        interval=interval(attack, benign, lambda a, b: area(attack, benign, a, b), seed=held.seed, rounds=held.rounds),
        unit="",
        target=target,
        note="n is of both sides",
    )


def _median(verdicts: Sequence[Verdict], held: Held) -> Figure:
    threshold = held.threshold
    reached = Sample.of(
        [(float(v.queries_to(threshold) or math.inf), v.measured.episode.kind, v.measured.source) for v in verdicts]
    )
    nobody = Sample.of([(0.0, "", "")])
    low, high = interval(reached, nobody, lambda a, _: median(reached.scores, a), seed=held.seed, rounds=held.rounds)
    value = median(reached.scores, np.ones(len(reached)))
    return Figure(
        name="median queries to flag at full share",
        value=value if math.isfinite(value) else math.nan,
        n=len(reached),
        interval=(low, high) if math.isfinite(high) else None,
        unit="queries",
        target=at_most(150),
        note="over all harvests, those never flagged counted as never; evaluated at the 20th, 40th, 80th ... query and "
        "at the close of every hour",
    )


def _tables(held: Held, peers: Sequence[str]) -> Iterator[Table]:
    shares = sorted(plan.SHARES, reverse=True)
    if peers:
        rows = [_beside("revenuer", "", held, shares), *(_beside(peer, peer, held, shares) for peer in peers)]
        yield Table(
            "Beside the published detectors, found at 0.5 % FPR",
            ("detector", *(f"#{share:.0%}" for share in shares), "#AUROC ordinary", "#AUROC hard"),
            rows,
            "Each with its own threshold, set on the same benign accounts.",
        )
    threshold = held.threshold
    grouped: dict[str, dict[float, list[bool]]] = defaultdict(lambda: defaultdict(list))
    for verdict in held.attacks:
        grouped[verdict.measured.episode.kind][verdict.measured.episode.share].append(verdict.score > threshold)
    yield Table(
        "Harvests by kind, found at that threshold",
        ("kind", *(f"#{share:.0%}" for share in shares), "#n each"),
        [
            (kind, *(shown(float(np.mean(hits[share])), "%") for share in shares), str(len(hits[1.0])))
            for kind, hits in sorted(grouped.items())
        ],
    )
    kinds: dict[str, list[float]] = defaultdict(list)
    for verdict in held.benign:
        kinds[verdict.measured.episode.kind].append(verdict.score)
    worst = sorted(kinds.items(), key=lambda item: -max(item[1]))
    yield Table(
        "Benign kinds, highest scores first",
        ("kind", "#highest score", "#above the threshold", "#n"),
        [(kind, f"{max(s):.4f}", str(sum(x > threshold for x in s)), str(len(s))) for kind, s in worst],
    )


def _traced(given: Given, folder: Path, held: Held) -> Table:
    whole = learnt(store.known(given), store.harvests(given), seed=given.seed)
    return traces.table(folder, whole, threshold=held.threshold, budget=held.budget)


def _beside(name: str, peer: str, held: Held, shares: Sequence[float]) -> tuple[str, ...]:
    benign = _sample(held.benign, peer)
    values = []
    for share in shares:
        attack = _sample(held.at(share), peer)
        values.append(shown(found(attack, benign, FPR, np.ones(len(attack)), np.ones(len(benign))), "%"))
    full = _sample(held.at(1.0), peer)
    for hard in (False, True):
        against = _sample([v for v in held.benign if v.measured.episode.hard == hard], peer)
        values.append(f"{area(full, against, np.ones(len(full)), np.ones(len(against))):.3f}")
    return (name, *values)


def _plots(held: Held, peers: Sequence[str]) -> Iterator[Plot]:
    benign = [v.score for v in held.benign]
    counted = f"{len(held.attacks):,} harvests, {len(benign):,} benign accounts"
    curves = [
        Curve(f"{share:.0%}", roc_points([v.score for v in held.at(share)], benign), emphasis=share == 1.0)
        for share in sorted(plan.SHARES, reverse=True)
    ]
    yield roc("Accounts, by share of the harvest", curves, counted)
    if peers:
        full = held.at(1.0)
        beside = [Curve("revenuer", roc_points([v.score for v in full], benign), emphasis=True)]
        beside += [
            Curve(p, roc_points([v.measured.peers[p] for v in full], [v.measured.peers[p] for v in held.benign]))
            for p in peers
        ]
        yield roc("Accounts at full share, beside the published detectors", beside, counted)
    threshold = held.threshold
    timed = [
        Curve(
            f"{share:.0%}",
            cumulative([q for v in at if (q := v.queries_to(threshold)) is not None], len(at)),
            steps=True,
            emphasis=share == 1.0,
        )
        for share in sorted(plan.SHARES, reverse=True)
        if (at := held.at(share))
    ]
    yield time_to_flag("Queries until an account is flagged", timed, counted, most=800)
