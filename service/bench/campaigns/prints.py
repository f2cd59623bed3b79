"""Prints: the footprints of a stream and what was handed on in it, made once and linked as often as is asked.

Linking reads footprints and nothing else, so the detectors of single accounts and their states are left out. What a
footprint holds does not depend on who else is in the stream, so one stream serves every choice of its campaigns.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np

from detectors.features import Extractor
from service.bench.campaigns.drive import DAY, Link
from service.bench.campaigns.truth import Truth
from service.bootstrap.replay import STRANGER
from service.pipeline import handed, trail
from service.pipeline.campaigns.prints import footprints
from service.pipeline.observe import observe
from service.ports import SLOT
from service.replay.reader import completions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from detectors.coordination.footprints import Footprints
    from service.model.query import QueryEvent
    from service.ports import TrailEntry

TOLD_EVERY = 100_000
READ = 512
"""Events whose texts are read at once, at least."""
CLEARED_EVERY = DAY // 4
"""Microseconds of the stream's time after which the Trail is rid of what is older than it is kept."""


@dataclass(slots=True)
class Prints:
    """What a stream left."""

    truth: Truth = field(default_factory=Truth)
    slots: list[tuple[int, Footprints]] = field(default_factory=list)
    """Slot of event time and its footprints, in order."""
    names: dict[int, str] = field(default_factory=dict)
    """Account digest -> account."""
    handed: list[Link] = field(default_factory=list)
    """Every instance that was recorded."""
    cpu: float = 0.0
    """Seconds in making them, without what makes the records."""

    def of(self, left_out: Iterable[str], *, background: bool = True) -> Iterator[tuple[int, Footprints]]:
        """The slots without the accounts of some campaigns; without the honest ones where they are not asked for."""
        gone = [self.truth.campaigns[name] for name in left_out]
        gone += () if background else self.truth.crowds.values()
        out = {account for held in gone for account in held.accounts}
        digests = np.array(sorted(digest for digest, name in self.names.items() if name in out), np.uint64)
        for slot, seen in self.slots:
            kept = seen.take(~np.isin(seen.account, digests)) if len(digests) else seen
            if len(kept):
                yield slot, kept


@dataclass(slots=True)
class Recogniser:
    """The Trail of a stream, in memory, and what is recognised by it, as the scorer does."""

    days: int = 7
    """For which the Trail is kept."""
    known: dict[bytes, TrailEntry] = field(default_factory=dict)
    cleared: int = 0
    """When it was last rid of what is older, in ``CLEARED_EVERY``."""

    def see(self, event: QueryEvent) -> tuple[trail.Recognised, list[Link]]:
        """What is known of the next event in order of completion, and what it hands on; then it is noted."""
        since = event.done - self.days * DAY
        if event.done // CLEARED_EVERY > self.cleared:
            self.cleared = event.done // CLEARED_EVERY
            self.known = trail.alive(self.known, since)
        digest, contents = trail.digests(event, STRANGER), handed.contents(event, STRANGER)
        asked = (*trail.wanted([digest]), *contents.wanted, *contents.doubtful(self.known))
        ours = trail.alive({d: self.known[d] for d in asked if d in self.known}, since)
        found = trail.recognise(digest, event.done, ours, event.query)
        instances = handed.handed(contents, ours)
        self.known.update(trail.entries(digest, event, ours))
        self.known.update(handed.notes(contents, event, ours, instances))
        return found, [Link(it.kind.value, it.issued_to, event.account) for it in instances]


@dataclass(slots=True)
class Printer:
    """Makes footprints of events in order of completion, as the scorer does."""

    into: Prints
    extractor: Extractor = field(default_factory=lambda: Extractor(STRANGER, linking=True))
    recogniser: Recogniser = field(default_factory=Recogniser)

    def take(self, events: Sequence[QueryEvent]) -> None:
        """Note whole slots."""
        begun = time.process_time()
        seen = [self.recogniser.see(event) for event in events]
        self.into.handed += [link for _, links in seen for link in links]
        rows = observe(events, [recognised for recognised, _ in seen], self.extractor)
        slots = np.array([event.done // SLOT for event in events], np.int64)
        for slot in np.unique(slots).tolist():
            some = np.flatnonzero(slots == slot)
            prints = footprints([events[i] for i in some.tolist()], rows.take(some), self.extractor)
            if len(prints):
                self.into.slots.append((slot, prints))
        for name in {event.account for event in events}:
            self.into.names[self.extractor.digest(name)] = name
        self.into.cpu += time.process_time() - begun


def printed(records: Iterable[dict[str, Any]], *, say: Callable[[str], None] = lambda _: None) -> Prints:
    """The footprints of records, in order of arrival."""
    found = Prints()
    printer = Printer(found)
    told = 0
    for events in _portions(completions(found.truth.noted(records))):
        printer.take(events)
        if found.truth.events >= told + TOLD_EVERY:
            told = found.truth.events
            say(f"campaigns: footprints of {told:,} queries, {1e6 * found.cpu / told:.0f} us CPU each")
    return found


def _portions(events: Iterable[QueryEvent]) -> Iterator[list[QueryEvent]]:
    """Whole slots, some together."""
    held: list[QueryEvent] = []
    for _, slot in groupby(events, key=lambda event: event.done // SLOT):
        held += slot
        if len(held) >= READ:
            yield held
            held = []
    if held:
        yield held
