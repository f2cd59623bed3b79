"""Large: one campaign of the largest size disclosed, in one run that can stop and go on, and that writes no log.

The records are made as they are read; no file of them is ever there. States, groups and the stream's place are
committed to a database in a folder, and the flags to a file beside it. Started again on the folder, the run makes the
records anew up to the place where it stood, without looking at them, and goes on from there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

import msgspec

from service.bench.campaigns.drive import DAY, Run, Said, Setup, batches
from service.bench.suite import BenchError
from service.bootstrap.replay import STRANGER
from service.bootstrap.scoring import scorer
from service.bootstrap.stores import stores, upgrade
from service.replay.reader import completions
from service.settings import Retention, Settings
from service.simulate.hydra.presets import PRESETS
from service.simulate.hydra.stream import Scene, records
from service.simulate.texts import own

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from service.model.query import QueryEvent
    from service.pipeline.scorer import Scorer
    from service.ports import Checkpoint

PLAN = PRESETS["february"]
HONEST = 2000
"""Accounts of the background in it."""
SOURCE = "simulated"
FLAGS = "flags.jsonl"
RETENTION = {"trail": 1, "log": 1, "text": 0}
"""Days. The trail of a day is what a continuation needs; nothing of the rest is written."""
TOLD_EVERY = 500_000


class _Line(msgspec.Struct, frozen=True):
    """What goes into the file beside the database for each batch with a flag of a campaign."""

    place: int
    """Queries taken with that batch."""
    said: list[Said]


def large(folder: Path, *, seed: int, scale: float = 1.0, say: Callable[[str], None] = lambda _: None) -> Run:
    """Run it, or go on with it; what came of it in all starts together, with the CPU of this one.

    Raises
    ------
    BenchError
        The folder holds another run.

    """
    folder.mkdir(parents=True, exist_ok=True)
    _same(folder, {"seed": seed, "scale": scale})
    settings = Settings(data=folder, content="none", retention=Retention(**RETENTION))
    upgrade(settings)
    held = stores(settings)
    try:
        checkpoint = held.checkpoint
        checkpoint.claim(SOURCE)
        place = checkpoint.resume().positions.get(SOURCE, 0)
        found = Run(said=_before(folder, place))
        made = scorer(settings, Setup(settings=settings, accounts=False).brain(), STRANGER)(checkpoint)
        events = completions(found.truth.noted(records(seed, _scene(scale), own())))
        if place:
            say(f"campaigns: the first {place:,} queries are made anew and passed over")
        _Going(folder, found, made, checkpoint).on(islice(events, place, None), place, say)
        return found
    finally:
        held.close()


@dataclass(frozen=True, slots=True)
class _Going:
    """A run in its folder."""

    folder: Path
    found: Run
    scorer: Scorer
    checkpoint: Checkpoint

    def on(self, events: Iterator[QueryEvent], place: int, say: Callable[[str], None]) -> None:
        """From its place to the end."""
        began, day = place, self.scorer.time // DAY
        for batch in batches(events):
            place += len(batch)
            keep = partial(self._keep, place)
            self.found.take(self.scorer, self.checkpoint, batch, positions={SOURCE: place}, keep=keep)
            if self.scorer.time // DAY > day:
                day = self.scorer.time // DAY
                self.checkpoint.purge(self.scorer.time)
            if place // TOLD_EVERY > (place - len(batch)) // TOLD_EVERY:
                each = self.found.cpu / (place - began) * 1e6
                say(f"campaigns: {place:,} of the large run, {each:.0f} us CPU each")

    def _keep(self, place: int, said: Sequence[Said]) -> None:
        # Before the commit: what is killed between the two is said again, and read once.
        with (self.folder / FLAGS).open("ab") as lines:
            lines.write(msgspec.json.encode(_Line(place, list(said))) + b"\n")


def _before(folder: Path, place: int) -> list[Said]:
    """What was said by an earlier start and stands."""
    file = folder / FLAGS
    if not file.exists():
        return []
    read = msgspec.json.Decoder(_Line).decode
    lines: dict[int, list[Said]] = {}
    for line in file.read_bytes().splitlines(keepends=True):
        if line.endswith(b"\n") and (found := read(line)).place <= place:
            lines[found.place] = found.said
    return [said for _, batch in sorted(lines.items()) for said in batch]


def _scene(scale: float) -> Scene:
    plan = replace(PLAN, accounts=max(40, round(PLAN.accounts * scale)))
    return Scene(campaigns=[plan], background=max(60, round(HONEST * scale)), days=round(PLAN.days))


def _same(folder: Path, what: dict[str, Any]) -> None:
    """Whether the folder is this run's, or nobody's."""
    file = folder / "run.json"
    if not file.exists():
        file.write_bytes(msgspec.json.encode(what))
    elif msgspec.json.decode(file.read_bytes()) != what:
        raise BenchError(f"{folder} holds a run with another seed or scale; name another folder")
