"""Fit the spaces of shift detection: ``python -m service.replay.spaces FILE... --seed N --out spaces.npz``.

The files are query records that are all taken as benign. Of each account no more than ``MOST`` queries count, so that
no batch job owns the covariance.
"""

from __future__ import annotations

import json
from collections import Counter
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import click
import numpy as np

from detectors.core.observation import Observations
from detectors.features import Extractor, spaces
from service.bootstrap.replay import STRANGER, reader
from service.pipeline.observe import prompt

if TYPE_CHECKING:
    from collections.abc import Iterator

    from detectors.features import Prompt
    from service.model.query import QueryEvent

MOST = 30
"""Queries taken of an account."""
BATCH = 512


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True)
@click.option("--licence", multiple=True, help="Licence of a source; kept in the file.")
def main(*, files: tuple[Path, ...], seed: int, out: Path, licence: tuple[str, ...]) -> None:
    """Fit the spaces and write them to a file."""
    extractor = Extractor(STRANGER)
    parts = [Observations.empty()]
    events = _thinned(iter(reader(files)))
    while prompts := list(islice(events, BATCH)):
        rows = Observations.empty(len(prompts))
        extractor.fill(rows, prompts)
        parts.append(rows.take(np.flatnonzero(rows.has_text)))
    held = Observations.concat(parts)
    try:
        arrays = spaces.fit({view: getattr(held, view) for view in spaces.VIEWS}, seed=seed)
    except ValueError as error:
        raise click.ClickException(str(error)) from None
    names = " ".join(path.name for path in files)
    about = {
        "format": spaces.FORMAT,
        "command": f"python -m service.replay.spaces {names} --seed {seed} --out spaces.npz",
        "seed": seed,
        "licences": list(licence),
        "features": extractor.version,
        "queries": len(held),
    }
    np.savez_compressed(out, allow_pickle=False, about=np.array(json.dumps(about)), **arrays)
    click.echo(f"{out}: {len(held):,} queries")


def _thinned(events: Iterator[QueryEvent]) -> Iterator[Prompt]:
    """What is asked, ``MOST`` queries of an account."""
    taken: Counter[str] = Counter()
    for event in events:
        account = event.account
        if taken[account] < MOST:
            taken[account] += 1
            asked = prompt(event)
            if asked is not None:
                yield asked


if __name__ == "__main__":
    main()
