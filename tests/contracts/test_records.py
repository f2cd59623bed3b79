"""What every ``ports.Records`` holds."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

from service.backends.sql.checkpoint import SqlCheckpoint
from service.backends.sql.decisions import SqlDecisions
from service.backends.sql.records import SqlRecords
from service.backends.witness import Witness
from service.model.decision import Kind, Origin
from service.model.entity import Entity, Scope
from service.model.flag import Severity
from service.model.ids import text_id
from service.model.query import Gap, Inspect, Operation, Outcome, Query
from service.ports import Commit, FlagFilter
from tests.contracts.factories import (
    AN_ACCOUNT,
    AN_ACT,
    DAY,
    SECOND,
    T0,
    a_decision,
    a_flag,
    a_query,
    a_state,
    an_answer,
    an_evaluation,
    an_event,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sqlalchemy.engine import Engine

    from service.ports import Account, Checkpoint, Page, Records

T = TypeVar("T")
OTHER = Entity(Scope.ACCOUNT, "acct-2")


@pytest.fixture
def store(engine: Engine) -> Checkpoint:
    """The worker's side of the same store, keeping full texts."""
    return SqlCheckpoint(engine, keep="full")


@pytest.fixture
def records(engine: Engine) -> Records:
    """The control plane's side."""
    return SqlRecords(engine)


def read_all(page: Callable[[str | None], Page[T]]) -> list[T]:
    """Every item, page by page."""
    found: list[T] = []
    after = None
    while True:
        result = page(after)
        found += result.items
        after = result.next
        if after is None:
            return found


def known(records: Records, entity: Entity) -> Account:
    """An entity that the store knows."""
    account = records.account(entity)
    assert account is not None
    return account


class TestFlags:
    """Flags come back as they were raised, newest first."""

    def test_a_flag_comes_back_whole(self, store: Checkpoint, records: Records) -> None:
        """Reasons, rates, versions and floats to the last bit; also under a name that no encoding takes."""
        flag = a_flag(entity=Entity(Scope.END_USER, "a\x00\ud800/b"), score=0.1 + 0.2)
        store.commit(Commit(flags=[flag]))
        assert records.flag(flag.id) == flag
        assert records.flag("flag-9999") is None

    def test_a_flag_is_immutable(self, store: Checkpoint, records: Records) -> None:
        """The same id raised again leaves the first word standing."""
        store.commit(Commit(flags=[a_flag()]))
        store.commit(Commit(flags=[a_flag(score=0.1)]))
        assert records.flag(a_flag().id) == a_flag()

    def test_pages_cover_all_once(self, store: Checkpoint, records: Records) -> None:
        """Paging by two gives every flag once, newest first, ties in the order of ids."""
        flags = [a_flag(n, flagged_at=T0 + n // 3) for n in range(7)]
        store.commit(Commit(flags=flags))
        assert read_all(lambda after: records.flags(FlagFilter(), after, 2)) == flags[::-1]

    def test_a_flag_raised_meanwhile_moves_no_page(self, store: Checkpoint, records: Records) -> None:
        """The next page goes on behind the last one, whatever came in front."""
        store.commit(Commit(flags=[a_flag(n) for n in range(4)]))
        first = records.flags(FlagFilter(), None, 2)
        store.commit(Commit(flags=[a_flag(9)]))
        second = records.flags(FlagFilter(), first.next, 2)
        assert list(second.items) == [a_flag(1), a_flag(0)]
        assert second.next is None

    @pytest.mark.parametrize(
        ("where", "expected"),
        [
            pytest.param(FlagFilter(scope=Scope.ORG), [3], id="scope"),
            pytest.param(FlagFilter(scope=Scope.ACCOUNT, entity="acct-2"), [2], id="entity"),
            pytest.param(FlagFilter(severity=Severity.HIGH), [3, 1], id="at-least-a-severity"),
            pytest.param(
                FlagFilter(since=T0 + 3600 * SECOND, until=T0 + 3 * 3600 * SECOND), [2, 1], id="half-open-time"
            ),
            pytest.param(FlagFilter(scope=Scope.ACCOUNT, severity=Severity.CRITICAL), [1], id="both"),
            pytest.param(FlagFilter(entity="nobody"), [], id="none"),
        ],
    )
    def test_filters(self, store: Checkpoint, records: Records, where: FlagFilter, expected: list[int]) -> None:
        """Each filter alone and two together."""
        flags = [
            a_flag(0),
            a_flag(1, severity=Severity.CRITICAL),
            a_flag(2, entity=OTHER),
            a_flag(3, entity=Entity(Scope.ORG, "org-7"), severity=Severity.HIGH),
        ]
        store.commit(Commit(flags=flags))
        assert list(records.flags(where, None, 10).items) == [flags[n] for n in expected]

    @pytest.mark.parametrize("after", ["", "x", "12", "12:", ":a", "1.5:a", "9" * 30 + ":a", "٣:a", "'; DROP TABLE:x"])
    def test_a_place_that_is_none_is_refused(self, records: Records, after: str) -> None:
        """With a ``ValueError``, in both listings, and never with an error of the database."""
        with pytest.raises(ValueError, match="invalid place"):
            records.flags(FlagFilter(), after, 2)
        with pytest.raises(ValueError, match="invalid place"):
            records.accounts(Scope.ACCOUNT, after, 2)


class TestAccounts:
    """Entities with what was measured of them."""

    def test_pages_cover_all_once(self, store: Checkpoint, records: Records) -> None:
        """Every entity of the scope once, seen last comes first."""
        states = {Entity(Scope.ACCOUNT, f"acct-{n}"): a_state(last_seen=T0 + n // 2) for n in range(5)}
        store.commit(Commit(entities=states | {Entity(Scope.ORG, "org-7"): a_state()}))
        found = read_all(lambda after: records.accounts(Scope.ACCOUNT, after, 2))
        assert [account.entity for account in found] == list(states)[::-1]

    def test_score_is_the_highest_of_the_last_30_days(self, store: Checkpoint, records: Records) -> None:
        """Of the stream's time: an old peak no longer counts, and another account's never."""
        now = T0 + 40 * DAY
        store.commit(
            Commit(
                entities={AN_ACCOUNT: a_state(last_seen=T0), OTHER: a_state(last_seen=now)},
                evaluations=[
                    an_evaluation(0, at=now - 31 * DAY, score=0.9),
                    an_evaluation(1, at=now - 29 * DAY, score=0.5),
                    an_evaluation(2, at=now - 28 * DAY, score=0.4),
                ],
            )
        )
        assert known(records, AN_ACCOUNT).score == 0.5
        assert known(records, OTHER).score is None

    def test_severity_is_the_highest_flagged(self, store: Checkpoint, records: Records) -> None:
        """None before the first flag."""
        flags = [a_flag(0, severity=Severity.HIGH), a_flag(1, severity=Severity.INFO)]
        store.commit(Commit(entities={AN_ACCOUNT: a_state(), OTHER: a_state()}, flags=flags))
        assert known(records, AN_ACCOUNT).severity is Severity.HIGH
        assert known(records, OTHER).severity is None
        assert records.account(Entity(Scope.ACCOUNT, "nobody")) is None

    def test_evaluations_come_back_whole_newest_first(self, store: Checkpoint, records: Records) -> None:
        """Floats to the last bit, since a replay is compared with them."""
        odd = {"a": float("inf"), "b": 5e-324}
        mine = [an_evaluation(0), an_evaluation(1, severity=None), an_evaluation(1, trigger="n=80", values=odd)]
        store.commit(Commit(evaluations=[*mine, an_evaluation(entity=OTHER)]))
        assert list(records.evaluations(AN_ACCOUNT, 10)) == mine[::-1]
        assert list(records.evaluations(AN_ACCOUNT, 1)) == mine[:1:-1]


class TestBenign:
    """What an installation may learn its own baseline from."""

    def test_who_was_flagged_is_left_out(self, store: Checkpoint, records: Records) -> None:
        """From medium on: an account of which nobody was asked to look stays in."""
        mine, others = an_evaluation(0), an_evaluation(0, entity=OTHER)
        low, medium = a_flag(0, severity=Severity.LOW), a_flag(1, entity=OTHER)
        store.commit(Commit(evaluations=[mine, others], flags=[low, medium]))
        assert list(records.benign(DAY)) == [mine]

    def test_who_is_allowed_is_let_in(
        self, store: Checkpoint, records: Records, engine: Engine, tmp_path: Path
    ) -> None:
        """An operator who allows a flagged account says that it is benign; one who tries that out does not."""
        store.commit(Commit(evaluations=[an_evaluation()], flags=[a_flag()]))
        decisions = SqlDecisions(engine, tmp_path / "decisions.json", Witness(tmp_path / "audit-heads"))
        decisions.add(a_decision(kind=Kind.ALLOW, simulated=True), AN_ACT)
        assert list(records.benign(DAY)) == []
        decisions.add(a_decision(kind=Kind.ALLOW), AN_ACT)
        assert list(records.benign(DAY)) == [an_evaluation()]

    @pytest.mark.parametrize("simulated", [True, False])
    @pytest.mark.parametrize("kind", [Kind.ANNOTATE, Kind.THROTTLE, Kind.BLOCK])
    def test_who_is_decided_about_is_left_out(
        self, store: Checkpoint, records: Records, engine: Engine, tmp_path: Path, kind: Kind, *, simulated: bool
    ) -> None:
        """Without any flag, simulated or not, over or not, whoever made it; of that scope alone. An allow wins."""
        org, other = an_evaluation(entity=Entity(Scope.ORG, AN_ACCOUNT.value)), an_evaluation(entity=OTHER)
        mine = an_evaluation()
        store.commit(Commit(evaluations=[mine, org, other]))
        decisions = SqlDecisions(engine, tmp_path / "decisions.json", Witness(tmp_path / "audit-heads"))
        decisions.add(a_decision(kind=kind, simulated=simulated, until=1, origin=Origin.POLICY), AN_ACT)
        assert list(records.benign(DAY)) == [other, org]
        decisions.add(a_decision(1, kind=Kind.ALLOW, simulated=True), AN_ACT)
        assert list(records.benign(DAY)) == [other, org]
        decisions.add(a_decision(2, kind=Kind.ALLOW), AN_ACT)
        assert list(records.benign(DAY)) == [mine, other, org]

    def test_the_period_is_of_event_time_and_in_its_order(self, store: Checkpoint, records: Records) -> None:
        """Counted back from the newest evaluation, over any number of pages; a flag before it no longer counts."""
        of_all = [
            an_evaluation(hour, entity=Entity(Scope.ACCOUNT, f"acct-{n:03d}")) for hour in range(30) for n in range(100)
        ]
        old = a_flag(entity=of_all[0].entity, flagged_at=of_all[0].at)
        store.commit(Commit(evaluations=of_all[1_500:] + of_all[:1_500], flags=[old]))
        assert list(records.benign(DAY)) == of_all[-24 * 100 :]

    def test_of_nothing_is_nothing(self, records: Records) -> None:
        """A fresh store has nothing to learn from."""
        assert list(records.benign(DAY)) == []


class TestLog:
    """Events come back as far as their content was kept."""

    def test_the_export_gives_back_what_a_replay_needs(self, store: Checkpoint, records: Records) -> None:
        """Every field but what a dialect reads from the request document again, which is there exactly."""
        event = an_event()
        store.commit(Commit(events=[event]))
        query = replace(event.query, turns=(), prompts=(), parameters={})
        assert list(records.export()) == [replace(event, query=query)]

    @pytest.mark.parametrize(
        "changes",
        [
            pytest.param(
                {
                    "query": Query(Operation.OPAQUE, Inspect.OPAQUE),
                    "answer": an_answer(inspect=Inspect.UNPARSED, body=None, input_tokens=None, finish="", model=""),
                    "request": None,
                    "headers": {},
                    "org": "",
                    "end_user": "",
                    "ip_prefix": "",
                    "status": 0,
                    "outcome": Outcome.UNKNOWN,
                    "ttft": -1,
                },
                id="opaque",
            ),
            pytest.param({"path": "/v1/" + "x" * 60_000}, id="a-path-beyond-any-index"),
            pytest.param({"account": "a/b\x00\ud83d", "end_user": "u/\ud800\x1a0000"}, id="names-no-encoding-takes"),
            pytest.param({"request": {"messages": ["\ud800"], "n": 10**30, "x": [None, True, 1e308]}}, id="odd-json"),
            pytest.param({"request": {"messages": []}, "answer": an_answer(body=[])}, id="empty-documents"),
            pytest.param({"request": {"messages": ["wort " * 200_000]}}, id="a-long-text"),
        ],
    )
    def test_odd_events_come_back(self, store: Checkpoint, records: Records, changes: dict[str, Any]) -> None:
        """What a caller may send, the log can keep."""
        event = an_event(**changes)
        event = replace(event, query=replace(event.query, turns=(), parameters={}, end_user=event.end_user))
        store.commit(Commit(events=[event]))
        assert list(records.export()) == [event]

    def test_export_is_in_order_of_completion(self, store: Checkpoint, records: Records) -> None:
        """Across pages and commits, also where completions coincide."""
        events = [an_event(n, done=T0 + 5_000 * SECOND + n // 2) for n in range(2_500)]
        store.commit(Commit(events=events[1_000:]))
        store.commit(Commit(events=events[:1_000]))
        expected = sorted(events, key=lambda event: (event.done, event.id))
        assert [event.id for event in records.export()] == [event.id for event in expected]

    def test_events_by_id_keep_the_order_asked_for(self, store: Checkpoint, records: Records) -> None:
        """Unknown ids and strings that are none are left out."""
        events = [an_event(n) for n in range(3)]
        store.commit(Commit(events=events))
        ids = [text_id(events[2].id), "no id", text_id(an_event().id), text_id(events[0].id)]
        assert [event.id for event in records.events(ids)] == [events[2].id, events[0].id]

    def test_a_repeated_event_is_counted_not_stored(self, store: Checkpoint, records: Records) -> None:
        """The first one stands."""
        store.commit(Commit(events=[an_event(0), first := an_event(1)]))
        store.commit(Commit(events=[replace(first, status=500), an_event(2)]))
        assert [event.status for event in records.export()] == [200, 200, 200]
        assert records.counts()["events"] == 3
        assert records.counts()["duplicates"] == 1

    def test_traffic_is_counted_in_equal_stretches(self, store: Checkpoint, records: Records) -> None:
        """Of the last while and nothing before it, each query once; a young log is parted from its first query on."""
        assert list(records.traffic(DAY, 4)) == []
        store.commit(Commit(events=[an_event(n, done=T0 + at * SECOND) for n, at in enumerate((0, 1, 2, 11))]))
        young = records.traffic(DAY, 4)
        assert [count for _, count in young] == [3, 0, 0, 1]
        assert young[0][0] == T0
        assert [count for _, count in records.traffic(10 * SECOND, 2)] == [1, 1]

    def test_what_was_not_logged_is_known_exactly(self, store: Checkpoint, records: Records) -> None:
        """Starts, ends and others of every gap, a gap told twice counted once."""
        gaps = [("a", Gap(T0, T0 + 9, 3, 2)), ("b", Gap(T0, T0 + 9, 1, 0)), ("c", Gap(T0, T0 + 9, 0, 0, 40))]
        store.commit(Commit(gaps=gaps))
        store.commit(Commit(gaps=gaps[:1]))
        assert records.counts()["not_logged"] == 46

    def test_counts_of_an_empty_store(self, records: Records) -> None:
        """Every count is there and is zero."""
        counts = records.counts()
        assert {"events", "duplicates", "not_logged", "flags", "evaluations", "entities", "trail"} <= counts.keys()
        assert not any(counts.values())

    def test_ready(self, records: Records) -> None:
        """A store at the head has nothing to say."""
        assert records.ready() is None


def test_redacted_content_keeps_no_word(engine: Engine, records: Records) -> None:
    """What comes back is the form of the query: roles, lengths, numbers, counts."""
    store = SqlCheckpoint(engine, keep="redacted")
    store.commit(Commit(events=[an_event()]))
    (event,) = records.export()
    assert [turn.role for turn in event.query.turns] == ["system", "user"]
    assert not any(turn.text for turn in event.query.turns)
    assert event.query.parameters == {"temperature": 0.7, "max_tokens": 256}
    assert event.request["redacted"]["turns"] == [["system", 9], ["user", 20]]
    assert event.request["redacted"]["sizes"] == {"logit_bias": 1}
    assert event.answer == an_answer(body=None)


def test_no_content_keeps_only_the_row(engine: Engine, records: Records) -> None:
    """Who, when, which model and how many tokens stay; nothing of the text, not even its length by turn."""
    store = SqlCheckpoint(engine, keep="none")
    store.commit(Commit(events=[event := an_event()]))
    bare = replace(event, request=None, query=a_query(turns=(), parameters={}), answer=an_answer(body=None))
    assert list(records.export()) == [bare]
    assert records.counts()["event_text"] == 0
