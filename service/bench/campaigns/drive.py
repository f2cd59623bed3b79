"""Drive: a stream of records through the pipeline that replay uses, in memory, and what it said on the way."""

from __future__ import annotations

import resource
import time
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from detectors.core.baseline import Baselines
from detectors.features import Extractor
from service.bench.campaigns.truth import Truth
from service.bootstrap.replay import STRANGER, in_memory
from service.bootstrap.scoring import Brain
from service.model.entity import Scope
from service.model.flag import Severity
from service.ports import Commit
from service.replay.reader import completions
from service.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from service.bench.suite import Given
    from service.model.flag import Flag
    from service.model.query import QueryEvent
    from service.pipeline.scorer import Scorer
    from service.ports import Checkpoint

BATCH = 2048
"""Events folded at once, as the worker does."""
HANDED = "handed."
"""How the reasons begin of a flag about something that was handed on."""
TOLD_EVERY = 100_000
DAY = 86_400_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """How the pipeline is set up for a run."""

    settings: Settings = field(default_factory=Settings)
    baselines: Baselines = field(default_factory=Baselines.default)
    accounts: bool = True
    """Whether the detectors look at single accounts too; linking alone is some times faster."""

    @classmethod
    def of(cls, given: Given) -> Setup:
        """With the baseline that the bench was given, else the one that ships."""
        return cls(baselines=Baselines.load(given.baseline)) if given.baseline else cls()

    def brain(self) -> Brain:
        """Features, baseline and detectors."""
        whole = Brain(Extractor(STRANGER, linking=not self.accounts), self.baselines)
        return whole if self.accounts else replace(whole, detectors=())


@dataclass(frozen=True, slots=True)
class Said:
    """What is kept of a flag of scope campaign."""

    campaign: str
    severity: Severity
    at: int
    """When it was raised, microseconds since the epoch."""
    members: tuple[str, ...]
    """Accounts."""
    joined: tuple[str, ...] = ()
    """Campaigns that are this one since."""

    @classmethod
    def of(cls, flag: Flag) -> Said:
        """The flag, as far as it is judged."""
        return cls(flag.entity.value, flag.severity, flag.flagged_at, tuple(flag.members), flag.joined)

    @property
    def is_alarm(self) -> bool:
        """Whether somebody is asked to look."""
        return self.severity.rank >= Severity.MEDIUM.rank


@dataclass(frozen=True, slots=True)
class Link:
    """Something that was issued to one account and sent by another."""

    kind: str
    issued_to: str
    sent_by: str


@dataclass(slots=True)
class Run:
    """What came of a stream."""

    truth: Truth = field(default_factory=Truth)
    said: list[Said] = field(default_factory=list)
    """Flags of scope campaign, in order."""
    accounts: dict[str, int] = field(default_factory=dict)
    """Account -> when it was first flagged at medium or above, by itself."""
    handed: list[Link] = field(default_factory=list)
    """Every instance that was recorded."""
    cpu: float = 0.0
    """Seconds of CPU in the pipeline; what makes the records is left out."""
    taken: int = 0
    """Queries behind it."""
    peak: int = 0
    """Largest memory of the process, bytes."""

    def take(self, scorer: Scorer, checkpoint: Checkpoint, events: Sequence[QueryEvent]) -> None:
        """One batch through the scorer, committed; nothing of it goes to a log."""
        begun = time.process_time()
        commit = Commit()
        scorer.take(events, commit)
        said = [Said.of(flag) for flag in commit.flags if flag.entity.scope is Scope.CAMPAIGN]
        checkpoint.commit(commit)
        self.cpu += time.process_time() - begun
        self.taken += len(events)
        self.said += said
        for flag in commit.flags:
            kind = flag.reasons[0].name.removeprefix(HANDED) if flag.reasons else ""
            if flag.reasons and kind != flag.reasons[0].name:
                self.handed.append(Link(kind, *flag.members))
            elif flag.entity.scope is Scope.ACCOUNT and flag.severity.rank >= Severity.MEDIUM.rank:
                self.accounts.setdefault(flag.entity.value, flag.flagged_at)
        self.peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def run(
    records: Iterable[dict[str, Any]], setup: Setup | None = None, *, say: Callable[[str], None] = lambda _: None
) -> Run:
    """Take the records, in order of arrival, through the pipeline."""
    setup = setup or Setup()
    found = Run()
    brain = setup.brain()
    scorer, checkpoint = in_memory(setup.settings, brain, STRANGER)
    day = told = 0
    for batch in batches(completions(found.truth.noted(records))):
        found.take(scorer, checkpoint, batch)
        if scorer.time // DAY > day:
            day = scorer.time // DAY
            checkpoint.purge(scorer.time)
        if found.truth.events >= told + TOLD_EVERY:
            told = found.truth.events
            say(f"campaigns: {told:,} queries, {len(found.said):,} flags of campaigns")
    return found


def batches(events: Iterable[QueryEvent], size: int = BATCH) -> Iterator[Sequence[QueryEvent]]:
    """The events in portions as those in which a worker commits them."""
    stream = iter(events)
    while batch := list(islice(stream, size)):
        yield batch
