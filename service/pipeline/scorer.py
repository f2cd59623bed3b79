"""Scorer: events in order of completion go in, states, evaluations and flags come out.

An entity is evaluated at its 20th, 40th, 80th, ... query and at the close of
each of its windows: ``lateness`` after the window's end, over everything
completed by then. Both moments follow from the entity's own rows and the
stream's time alone, so it does not matter how the stream was cut into batches.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import structlog

from detectors.core.fusion import fuse
from detectors.core.observation import Observations
from service import metrics
from service.model.entity import Entity, Scope
from service.pipeline import handed, trail
from service.pipeline.admission import DAY, Admission
from service.pipeline.campaigns.coordination import Coordination
from service.pipeline.entities import RECENT, Entities
from service.pipeline.observe import observe
from service.pipeline.sightings import Sightings
from service.pipeline.skipped import skipped, told
from service.pipeline.windows import Windows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from detectors.coordination.judge import Judge
    from detectors.core.detector import Detector, Score
    from detectors.core.state import State
    from detectors.features import Extractor
    from service.model.query import QueryEvent
    from service.pipeline.entities import Followed, Warm
    from service.pipeline.rules import Rules
    from service.pipeline.windows import Moment
    from service.ports import Checkpoint, Commit, TrailEntry
    from service.settings import Scoring

log = structlog.get_logger()

SCOPES = (Scope.ACCOUNT, Scope.ORG, Scope.END_USER)


class Scorer:
    """The one code that live traffic and replayed history run through."""

    def __init__(
        self,
        checkpoint: Checkpoint,
        *,
        extractor: Extractor,
        detectors: Sequence[Detector],
        shadow: frozenset[str] = frozenset(),
        rules: Rules,
        settings: Scoring,
        trail_days: int,
        state_days: int,
        key: bytes,
        warm: Warm | None = None,
        judge: Judge | None = None,
    ) -> None:
        self._checkpoint = checkpoint
        self._extractor = extractor
        self._detectors: dict[str, list[Detector]] = {s: [d for d in detectors if s in d.scopes] for s in SCOPES}
        self._shadow = shadow
        """Detectors that are measured and stored, but do not count."""
        self.rules = rules
        self._windows = Windows(settings.window, round(settings.lateness * 1e6))
        self._memory = trail_days * DAY
        self._kept = state_days * DAY
        self._degraded: set[str] = set()
        """Detectors of which a failure was told already."""
        self._key = key
        resume = checkpoint.resume()
        self._admission = Admission(key, resume.meta.get("admission", b""))
        self._sightings = Sightings(key, resume.meta.get("sightings", b""))
        self.time = int.from_bytes(resume.meta.get("time", b""), "big")
        """Stream time: completion of the last event taken, microseconds since the epoch."""
        self._entities = Entities(checkpoint, self._detectors, warm)
        self._coordination = Coordination(
            checkpoint, resume, extractor=extractor, budget=settings.budget, versions=rules.versions, judge=judge
        )

    def detectors(self, scope: str) -> Sequence[Detector]:
        """Those that follow entities of this scope, counting or in shadow."""
        return tuple(self._detectors.get(Scope(scope), ()))

    def take(self, events: Sequence[QueryEvent], into: Commit, *, now: int = 0) -> None:
        """Fold a batch of events, in order of completion, and put what changed into the commit.

        ``now`` is the stream's time where it is known to be later than the last event: it goes on in other
        partitions while this one is quiet, and windows close by it.
        """
        if not events and now <= self.time:
            return
        rows = observe(events, self._recognise(events, into), self._extractor)
        by_entity = self._route(events, into)
        self.time = max(self.time, now, *(event.done for event in events[-1:]))
        due = [e for e, window in self._entities.windows.items() if self._windows.closes(window) < self.time]
        for entity, followed in self._entities.fetch(dict.fromkeys([*by_entity, *due])).items():
            indices = by_entity.get(entity, [])
            self._fold(entity, followed, [events[i] for i in indices], rows.take(np.array(indices, np.intp)), into)
            self._entities.touch(entity, followed)
        self._coordination.see(events, rows, into, now=self.time)
        # In the order of their moments, so that the order does not tell how the stream was cut.
        into.evaluations.sort(key=lambda e: (e.at, e.entity, e.trigger))
        into.flags.sort(key=lambda f: (f.flagged_at, f.entity, f.severity.rank))
        into.entities.update(self._entities.changed())
        into.meta["time"] = self.time.to_bytes(8, "big")

    def finish(self, into: Commit) -> None:
        """There is nothing more to come: what campaigns began in the last moments are told of too."""
        self._coordination.finish(into)

    def _recognise(self, events: Sequence[QueryEvent], into: Commit) -> list[trail.Recognised]:
        digests = [trail.digests(event, self._key) for event in events]
        carried = [handed.contents(event, self._key) for event in events]
        known = self._trail(digests, carried)
        found = []
        for event, digest, contents in zip(events, digests, carried, strict=True):
            ours = {d: known[d] for d in (digest.conversation, digest.before, digest.request) if d in known}
            ours = trail.alive(ours, event.done - self._memory)
            before = trail.recognise(digest, event.done, ours, event.query)
            seen = self._sightings.see(event, digest.asked)
            found.append(trail.Recognised(before.continues, before.rerun, *seen))
            added = trail.entries(digest, event, ours) | self._hand(event, contents, known, into)
            known.update(added)
            into.trail.update(added)
        if self._sightings.changed:
            into.meta["sightings"] = self._sightings.dump()
        return found

    def _trail(self, digests: Sequence[trail.Digests], carried: Sequence[handed.Contents]) -> dict[bytes, TrailEntry]:
        """What the Trail knows of a batch: most of what callers send was never issued, and is asked for once."""
        first = dict.fromkeys([*trail.wanted(digests), *(d for contents in carried for d in contents.wanted)])
        known = dict(self._checkpoint.trail(list(first)))
        doubtful = dict.fromkeys(d for contents in carried for d in contents.doubtful(known))
        return known | dict(self._checkpoint.trail(list(doubtful))) if doubtful else known

    def _hand(
        self, event: QueryEvent, contents: handed.Contents, known: Mapping[bytes, TrailEntry], into: Commit
    ) -> dict[bytes, TrailEntry]:
        """Tell what the query hands on; what it adds to the Trail."""
        if not contents.wanted:
            return {}
        ours = {d: known[d] for d in (*contents.wanted, *contents.doubtful(known)) if d in known}
        ours = trail.alive(ours, event.done - self._memory)
        instances = handed.handed(contents, ours)
        into.flags += [handed.flag(instance, event, self.rules.versions) for instance in instances]
        return handed.notes(contents, event, ours, instances)

    def _route(self, events: Sequence[QueryEvent], into: Commit) -> dict[Entity, list[int]]:
        """The rows of each entity that is followed."""
        rows: dict[Entity, list[int]] = {}
        counted = False
        for i, event in enumerate(events):
            rows.setdefault(Entity(Scope.ACCOUNT, event.account), []).append(i)
            if event.org:
                rows.setdefault(Entity(Scope.ORG, event.org), []).append(i)
            if event.end_user:
                counted = True
                value = f"{event.account}/{event.end_user}"
                if self._admission.admit(value, event.done):
                    rows.setdefault(Entity(Scope.END_USER, value), []).append(i)
        if counted:
            into.meta["admission"] = self._admission.dump()
        return rows

    def _fold(
        self, entity: Entity, followed: Followed, events: list[QueryEvent], rows: Observations, into: Commit
    ) -> None:
        """Fold the entity's rows; after a silence longer than states are kept it begins anew.

        By event time, so that it does not matter whether retention took the states in the meantime.
        """
        start, last = 0, followed.last_seen
        for i, event in enumerate(events):
            if last and event.done - last > self._kept:
                self._fold_span(entity, followed, events[start:i], rows.take(slice(start, i)), into, now=event.done)
                self._entities.anew(entity, followed)
                start = i
            last = event.done
        rest = rows.take(slice(start, None)) if start else rows
        self._fold_span(entity, followed, events[start:], rest, into, now=self.time)

    def _fold_span(
        self,
        entity: Entity,
        followed: Followed,
        events: list[QueryEvent],
        rows: Observations,
        into: Commit,
        *,
        now: int,
    ) -> None:
        """Fold rows up to each of the entity's moments until ``now`` and evaluate there, then fold the rest."""
        moments, window = self._windows.moments(
            [event.done for event in events],
            window=followed.window,
            last_seen=followed.last_seen,
            queries=followed.queries,
            now=now,
        )
        taken = 0
        for upto, moment in moments:
            self._update(entity, followed, events[taken:upto], rows.take(slice(taken, upto)))
            taken = upto
            self._evaluate(entity, followed, moment, into)
        self._update(entity, followed, events[taken:], rows.take(slice(taken, None)))
        followed.window = window

    def _update(self, entity: Entity, followed: Followed, events: list[QueryEvent], rows: Observations) -> None:
        if not events:
            return
        for detector in self._detectors[entity.scope]:
            followed.states[detector.name] = self._updated(detector, followed.states[detector.name], rows)
        followed.queries += len(events)
        followed.first_seen = followed.first_seen or events[0].at
        followed.last_seen = events[-1].done
        followed.recent = [*followed.recent, *(event.id for event in events)][-RECENT:]

    def _updated(self, detector: Detector, state: State, rows: Observations) -> State:
        try:
            return detector.update(state, rows)
        except Exception as error:  # noqa: BLE001 - the others are sound, and their states are kept
            if len(rows) == 1:
                self._note(detector, error)
                return state
        # One by one, so that it leaves out the query it breaks on and no other, however the stream was cut.
        for i in range(len(rows)):
            # A batch of its own, so that what is derived of the others is not asked for.
            state = self._updated(detector, state, Observations.concat([rows.take(slice(i, i + 1))]))
        return state

    def _note(self, detector: Detector, error: Exception) -> None:
        """Count a detector's failure, and tell of its first: one that is broken fails each time."""
        metrics.DETECTOR_ERRORS.labels(detector.name).inc()
        if detector.name not in self._degraded:
            self._degraded.add(detector.name)
            log.error("detector.degraded", detector=detector.name, **told(error))

    def _evaluate(self, entity: Entity, followed: Followed, moment: Moment, into: Commit) -> None:
        try:
            self._judge(entity, followed, moment, into)
        except Exception as error:  # noqa: BLE001 - the states are sound, and the next moment may be judged
            skipped("judge", error, scope=str(entity.scope))

    def _judge(self, entity: Entity, followed: Followed, moment: Moment, into: Commit) -> None:
        scores = self._scores(entity, followed, moment.at)
        live = {name: score for name, score in scores.items() if name not in self._shadow}
        fused = fuse(live, followed.queries)
        if fused is None:
            return
        values = {name: value for score in scores.values() for name, value in score.values.items()}
        evaluation = self.rules.judge(entity, followed, moment, fused, values)
        into.evaluations.append(evaluation)
        metrics.EVALUATIONS.labels(entity.scope).inc()
        flag = self.rules.flag(evaluation, followed)
        if flag is not None:
            into.flags.append(flag)

    def _scores(self, entity: Entity, followed: Followed, at: int) -> dict[str, Score]:
        baseline = self.rules.baselines.of(entity.scope, followed.queries)
        found = {}
        for detector in self._detectors[entity.scope]:
            try:
                score = detector.score(followed.states[detector.name], baseline, at / 1e6)
            except Exception as error:  # noqa: BLE001 - it is left out and counted; the others still speak
                self._note(detector, error)
                continue
            if score is not None:
                found[detector.name] = score
        return found
