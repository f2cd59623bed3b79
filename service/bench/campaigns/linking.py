"""Linking: footprints through coordination alone, and what it said on the way."""

from __future__ import annotations

import resource
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from detectors.coordination.footprints import KINDS
from service.bench.campaigns.cases import passes
from service.bench.campaigns.drive import Run, Said, Setup
from service.bootstrap.replay import STRANGER, in_memory
from service.pipeline.campaigns.coordination import Coordination
from service.ports import Commit

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from detectors.coordination.footprints import Footprints
    from service.bench.campaigns.prints import Prints

TOLD_EVERY = 250_000


def everything(prints: Prints, *, say: Callable[[str], None] = lambda _: None) -> Run:
    """Every campaign among all honest accounts, pass by pass, as one run.

    Campaigns of one pass do not send instructions of one maker. What was said has the number of its pass before the
    name of its campaign.
    """
    found = Run(truth=prints.truth, handed=prints.handed)
    for number, names in enumerate(passes(prints.truth.campaigns)):
        say(f"campaigns: pass {number + 1} with {', '.join(names) or 'honest accounts alone'}")
        part = linked(prints, left_out=prints.truth.campaigns.keys() - set(names), say=say)
        found.said += [_numbered(number, said) for said in part.said]
        found.cpu += part.cpu
        found.taken += part.taken
        found.peak = max(found.peak, part.peak)
    return found


def _numbered(number: int, said: Said) -> Said:
    joined = tuple(f"{number}/{name}" for name in said.joined)
    return replace(said, campaign=f"{number}/{said.campaign}", joined=joined)


def linked(
    prints: Prints,
    *,
    left_out: Collection[str] = (),
    background: bool = True,
    without: str = "",
    say: Callable[[str], None] = lambda _: None,
) -> Run:
    """Fold and judge slot by slot, as a worker does.

    Parameters
    ----------
    left_out
        Campaigns whose accounts are not in the stream.
    background
        Whether honest accounts are.
    without
        Kind of content key that is not looked at; none by default.

    """
    found = Run(truth=prints.truth.without(left_out), handed=prints.handed)
    setup = Setup(accounts=False)
    brain = setup.brain()
    _, checkpoint = in_memory(setup.settings, brain, STRANGER)
    coordination = Coordination(
        checkpoint,
        checkpoint.resume(),
        extractor=brain.extractor,
        budget=setup.settings.scoring.budget,
        versions={},
    )
    told = last = 0
    for slot, seen in prints.of(left_out, background=background):
        names = {digest: prints.names[digest] for digest in set(seen.account.tolist())}
        rows = _without(seen, without) if without else seen
        begun, into = time.process_time(), Commit()
        coordination.close(slot, into)
        coordination.keep(slot, rows, names)
        found.cpu += time.process_time() - begun
        _note(found, into)
        found.taken += len(seen)
        last = slot
        if found.taken >= told + TOLD_EVERY:
            told = found.taken
            say(f"campaigns: {told:,} footprints linked, {1e6 * found.cpu / told:.0f} us CPU each")
    into = Commit()
    coordination.close(last + 1, into)
    _note(found, into)
    found.peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return found


def _without(seen: Footprints, kind: str) -> Footprints:
    keys = seen.keys.copy()
    keys[:, KINDS.index(kind)] = np.uint64(0)
    return replace(seen, keys=keys)


def _note(found: Run, into: Commit) -> None:
    found.said += [Said.of(flag) for flag in into.flags]
