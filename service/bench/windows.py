"""Windows: is a window of texts all of one customer's, or are some of them a distiller's? Beside the published test."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from service.bench.figure import Figure, at_least, at_most, rate
from service.bench.plot import Axis, Curve, Plot, roc, roc_points
from service.bench.suite import Outcome, Table
from service.bench.twosample.contest import SHARES, disjoint, overlapping
from service.bench.twosample.pairs import SAME_REGISTER, pairs
from service.bench.twosample.views import Views

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from service.bench.suite import Given
    from service.bench.twosample.contest import Seen
    from service.bench.twosample.pairs import Pair

SIZES = (1500, 300)
LOW = (0.05, 0.10)
"""Shares at which at most half of the published test's misses are to be left."""
OVERLAPPING = 50
"""Windows of each kind, as published."""
ROUNDS = 1000


@dataclass(frozen=True, slots=True)
class Judged:
    """A window of a pair; an alarm is a score above 1 for either test."""

    pair: str
    share: float
    ours: float
    theirs: float
    """Discrepancy over the least threshold at which no held-out benign window of that corpus is an alarm."""


class Windows:
    """The suite."""

    name = "windows"
    summary = "windows of 1,500 and 300 texts, attackers 5 to 100 %, beside the MMD test of arXiv 2606.05725"

    def run(self, given: Given) -> Outcome:
        """Both sizes on disjoint windows, then the published protocol."""
        texts, chosen = pairs(given)
        chosen = chosen[:3] if given.quick else chosen
        views = _views(texts, chosen)
        figures: list[Figure] = []
        tables: list[Table] = []
        plots: list[Plot] = []
        for n in (300,) if given.quick else SIZES:
            benign, mixed = _contest(chosen, views, n, given)
            figures += _figures(n, benign, mixed)
            tables.append(_by_pair(n, mixed))
            plots += _plots(n, benign, mixed)
        figures += _published(chosen, views, given)
        used = sorted({name for pair in chosen for name in (pair.attack, pair.benign)})
        return Outcome(
            suite=self.name,
            about=ABOUT,
            data=f"{given.sources}: {len(chosen)} pairs of {', '.join(f'{u} ({len(texts[u]):,})' for u in used)}",
            figures=figures,
            tables=tables,
            plots=plots,
            notes=NOTES,
        )


ABOUT = (
    "Each benign corpus is put in random order and dealt into thirds, in turn held out; of the rest one half fits, the "
    "other says what happens by chance. Every disjoint window of a held-out third is judged as it is, and with each "
    "share of its texts replaced by an attacker's. An alarm of ours is a score a fifth above the highest of 1,000 "
    "windows drawn by chance, fixed beforehand; the MMD test is given the lowest threshold at which none of those very "
    "benign windows is an alarm, which is in its favour."
)
NOTES = (
    "A window test tells new texts from known ones, not a distiller from a new customer: accounts are for that.",
    "MMD sees the product's embedding in place of bge-small; its own published figures stand in the paper.",
    "The overlapping protocol draws from held-out texts that are often fewer than two windows: no interval is honest.",
)


def _views(texts: Mapping[str, Sequence[str]], chosen: Sequence[Pair]) -> dict[str, Views]:
    names = sorted({name for pair in chosen for name in (pair.attack, pair.benign)})
    return {name: Views.of(texts[name]) for name in names}


def _contest(
    chosen: Sequence[Pair], views: Mapping[str, Views], n: int, given: Given
) -> tuple[dict[str, list[Seen]], list[Judged]]:
    """Benign windows by corpus, and mixed ones."""
    benign: dict[str, list[Seen]] = {}
    mixed: list[Judged] = []
    for name, group in groupby(sorted(chosen, key=lambda pair: pair.benign), key=lambda pair: pair.benign):
        attacks = {pair.attack: views[pair.attack] for pair in group}
        seen = list(disjoint(views[name], attacks, n, seed=given.seed, repeats=1 if given.quick else _repeats(n)))
        benign[name] = [one for one in seen if not one.attack]
        least = max((one.theirs for one in benign[name]), default=math.nan)
        mixed += [
            Judged(f"{one.attack} in {name}", one.share, one.ours, one.theirs / least) for one in seen if one.attack
        ]
        given.say(f"windows of {n:,}: {name}, {len(benign[name])} benign, {len(seen) - len(benign[name])} mixed")
    return benign, mixed


def _repeats(n: int) -> int:
    """Large windows are few, so each is used with other attackers more often."""
    return 8 if n > 1000 else 2


def _figures(n: int, benign: Mapping[str, Sequence[Seen]], mixed: Sequence[Judged]) -> Iterator[Figure]:
    held = [one for windows in benign.values() for one in windows]
    yield rate(
        f"false alarms, windows of {n:,}",
        sum(one.ours > 1.0 for one in held),
        len(held),
        target=at_most(0.0),
        note=f"n: all disjoint held-out benign windows of {len(benign)} corpora; the upper limit is the bound",
    )
    yield rate(
        f"p-values of 1 % or less, windows of {n:,}",
        sum(one.p_value <= 0.01 for one in held),
        len(held),
        note="of the same benign windows; 1 % is what it should be",
    )
    for share in SHARES:
        of = [one for one in mixed if math.isclose(one.share, share, abs_tol=0.01)]
        yield _found(f"found at {share:.0%}, windows of {n:,}", of, lambda one: one.ours > 1.0)
        yield _found(f"MMD: found at {share:.0%}, windows of {n:,}", of, lambda one: one.theirs > 1.0)
        yield _misses(n, share, of)


def _found(name: str, of: Sequence[Judged], hit: Callable[[Judged], bool]) -> Figure:
    hits = sum(map(hit, of))
    low, high = _interval(of, lambda some: sum(map(hit, some)) / len(some))
    return Figure(
        name=name,
        value=hits / len(of) if of else math.nan,
        n=len(of),
        interval=(low, high),
        note="n: windows; the interval is from drawing whole pairs again",
    )


def _misses(n: int, share: float, of: Sequence[Judged]) -> Figure:
    def ratio(some: Sequence[Judged]) -> float:
        ours, theirs = sum(one.ours <= 1.0 for one in some), sum(one.theirs <= 1.0 for one in some)
        return ours / theirs if theirs else (0.0 if not ours else math.inf)

    value = ratio(of) if of else math.nan
    low, high = _interval(of, ratio)
    return Figure(
        name=f"misses over MMD's at {share:.0%}, windows of {n:,}",
        value=value if math.isfinite(value) else math.nan,
        n=len(of),
        interval=(low, high) if math.isfinite(high) else None,
        unit="",
        target=at_most(0.5 if share in LOW else 1.0),
        note=f"{sum(o.ours <= 1 for o in of)} against {sum(o.theirs <= 1 for o in of)} misses; 0 where neither has one",
    )


def _interval(of: Sequence[Judged], statistic: Callable[[Sequence[Judged]], float]) -> tuple[float, float]:
    """95 % interval from drawing whole pairs again."""
    groups: defaultdict[str, list[Judged]] = defaultdict(list)
    for one in of:
        groups[one.pair].append(one)
    held = list(groups.values())
    if not held:
        return math.nan, math.nan
    random = np.random.default_rng(0)
    drawn = [
        statistic([one for i in random.integers(0, len(held), len(held)) for one in held[i]]) for _ in range(ROUNDS)
    ]
    low, high = np.quantile(drawn, [0.025, 0.975], method="nearest")
    return float(low), float(high)


def _by_pair(n: int, mixed: Sequence[Judged]) -> Table:
    rows = []
    hard = {f"{a} in {b}" for a, b in SAME_REGISTER}
    for pair, group in groupby(sorted(mixed, key=lambda one: one.pair), key=lambda one: one.pair):
        of = list(group)
        cells = [f"{pair}{' (same register)' if pair in hard else ''}", str(len(of) // len(SHARES))]
        for share in SHARES:
            some = [one for one in of if math.isclose(one.share, share, abs_tol=0.01)]
            both = (sum(one.ours > 1 for one in some), sum(one.theirs > 1 for one in some))
            cells.append(" / ".join(f"{100 * hits / len(some):.0f}" for hits in both) if some else "-")
        rows.append(cells)
    columns = ("pair", "#windows a share", *(f"#{share:.0%}" for share in SHARES))
    return Table(f"windows of {n:,}: per cent found by ours / by MMD, no false alarm in either", columns, rows)


def _plots(n: int, benign: Mapping[str, Sequence[Seen]], mixed: Sequence[Judged]) -> Iterator[Plot]:
    held = [one for windows in benign.values() for one in windows]
    least = {name: max(one.theirs for one in windows) for name, windows in benign.items() if windows}
    theirs = [one.theirs / least[name] for name, windows in benign.items() for one in windows]
    curves = []
    for share in LOW:
        of = [one for one in mixed if math.isclose(one.share, share, abs_tol=0.01)]
        curves += [
            Curve(f"ours, {share:.0%}", roc_points([o.ours for o in of], [o.ours for o in held]), emphasis=True),
            Curve(f"MMD, {share:.0%}", roc_points([o.theirs for o in of], theirs)),
        ]
    yield roc(f"Windows of {n:,}: ROC", curves, f"{len(held)} benign windows; scores over each corpus's own threshold")
    points: dict[str, list[tuple[float, float]]] = {"ours": [], "MMD": []}
    for share in SHARES:
        of = [one for one in mixed if math.isclose(one.share, share, abs_tol=0.01)]
        if of:
            points["ours"].append((share, sum(one.ours > 1 for one in of) / len(of)))
            points["MMD"].append((share, sum(one.theirs > 1 for one in of) / len(of)))
    yield Plot(
        f"Windows of {n:,}: found by share of attackers, without a false alarm",
        Axis("attackers' share of the window", 0.05, 1.0, percent=True),
        Axis("windows found", 0.0, 1.0, percent=True),
        [Curve(name, xy, emphasis=name == "ours") for name, xy in points.items()],
        f"{len(mixed)} mixed windows; MMD at the lowest threshold without a false alarm",
    )


def _published(chosen: Sequence[Pair], views: Mapping[str, Views], given: Given) -> Iterator[Figure]:
    """The overlapping protocol: rates of each test at its own threshold, averaged over pairs."""
    n, windows = (300, 10) if given.quick else (SIZES[0], OVERLAPPING)
    rates: dict[str, list[tuple[float, float]]] = {"overlapping protocol": [], "MMD, overlapping protocol": []}
    for pair in chosen:
        seen = list(overlapping(views[pair.benign], views[pair.attack], n, seed=given.seed, windows=windows))
        given.say(f"overlapping protocol: {pair}")
        for name, alarm in (
            ("overlapping protocol", [one.ours > 1.0 for one in seen]),
            ("MMD, overlapping protocol", [one.theirs > one.published for one in seen]),
        ):
            false = [hit for hit, one in zip(alarm, seen, strict=True) if not one.attack]
            found = [hit for hit, one in zip(alarm, seen, strict=True) if one.attack]
            rates[name].append((sum(false) / len(false), sum(found) / len(found)))
    note = f"{windows} windows of each kind a pair, which share most of their texts; n: pairs; no interval is honest"
    for name, of in rates.items():
        ours = name == "overlapping protocol"
        fpr, tpr = (float(np.mean(column)) for column in zip(*of, strict=True))
        yield Figure(
            name=f"{name}: false alarms", value=fpr, n=len(of), target=at_most(0.003) if ours else None, note=note
        )
        yield Figure(name=f"{name}: found, mean of the shares", value=tpr, n=len(of), note=note)
        yield Figure(
            name=f"{name}: balanced accuracy",
            value=(tpr + 1.0 - fpr) / 2.0,
            n=len(of),
            target=at_least(0.985) if ours else None,
            note="published for MMD: 95.1",
        )


SUITE = Windows()
