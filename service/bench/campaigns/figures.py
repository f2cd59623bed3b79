"""Figures: what was reached of each case, and how often honest accounts were called a campaign."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from detectors.core.calibration import upper_limit
from service.bench.campaigns import judge
from service.bench.campaigns.cases import CASES
from service.bench.figure import Figure, at_least, at_most, rate
from service.simulate.hydra.crowds import CROWDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from service.bench.campaigns.cases import Case
    from service.bench.campaigns.drive import Run
    from service.bench.campaigns.episodes import Episode
    from service.bench.campaigns.judge import Found
    from service.bench.campaigns.prints import Prints

HOUR = 3_600_000_000
LINKING = 50
"""Microseconds of CPU that linking may cost a query."""


def figures(run: Run) -> Iterator[Figure]:
    """Of every case that has a target."""
    found = judge.found(run)
    for case in CASES:
        if case.plan.name in found:
            yield from _case(case, found[case.plan.name])
    yield from _succession(run)
    crowds = judge.crowded(run, list(CROWDS))
    alarms = [crowd.name for crowd in crowds if crowd.is_alarm]
    yield Figure(
        name="honest crowds flagged at medium or above", value=len(alarms), n=len(crowds), unit="",
        target=at_most(0), note=", ".join(alarms),
    )  # fmt: skip


def _case(case: Case, found: Found) -> Iterator[Figure]:
    name = case.plan.name
    if case.share is not None:
        value = found.share if found.flagged_at is not None else math.nan
        yield Figure(
            name=f"{name}: volume before the flag", value=value, n=found.queries, target=at_most(case.share),
            note="n: its queries; one campaign, so no interval",
        )  # fmt: skip
    if case.queries is not None:
        yield Figure(
            name=f"{name}: queries before the flag", n=found.queries, unit="", target=at_most(case.queries),
            value=found.before if found.flagged_at is not None else math.nan,
            note="n: its queries; one campaign, so no interval",
        )  # fmt: skip
    if case.recall is not None:
        hits = round(found.recall * found.accounts)
        yield rate(f"{name}: members found", hits, found.accounts, target=at_least(case.recall), note="n: its accounts")
    if case.precision is not None:
        right = round(found.precision * found.members) if found.members else 0
        yield rate(
            f"{name}: members rightly named", right, found.members, target=at_least(case.precision),
            note="n: accounts in its last flags",
        )  # fmt: skip


def _succession(run: Run) -> Iterator[Figure]:
    """How long until the first successor is in a flag, by time and by queries of the successors."""
    for name, held in run.truth.campaigns.items():
        if not held.successors:
            continue
        begun = min(held.first[account] for account in held.successors)
        attached = [said.at for said in run.said if said.is_alarm and held.successors.intersection(said.members)]
        at = min(attached, default=None)
        last = {said.campaign: said for said in run.said if said.is_alarm}
        named = {member for said in last.values() for member in said.members}
        yield Figure(
            name=f"{name}: hours until a successor is attached", n=len(held.successors), unit="h", target=at_most(24),
            value=math.nan if at is None else (at - begun) / HOUR, note="from the first query of the first successor",
        )  # fmt: skip
        yield Figure(
            name=f"{name}: queries until a successor is attached", n=len(held.done), unit="", target=at_most(500),
            value=math.nan if at is None else held.by(at) - held.by(begun), note="of the whole campaign",
        )  # fmt: skip
        yield rate(f"{name}: successors found", len(named & held.successors), len(held.successors))


def false_alarms(run: Run, honest: Sequence[Episode]) -> Iterator[Figure]:
    """Campaigns that are none: in the stream, and over the episodes."""
    wrong = judge.false(run)
    yield Figure(
        name="false campaigns in the stream", value=len(wrong), n=run.truth.honest, unit="", target=at_most(0),
        note="n: honest queries; crowds are among them",
    )  # fmt: skip
    large = [episode for episode in honest if episode.counts]
    hit = sum(episode.false > 0 for episode in large)
    yield rate("benign episodes with a false campaign", hit, len(large), target=at_most(0), note="n: episodes")
    yield Figure(
        name="upper 95 % limit of that", value=upper_limit(hit, len(large)), n=len(large), note="exact, one-sided"
    )


def making(prints: Prints) -> Iterator[Figure]:
    """CPU of each query before linking: its digests, what it hands on, and the features that linking reads."""
    n = prints.truth.events
    yield Figure(
        name="CPU of a query, footprints", value=1e6 * prints.cpu / max(1, n), n=n, unit="us",
        note="the making of the records is left out",
    )  # fmt: skip


def cost(run: Run, what: str) -> Iterator[Figure]:
    """CPU of each query, and memory, of a run that links."""
    yield Figure(
        name=f"CPU of a query, {what}", value=1e6 * run.cpu / max(1, run.taken), n=run.taken, unit="us",
        target=at_most(LINKING), note="of this start; the making of the records is left out",
    )  # fmt: skip
    yield Figure(
        name=f"largest memory of the process, {what}", value=run.peak / 2**20, n=run.truth.events, unit="MiB",
        note="with the simulator and what the bench notes",
    )  # fmt: skip
