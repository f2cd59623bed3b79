"""What every ``ports.Checkpoint`` holds."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from service.model.entity import Entity, Scope
from service.model.ids import text_id
from service.model.query import Gap
from service.ports import Commit, TrailEntry
from tests.contracts.factories import AN_ACCOUNT, DAY, SECOND, T0, a_flag, a_state, an_evaluation, an_event

if TYPE_CHECKING:
    from service.ports import Checkpoint

STRANGE = "a\x00b\ud800c\x1ad/e'\"%s"
"""NUL, a lone surrogate, a control character and quotes: a caller may send any of them."""


class TestCheckpoint:
    """One commit is one transaction, and everything in it comes back."""

    def test_a_new_store_starts_from_nothing(self, checkpoint: Checkpoint) -> None:
        """Nothing was taken, nothing is open."""
        resume = checkpoint.resume()
        assert not any((resume.positions, resume.logged, resume.opened, resume.log_opened, resume.meta, resume.windows))

    def test_resumes_where_the_last_commit_left_off(self, checkpoint: Checkpoint) -> None:
        """Positions of both stages, open queries, blobs and open windows come back."""
        open_window, closed_window = AN_ACCOUNT, Entity(Scope.ORG, "org-7")
        checkpoint.commit(
            Commit(
                positions={"a": 3, "b": 1},
                logged={"a": 5, "b": 1},
                opened={b"1" * 16: b"sealed"},
                log_opened={b"2" * 16: b"sealed too"},
                meta={"time": b"\x00\x01"},
                entities={open_window: a_state(window=7200), closed_window: a_state(window=-1)},
            )
        )
        resume = checkpoint.resume()
        assert resume.positions == {"a": 3, "b": 1}
        assert resume.logged == {"a": 5, "b": 1}
        assert resume.opened == {b"1" * 16: b"sealed"}
        assert resume.log_opened == {b"2" * 16: b"sealed too"}
        assert resume.meta == {"time": b"\x00\x01"}
        assert resume.windows == {open_window: 7200}

    def test_a_claim_keeps_what_was_committed(self, checkpoint: Checkpoint) -> None:
        """Every claim has a higher epoch, and whoever makes it goes on from the last commit."""
        first = checkpoint.claim("a")
        checkpoint.commit(Commit(positions={"a": 3}))
        assert checkpoint.claim("b") > first
        assert checkpoint.resume().positions == {"a": 3}
        checkpoint.commit(Commit(positions={"a": 4}))
        assert checkpoint.resume().positions == {"a": 4}

    def test_a_commit_of_nothing_is_one(self, checkpoint: Checkpoint) -> None:
        """An empty batch changes nothing and fails nothing."""
        checkpoint.commit(Commit(positions={"a": 3}))
        checkpoint.commit(Commit())
        assert checkpoint.resume().positions == {"a": 3}

    def test_each_stage_moves_alone(self, checkpoint: Checkpoint) -> None:
        """The log may run ahead of the states, and the states catch up without touching the log's place."""
        checkpoint.commit(Commit(logged={"a": 9}))
        assert checkpoint.resume().positions.get("a", 0) == 0
        checkpoint.commit(Commit(positions={"a": 4}))
        assert (checkpoint.resume().positions["a"], checkpoint.resume().logged["a"]) == (4, 9)

    @pytest.mark.parametrize("behind", [Commit(positions={"a": 2}), Commit(logged={"a": 4})])
    def test_positions_never_go_back(self, checkpoint: Checkpoint, behind: Commit) -> None:
        """A worker that lost its place is refused, and nothing of its commit is stored."""
        checkpoint.commit(Commit(positions={"a": 3}, logged={"a": 5}))
        commit = replace(behind, entities={AN_ACCOUNT: a_state()}, events=[an_event()])
        with pytest.raises(ValueError, match="source 'a'"):
            checkpoint.commit(commit)
        assert checkpoint.resume().positions == {"a": 3}
        assert not checkpoint.entities([AN_ACCOUNT])
        assert not checkpoint.recent_events(AN_ACCOUNT, 5)

    def test_closed_queries_are_gone_from_their_stage_alone(self, checkpoint: Checkpoint) -> None:
        """Each stage joins starts and ends for itself."""
        query = b"1" * 16
        checkpoint.commit(Commit(opened={query: b"s"}, log_opened={query: b"s"}))
        checkpoint.commit(Commit(log_closed=[query, b"9" * 16]))
        assert checkpoint.resume().opened == {query: b"s"}
        assert checkpoint.resume().log_opened == {}

    def test_states_come_back_as_committed_last(self, checkpoint: Checkpoint) -> None:
        """An entity has one state, the newest; unknown ones are left out."""
        entity = Entity(Scope.END_USER, STRANGE)
        checkpoint.commit(Commit(entities={entity: a_state(queries=20), AN_ACCOUNT: a_state()}))
        checkpoint.commit(Commit(entities={entity: a_state(queries=21, raised="low", states=b"\x01" * 16384)}))
        found = checkpoint.entities([entity, Entity(Scope.ACCOUNT, STRANGE)])
        assert found == {entity: a_state(queries=21, raised="low", states=b"\x01" * 16384)}

    @pytest.mark.parametrize("states", [b"", b"\0", b"\0zlib", b"\0zlib\x78\x01", bytes(range(256)) * 64])
    def test_states_are_whatever_bytes(self, checkpoint: Checkpoint, states: bytes) -> None:
        """However a store keeps them, they come back as they were, those that look like its own way of it too."""
        checkpoint.commit(Commit(entities={AN_ACCOUNT: a_state(states=states)}))
        assert checkpoint.entities([AN_ACCOUNT])[AN_ACCOUNT].states == states

    def test_many_entities_at_once(self, checkpoint: Checkpoint) -> None:
        """More than any bound on the parameters of one statement."""
        wanted = {Entity(Scope.ACCOUNT, f"acct-{n}"): a_state(queries=n) for n in range(1_234)}
        checkpoint.commit(Commit(entities=wanted))
        assert checkpoint.entities(list(wanted)) == wanted

    def test_the_trail_remembers_who_and_when(self, checkpoint: Checkpoint) -> None:
        """A digest comes back with its account, overwritten by a later commit of it."""
        checkpoint.commit(Commit(trail={b"1" * 8: TrailEntry(STRANGE, T0), b"2" * 16: TrailEntry("", T0)}))
        checkpoint.commit(Commit(trail={b"1" * 8: TrailEntry("acct-2", T0 + 1)}))
        expected = {b"1" * 8: TrailEntry("acct-2", T0 + 1), b"2" * 16: TrailEntry("", T0)}
        assert checkpoint.trail([b"1" * 8, b"2" * 16, b"3" * 8]) == expected

    def test_the_same_commit_twice_counts_once(self, checkpoint: Checkpoint) -> None:
        """A worker that did not hear of its success tries again."""
        commit = Commit(
            positions={"a": 2},
            logged={"a": 2},
            events=[an_event(0), an_event(1)],
            entities={AN_ACCOUNT: a_state()},
            trail={b"1" * 8: TrailEntry("acct-1", T0)},
            opened={b"1" * 16: b"s"},
            flags=[a_flag()],
            gaps=[("a", Gap(T0, T0 + 1, 2, 1))],
        )
        checkpoint.commit(commit)
        checkpoint.commit(commit)
        assert list(checkpoint.recent_events(AN_ACCOUNT, 9)) == [text_id(e.id) for e in reversed(commit.events)]

    @pytest.mark.parametrize(
        "entity",
        [AN_ACCOUNT, Entity(Scope.ORG, "org-7"), Entity(Scope.END_USER, "acct-1/u-19")],
        ids=lambda entity: entity.scope,
    )
    def test_recent_events_are_the_entity_s_own_newest_first(self, checkpoint: Checkpoint, entity: Entity) -> None:
        """By completion, whatever the order of the log."""
        own = [an_event(n) for n in (3, 1, 2)]
        others = [an_event(n, account="acct-2", org="org-8", end_user="u-20") for n in range(5)]
        checkpoint.commit(Commit(events=own[:2] + others))
        checkpoint.commit(Commit(events=own[2:]))
        expected = [text_id(own[0].id), text_id(own[2].id)]
        assert list(checkpoint.recent_events(entity, 2)) == expected

    def test_recent_events_of_a_stranger_are_none(self, checkpoint: Checkpoint) -> None:
        """An entity that the log does not know has none."""
        checkpoint.commit(Commit(events=[an_event(org="", end_user="")]))
        assert not checkpoint.recent_events(Entity(Scope.ORG, "org-7"), 5)
        assert not checkpoint.recent_events(Entity(Scope.TEMPLATE, "acct-1"), 5)

    def test_the_trail_is_purged_by_event_time(self, checkpoint: Checkpoint) -> None:
        """After seven days of event time an entry is taken, one that is just within stays."""
        now = T0 + 30 * DAY
        old, young = TrailEntry("acct-1", now - 7 * DAY - SECOND), TrailEntry("acct-1", now - 7 * DAY + SECOND)
        checkpoint.commit(Commit(trail={b"old": old, b"young": young}))
        assert checkpoint.purge(now) == {"trail": 1}
        assert checkpoint.trail([b"old", b"young"]) == {b"young": young}
        assert checkpoint.purge(now) == {}

    def test_evaluations_and_flags_are_taken(self, checkpoint: Checkpoint) -> None:
        """A commit with findings alone is a commit."""
        checkpoint.commit(Commit(evaluations=[an_evaluation()], flags=[a_flag()]))
