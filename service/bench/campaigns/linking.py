"""Linking: footprints through coordination alone, and what it said on the way."""

from __future__ import annotations

import resource
import time
from typing import TYPE_CHECKING

from detectors.features import Extractor
from service.bench.campaigns.drive import Run, Said
from service.bootstrap.replay import STRANGER
from service.pipeline.campaigns.coordination import Coordination
from service.ports import Commit, Resume
from service.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from service.bench.campaigns.prints import Prints

TOLD_EVERY = 250_000


def linked(prints: Prints, *, left_out: Collection[str] = (), say: Callable[[str], None] = lambda _: None) -> Run:
    """Fold and judge slot by slot, as a worker does.

    Parameters
    ----------
    left_out
        Campaigns whose accounts are not in the stream.

    """
    found = Run(truth=prints.truth.without(left_out), handed=prints.handed)
    coordination = Coordination(
        Resume({}, {}, {}, {}, {}, {}),
        extractor=Extractor(STRANGER, linking=True),
        budget=Settings().scoring.budget,
        versions={},
    )
    told, last = 0, -1
    for slot, seen in prints.of(left_out):
        names = {digest: prints.names[digest] for digest in set(seen.account.tolist())}
        begun, into = time.process_time(), Commit()
        coordination.close(slot, into)
        coordination.keep(slot, seen, names)
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


def _note(found: Run, into: Commit) -> None:
    found.said += [Said.of(flag) for flag in into.flags]
