"""Suite: every case in one stream, then honest episodes, then the largest size where a folder for it is given."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, Any

from service.bench.campaigns import links
from service.bench.campaigns.ablations import alone, table
from service.bench.campaigns.cases import planted, scene
from service.bench.campaigns.drive import Setup
from service.bench.campaigns.episodes import EPISODES, episodes
from service.bench.campaigns.figures import cost, false_alarms, figures, making
from service.bench.campaigns.large import figures as duration
from service.bench.campaigns.large import large
from service.bench.campaigns.linking import everything
from service.bench.campaigns.prints import printed
from service.bench.campaigns.tables import tables
from service.bench.campaigns.traces import hydras
from service.bench.suite import Outcome
from service.garbage import seldom_collected
from service.simulate.hydra.stream import records
from service.simulate.texts import load, own

if TYPE_CHECKING:
    from collections.abc import Iterator

    from service.bench.figure import Figure
    from service.bench.suite import Given

QUICK = 0.01
"""Scale of a quick run."""


class Campaigns:
    """The suite."""

    name = "campaigns"
    summary = "many accounts of one distiller among honest ones: how early, how many of them, how often in error"

    def run(self, given: Given) -> Outcome:
        """One stream with everything, the episodes, the ablations."""
        with seldom_collected():
            return _run(given)


def _run(given: Given) -> Outcome:
    scale = QUICK if given.quick else given.scale
    setup = Setup.of(given)
    prints = printed(stream(given, scale), say=given.say)
    found = everything(prints, say=given.say)
    texts = load(given.corpora) if given.corpora else own()
    found.accounts = alone(given.seed, scale, texts, setup, say=given.say)
    honest = list(episodes(max(2, round(EPISODES * scale)), seed=given.seed, say=given.say))
    truth = found.truth
    hidden = sum(len(held.accounts) for held in truth.campaigns.values())
    return Outcome(
        suite=Campaigns.name,
        about=ABOUT,
        data=f"{truth.honest:,} honest queries of {truth.honest_accounts:,} accounts; "
        f"{len(truth.campaigns)} campaigns of {hidden:,} accounts; scale {scale:g}",
        figures=[
            *figures(found),
            *links.figures(found, planted(scene(scale))),
            *false_alarms(found, honest),
            *making(prints),
            *cost(found, "linking"),
            *_large(given),
        ],
        tables=[*tables(found, honest), table(prints, say=given.say)],
        notes=NOTES,
    )


def _large(given: Given) -> list[Figure]:
    """What the largest size costs, where a folder for it is given."""
    if given.resume is None:
        return []
    found = large(given.resume, seed=given.seed, scale=given.scale, say=given.say)
    return [*cost(found.run, "linking alone, largest"), *duration(found)]


def stream(given: Given, scale: float) -> Iterator[dict[str, Any]]:
    """The records of all cases, crowds and background, and of the traces of campaigns where there are any."""
    texts = load(given.corpora) if given.corpora else own()
    made = records(given.seed, scene(scale), texts)
    return heapq.merge(made, *hydras(given.traces), key=lambda record: record["ts"])


ABOUT = (
    "One stream of five days holds the background, every honest crowd and every campaign, each begun on its second or "
    "third day. A campaign is found with the first flag of scope campaign of medium or above most of whose members are "
    "its own; recall and precision are of the members in its last flags. A false campaign is one most of whose members "
    "are honest. An episode is five days of some 420 honest accounts and one crowd."
)
NOTES = (
    "Every campaign and every honest account was generated; how well they stand for real ones is not measured here.",
    "Campaigns that send an instruction are linked one by one among all honest ones, those that send none together.",
    "Linking reads footprints and nothing else: single accounts are scored in a run of their own, of the same queries.",
    "Earliness and recall of a case are of one campaign each: n is its queries or accounts, not campaigns.",
)
SUITE = Campaigns()
