"""Fit the judge of campaigns: ``python -m service.fitting.campaigns --seed N --out campaigns.npz``.

Honest scenes are thin background and crowds that share much (courses, popular templates, companies, resellers);
campaigns of many shapes are hidden in as much background. Every group that is followed gives its measures at the close
of each slot in which it grew. Some of the honest scenes are fitted on, the others give the p-values.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click
import numpy as np

from detectors.coordination import judge
from detectors.coordination.group import MEASURES, measure
from detectors.coordination.index import Index
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
"""One honest scene of so many is fitted on; the others give the p-values, which need the numbers."""
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
    """Every group of the scene: whether it is a campaign's, and its measures at some of its moments."""
    index = Index()
    labels: dict[int, bool] = {}
    found: dict[int, list[NDArray[np.float64]]] = {}
    for rows in slots(seed, scene, labels):
        for key in index.due(index.fold(rows)):
            group = index.groups[key]
            found.setdefault(key, []).append(measure(group, index.whole(group)))
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
@click.option("--scenes", default=14, show_default=True, help="Honest scenes.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True)
def main(seed: int, scenes: int, out: Path) -> None:
    """Fit the judge of campaigns on simulated scenes."""
    honest: list[list[NDArray[np.float64]]] = [[], []]
    harvests: list[NDArray[np.float64]] = []
    for number in range(scenes):
        honest[number % FEW > 0] += [m for _, m in groups(seed * 1000 + number, scene_of(seed * 1000 + number))]
        click.echo(f"honest scene {number}: {sum(map(len, honest))} groups", err=True)
    for number, name in enumerate(sorted(PRESETS)):
        if name not in FITTED:
            continue
        harvests += [
            m
            for attack, m in groups(seed * 1000 + 500 + number, scene_of(seed * 1000 + 500 + number, campaign=name))
            if attack
        ]
        click.echo(f"{name}: {len(harvests)} groups of campaigns", err=True)
    about = {
        "command": f"python -m service.fitting.campaigns --seed {seed} --scenes {scenes} --out campaigns.npz",
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
    lost = [max(found.judge(at).p_value for at in m[-1:]) for m in harvests]
    click.echo(f"campaign groups at p <= 0.001 at their end: {np.mean(np.array(lost) <= 0.001):.3f} of {len(lost)}")


if __name__ == "__main__":
    main()
