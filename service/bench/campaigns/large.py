"""Large: one campaign of the largest size disclosed, in one run that can stop and go on, and that writes no log.

One process makes the records, reads them and takes their footprints; no file of them is ever there. Another one links
these: groups, the stream's place and footprints that are not folded yet are committed to a database in a folder, and
the flags to a file beside it. Started again on the folder, the run makes the records anew up to the place where it
stood, looks only at what the Trail needs of them, and goes on from there.
"""

from __future__ import annotations

import resource
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import msgspec

from detectors.features import Extractor
from service.bench.campaigns.drive import BATCH, Run, Said
from service.bench.campaigns.maker import Batch, Work, maker
from service.bench.figure import Figure, at_most
from service.bench.suite import BenchError
from service.bootstrap.replay import STRANGER
from service.bootstrap.stores import stores, upgrade
from service.garbage import seldom_collected
from service.pipeline.campaigns.coordination import Coordination
from service.ports import Commit
from service.settings import Retention, Settings
from service.simulate.hydra.presets import PRESETS
from service.simulate.hydra.stream import Scene

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from service.ports import Checkpoint
    from service.simulate.hydra.plan import Plan

PLAN = PRESETS["february"]
HONEST = 2000
"""Accounts of the background in it."""
SOURCE = "simulated"
FLAGS = "flags.jsonl"
TRAIL = 1
"""Days that the Trail is kept: what a continuation needs."""
RETENTION = {"trail": TRAIL, "log": 1, "text": 0}
"""Days; nothing of log and text is written."""
TOLD_EVERY = 500_000
LONGEST = 90
"""Minutes that all of it may take."""


class _Line(msgspec.Struct, frozen=True):
    """What goes into the file beside the database for each batch with a flag of a campaign."""

    place: int
    """Queries taken with that batch."""
    said: list[Said]


@dataclass(slots=True)
class Large:
    """What came of it."""

    run: Run = field(default_factory=Run)
    """What was said by all starts together; links, CPU of the linking and its commits, and queries taken by this
    one."""
    making: float = 0.0
    """Seconds of CPU of the process that makes the queries and their footprints, in this start."""
    seconds: float = 0.0
    """That this start took, by the clock."""


def large(
    folder: Path,
    *,
    seed: int,
    scale: float = 1.0,
    plan: Plan = PLAN,
    batch: int = BATCH,
    say: Callable[[str], None] = lambda _: None,
) -> Large:
    """Run it, or go on with it.

    Raises
    ------
    BenchError
        The folder holds another run, or the process that makes the queries was ended.

    """
    begun = time.monotonic()
    folder.mkdir(parents=True, exist_ok=True)
    _same(folder, {"seed": seed, "scale": scale})
    settings = Settings(data=folder, content="none", retention=Retention(**RETENTION))
    upgrade(settings)
    held = stores(settings)
    try:
        held.checkpoint.claim(SOURCE)
        resume = held.checkpoint.resume()
        place = resume.positions.get(SOURCE, 0)
        if place:
            say(f"campaigns: the first {place:,} queries are made anew and passed over")
        coordination = Coordination(
            held.checkpoint, resume, extractor=Extractor(STRANGER, linking=True), budget=settings.scoring.budget,
            versions={},
        )  # fmt: skip
        found = Large(Run(said=_before(folder, place)))
        work = Work(seed=seed, scene=scene(plan, scale), trail=TRAIL, batch=batch, place=place)
        with seldom_collected():
            _Linking(folder, found, coordination, held.checkpoint).on(work, say)
        found.seconds = time.monotonic() - begun
        return found
    finally:
        held.close()


def figures(found: Large) -> Iterator[Figure]:
    """How long all of it takes."""
    run = found.run
    each = found.seconds / max(1, run.taken)
    yield Figure(
        name="minutes of the largest run", value=each * run.truth.events / 60, n=run.taken, unit="min",
        target=at_most(LONGEST), note="two processes; where it was gone on with, at the pace of this start",
    )  # fmt: skip
    yield Figure(
        name="CPU of a query, made and its footprint, largest", value=1e6 * found.making / max(1, run.taken),
        n=run.taken, unit="us", note="of this start; the making of the records is in it",
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Linking:
    """A run in its folder."""

    folder: Path
    found: Large
    coordination: Coordination
    checkpoint: Checkpoint

    def on(self, work: Work, say: Callable[[str], None]) -> None:
        """From its place to the end."""
        run = self.found.run
        told, begun = work.place, time.monotonic()
        with maker(work) as batches:
            for batch in batches:
                if not isinstance(batch, Batch):
                    run.truth = batch.truth
                    break
                run.taken = batch.place - work.place
                self.found.making = batch.cpu
                self._take(batch)
                if batch.place // TOLD_EVERY > told // TOLD_EVERY:
                    told = batch.place
                    parts = (run.cpu, self.found.making, time.monotonic() - begun)
                    link, make, wall = (1e6 * part / run.taken for part in parts)
                    each = f"{wall:.0f} us each; CPU {make:.0f} us to make, {link:.0f} us to link"
                    say(f"campaigns: {told:,} of the large run, {each}")
        # What was folded again after a stop was said again.
        run.said = list(dict.fromkeys(run.said))
        both = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
        run.peak = sum(1024 * resource.getrusage(who).ru_maxrss for who in both)

    def _take(self, batch: Batch) -> None:
        begun, run = time.process_time(), self.found.run
        commit = Commit(positions={SOURCE: batch.place}, meta={"time": batch.now.to_bytes(8, "big")})
        self.coordination.take(batch.packed, commit, now=batch.now)
        if said := [Said.of(flag) for flag in commit.flags]:
            # Before the commit: what is killed between the two is said again, and read once.
            with (self.folder / FLAGS).open("ab") as lines:
                lines.write(msgspec.json.encode(_Line(batch.place, said)) + b"\n")
        self.checkpoint.commit(commit)
        run.said += said
        run.handed += batch.handed
        run.cpu += time.process_time() - begun


def _before(folder: Path, place: int) -> list[Said]:
    """What was said by an earlier start and stands; nothing else is left in the file."""
    file = folder / FLAGS
    if not file.exists():
        return []
    read = msgspec.json.Decoder(_Line).decode
    whole = [line for line in file.read_bytes().splitlines(keepends=True) if line.endswith(b"\n")]
    standing = [line for line in whole if read(line).place <= place]
    fresh = file.with_suffix(".new")
    fresh.write_bytes(b"".join(standing))
    fresh.replace(file)
    return [said for line in standing for said in read(line).said]


def scene(plan: Plan, scale: float) -> Scene:
    """The campaign among its honest accounts; at a small scale some of both are left."""
    plan = replace(plan, accounts=max(40, round(plan.accounts * scale)))
    return Scene(campaigns=[plan], background=max(60, round(HONEST * scale)), days=round(plan.days))


def _same(folder: Path, what: dict[str, Any]) -> None:
    """Whether the folder is this run's, or nobody's."""
    file = folder / "run.json"
    if not file.exists():
        file.write_bytes(msgspec.json.encode(what))
    elif msgspec.json.decode(file.read_bytes()) != what:
        raise BenchError(f"{folder} holds a run with another seed or scale; name another folder")
