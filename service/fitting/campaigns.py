"""Fit the judge of campaigns: ``python -m service.fitting.campaigns --seed N --out campaigns.npz``.

Honest scenes are thin background and crowds that share much (courses, popular templates, companies, resellers), and
*large* ones of so many accounts that well-known prompts gather thousands; campaigns of many shapes are hidden in
background. Every group that is followed gives its measures at the close of each slot in which it grew. Some of the
honest scenes are fitted on, the others give the p-values.
"""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click
import numpy as np

from detectors.coordination import judge
from detectors.coordination.group import MEASURES, measure
from detectors.coordination.index import Index
from detectors.coordination.ties import ties
from detectors.features import Extractor
from service.bootstrap.replay import STRANGER
from service.gateway.dialects import Dialects
from service.pipeline.campaigns.prints import footprints
from service.pipeline.observe import observe
from service.pipeline.trail import Recognised, digests, entries, recognise
from service.ports import SLOT
from service.replay.reader import completions
from service.replay.records import read
from service.simulate.hydra.crowds import CROWDS
from service.simulate.hydra.presets import PRESETS
from service.simulate.hydra.stream import Scene, records
from service.simulate.texts import own

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from detectors.coordination.footprints import Footprints
    from service.model.query import QueryEvent
    from service.ports import TrailEntry

FITTED = ("thin", "steady", "replaced", "paraphrased", "prefixed", "covered", "keys-40", "keys-500", "keys-500-topics")
"""Presets that are fitted on."""
MOMENTS = 12
"""Of each group, evenly spread."""
FEW = 5
"""One small honest scene of so many is fitted on; the others give the p-values, which need the numbers."""
LARGE = 20_000
"""Accounts of a large scene; every second one is fitted on."""
SHARE, CARRIED = 0.9, 0.2
"""Of a group's queries that a campaign must have sent, and of its members' queries that must be of the group, for it
to be what ties the campaign: members share other things too, as everybody does."""


def scene_of(seed: int, *, campaign: str = "") -> Scene:
    """One scene: honest, or with a campaign of that preset cut down to size."""
    plan = PRESETS[campaign] if campaign else None
    small = replace(plan, accounts=min(plan.accounts, 250), per_account=min(plan.per_account, 20)) if plan else None
    rng = np.random.default_rng(seed)
    crowds = [] if small else list(rng.permutation(sorted(CROWDS))[:2])
    return Scene(campaigns=[small] if small else [], crowds=[CROWDS[name] for name in crowds], background=1800, days=2)


def groups(seed: int, scene: Scene) -> Iterator[tuple[bool, NDArray[np.float64]]]:
    """Every group of the scene: whether it is a campaign's, and its measures and ties at some of its moments."""
    index = Index()
    labels: dict[int, bool] = {}
    found: dict[int, list[NDArray[np.float64]]] = {}
    for rows in slots(seed, scene, labels):
        for key in index.due(index.fold(rows)):
            group = index.groups[key]
            found.setdefault(key, []).append(np.append(measure(group, index.whole(group)), ties(group)))
    for key, moments in found.items():
        if key not in index.groups:
            continue
        group = index.groups[key]
        ours = sum(use.queries for account, use in group.uses.items() if labels.get(account, False))
        devotion = moments[-1][MEASURES.index("devotion")]
        chosen = np.linspace(0, len(moments) - 1, min(MOMENTS, len(moments))).astype(int)
        yield bool(ours >= SHARE * group.queries and devotion >= CARRIED), np.array(moments)[chosen]


def slots(seed: int, scene: Scene, labels: dict[int, bool]) -> Iterator[Footprints]:
    """The scene's footprints, slot by slot; ``labels`` is told which accounts are a campaign's."""
    extractor = Extractor(STRANGER)
    known: dict[bytes, TrailEntry] = {}

    def noted() -> Iterator[QueryEvent]:
        dialects = Dialects()
        for number, record in enumerate(records(seed, scene, own())):
            labels[extractor.digest(record["account"])] = bool((record.get("label") or {}).get("attack"))
            yield read(record, dialects=dialects, number=number)

    held: list[QueryEvent] = []
    for event in completions(noted()):
        if held and event.done // SLOT > held[0].done // SLOT:
            yield _printed(held, extractor, known)
            held = []
        held.append(event)
    if held:
        yield _printed(held, extractor, known)


def _printed(events: Sequence[QueryEvent], extractor: Extractor, known: dict[bytes, TrailEntry]) -> Footprints:
    recognised: list[Recognised] = []
    for event in events:
        digest = digests(event, STRANGER)
        recognised.append(recognise(digest, event.done, known, event.query))
        known.update(entries(digest, event, known))
    return footprints(events, observe(events, recognised, extractor), extractor)


@click.command()
@click.option("--seed", default=1, show_default=True)
@click.option("--scenes", default=5, show_default=True, help="Small honest scenes.")
@click.option("--large", default=2, show_default=True, help="Honest scenes of 20,000 accounts.")
@click.option("--jobs", default=1, show_default=True, help="Processes.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True)
def main(seed: int, scenes: int, large: int, jobs: int, out: Path) -> None:
    """Fit the judge of campaigns on simulated scenes."""
    honest: list[list[NDArray[np.float64]]] = [[], []]
    harvests: list[NDArray[np.float64]] = []
    tasks = list(plan(seed, scenes, large))
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        for task, these in zip(tasks, pool.map(measured, tasks), strict=True):
            if task.campaign:
                harvests += [moments for attack, moments in these if attack]
            else:
                honest[task.kept] += [moments for _, moments in these]
            click.echo(f"{task}: {list(map(len, honest))} honest groups, {len(harvests)} of campaigns", err=True)
    about = {
        "command": f"python -m service.fitting.campaigns --seed {seed} --scenes {scenes} --large {large} "
        "--out campaigns.npz",
        "seed": seed,
        "licences": ["the project's own texts, Apache-2.0"],
        "honest": [len(some) for some in honest],
        "harvests": len(harvests),
        "features": Extractor(STRANGER).version,
    }
    found = judge.fit(honest[0], harvests, honest[1], about=about)
    found.save(out)
    click.echo(dict(zip(MEASURES, np.round(found.weights, 3).tolist(), strict=True)))
    click.echo(f"highest honest {found.benign[-5:]}")
    lost = [found.judge(m[-1, : len(MEASURES)]).p_value for m in harvests]
    click.echo(f"campaign groups at p <= 0.001 at their end: {np.mean(np.array(lost) <= 0.001):.3f} of {len(lost)}")


class Task(NamedTuple):
    """One scene to learn from."""

    seed: int
    campaign: str = ""
    """Preset; none where the scene is honest."""
    large: bool = False
    kept: bool = False
    """Whether it gives p-values and is not fitted on."""


def plan(seed: int, scenes: int, large: int) -> Iterator[Task]:
    """All scenes of a fit, the large ones first."""
    yield from (Task(seed * 1000 + 800 + n, large=True, kept=n % 2 > 0) for n in range(large))
    yield from (Task(seed * 1000 + n, kept=n % FEW > 0) for n in range(scenes))
    for number, name in enumerate(sorted(PRESETS)):
        if name in FITTED:
            yield Task(seed * 1000 + 500 + number, name)


def measured(task: Task) -> list[tuple[bool, NDArray[np.float64]]]:
    """The groups of one scene."""
    large = Scene(background=LARGE, days=2)
    return list(groups(task.seed, large if task.large else scene_of(task.seed, campaign=task.campaign)))


if __name__ == "__main__":
    main()
