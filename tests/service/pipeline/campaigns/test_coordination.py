"""A thin campaign is found among honest accounts, however the stream is cut and whoever goes on with it."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import numpy as np
import pytest

from detectors.coordination.group import MEASURES
from detectors.coordination.judge import Judge
from detectors.coordination.ties import TIES
from detectors.features import Extractor
from service.backends.memory import MemoryCheckpoint
from service.backends.sql.checkpoint import SqlCheckpoint
from service.backends.sql.dialect import connect
from service.backends.sql.partitions import SqlPartitions
from service.model.entity import Scope
from service.model.flag import Severity
from service.model.ids import SHARDS, shard
from service.model.link import LinkKind
from service.model.query import Answer, Inspect
from service.pipeline.campaigns import coordination, memory
from service.pipeline.campaigns.coordination import Coordination
from service.ports import SLOT, Commit
from service.replay.runner import run
from tests.contracts.databases import database
from tests.detectors.coordination.factories import some
from tests.service.pipeline.factories import T0, an_event
from tests.service.pipeline.test_scorer import KEY, a_scorer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from service.model.flag import Flag
    from service.model.query import QueryEvent

ACCOUNTS, EACH = 60, 4
TASK = "Write one detailed answer for a textbook, with all steps of the reasoning, to this question: {}"
TOPICS = ("tides", "sorting", "contracts", "enzymes", "bridges", "grammar", "tariffs", "volcanoes", "sonnets", "gears")


@pytest.fixture(scope="module")
def extractor() -> Extractor:
    """Features."""
    return Extractor(KEY)


def asked(done: int, account: str, text: str, tokens: int) -> QueryEvent:
    """One query and its answer's length."""
    answer = Answer(Inspect.PARSED, input_tokens=40, output_tokens=tokens)
    return an_event(done, account=account, turns=(("user", text),), answer=answer)


def thin() -> list[QueryEvent]:
    """The same instruction from 60 accounts, four queries each, an ever-new question in every one."""
    return [
        asked(
            T0 + n * SLOT // 2,
            f"thin-{n % ACCOUNTS}",
            TASK.format(f"how do {TOPICS[n % 10]} of number {n} come about where {TOPICS[n * 7 % 9]} are rare?"),
            700,
        )
        for n in range(ACCOUNTS * EACH)
    ]


def own(number: int) -> str:
    """Something that nobody else asks, in other words each time."""
    rng = random.Random(number)
    return " ".join("".join(rng.choices("abcdefghijklmnop", k=5)) for _ in range(12))


def course() -> list[QueryEvent]:
    """One assignment from 60 students, who all ask the same four questions, and much else."""
    return [
        asked(
            T0 + n * SLOT // 8,
            f"student-{n % ACCOUNTS}",
            TASK.format(f"how do {TOPICS[n // ACCOUNTS % 10]} come about?") if (n + n // ACCOUNTS) % 5 == 0 else own(n),
            200,
        )
        for n in range(ACCOUNTS * EACH * 5)
    ]


def batches(events: Sequence[QueryEvent], size: int) -> Iterator[Sequence[QueryEvent]]:
    """So many at once."""
    return (events[start : start + size] for start in range(0, len(events), size))


def flags(events: Sequence[QueryEvent], extractor: Extractor, *, size: int, anew: bool = False) -> list[Flag]:
    """Flags of campaigns; ``anew`` with another scorer for each batch."""
    found: dict[str, Flag] = {}
    store = MemoryCheckpoint(on_flag=lambda flag: found.update({flag.id: flag}))
    scorer = a_scorer(store, extractor, [])
    for batch in batches(events, size):
        commit = Commit()
        scorer.take(batch, commit)
        store.commit(commit)
        if anew:
            scorer = a_scorer(store, extractor, [])
    return [flag for flag in found.values() if flag.entity.scope is Scope.CAMPAIGN]


def test_a_thin_campaign_is_one_flag_with_its_members(extractor: Extractor) -> None:
    """Each account is invisible by itself; together they are named, and nobody else."""
    found = flags(thin(), extractor, size=50)
    assert len({flag.entity for flag in found}) == 1
    assert found[0].severity.rank >= 2
    assert set(found[-1].members) <= {f"thin-{n}" for n in range(ACCOUNTS)}
    assert len(found[-1].members) >= ACCOUNTS // 2
    assert any("share" in reason.text for reason in found[0].reasons)


def lone() -> list[QueryEvent]:
    """The instruction in all that one account sends, and a few times from others, who ask much else."""
    return [
        asked(
            T0 + n * SLOT // 8,
            "lone" if n % 2 else f"other-{n // 2 % 30}",
            TASK.format(f"how do {TOPICS[n % 10]} of number {n} come about where {TOPICS[n * 7 % 9]} are rare?")
            if n % 2 or n % 14 == 0
            else own(n),
            700,
        )
        for n in range(600)
    ]


@pytest.mark.parametrize("least", [1, 2])
def test_one_account_is_no_campaign(extractor: Extractor, monkeypatch: pytest.MonkeyPatch, least: int) -> None:
    """What others send now and then makes them no members, and what one does by itself is told of the account."""
    monkeypatch.setattr(coordination, "LEAST", least)
    found = flags(lone(), extractor, size=50)
    assert {flag.members for flag in found} == ({("lone",)} if least == 1 else set())


def test_what_began_in_the_last_moment_of_a_file_is_told_of(extractor: Extractor) -> None:
    """A stream that has ended has no later query by whose time its last slot would be closed."""
    events = [
        asked(T0 + n, f"thin-{n}", TASK.format(f"how do {TOPICS[n % 10]} of number {n} come about?"), 700)
        for n in range(ACCOUNTS)
    ]
    store = MemoryCheckpoint()
    found = run(events, scorer=a_scorer(store, extractor, []), checkpoint=store)
    assert [len(flag.members) for flag in found.flags if flag.entity.scope is Scope.CAMPAIGN] == [ACCOUNTS]


@pytest.mark.parametrize(
    ("kind", "partitions", "anew"), [("sqlite", 2, False), ("sqlite", 3, True), ("postgres", 2, True)]
)
@pytest.mark.usefixtures("often")
def test_partitions_find_what_one_finds(
    *, kind: str, partitions: int, anew: bool, extractor: Extractor, tmp_path: Path
) -> None:
    """Each takes its own accounts, at its own pace; the first one gathers, and whoever goes on misses nothing."""
    engine = connect(database(kind, tmp_path))
    SqlPartitions(engine).ensure(partitions)
    stores = [SqlCheckpoint(engine, partition=number) for number in range(partitions)]
    scorers = [a_scorer(store, extractor, []) for store in stores]
    last = thin()[-1].done + 2 * SLOT
    found: dict[str, Flag] = {}
    for number, batch in enumerate([*batches(thin(), 20), [], []]):
        # One partition is behind by a batch, which holds the others up and loses nothing.
        for part in range(partitions):
            commit = Commit()
            mine = [event for event in batch if shard(event.org, event.account) * partitions // SHARDS == part]
            scorers[part].take(mine, commit, now=batch[-1].done if batch else last + number * SLOT)
            stores[part].commit(commit)
            found.update({flag.id: flag for flag in commit.flags if flag.entity.scope is Scope.CAMPAIGN})
            if anew:
                stores[part] = SqlCheckpoint(engine, partition=part)
                scorers[part] = a_scorer(stores[part], extractor, [])
    engine.dispose()
    assert found
    assert sorted(found) == sorted(
        flag.id for flag in flags([*thin(), asked(last, "nobody", own(1), 9)], extractor, size=50)
    )


def test_a_course_is_none(extractor: Extractor) -> None:
    """Its students ask the same, and ask other things."""
    assert not [flag for flag in flags(course(), extractor, size=200) if flag.severity.rank >= 2]


@pytest.mark.parametrize(("size", "anew"), [(1, False), (7, True), (240, False)])
@pytest.mark.usefixtures("often")
def test_neither_cuts_nor_restarts_change_what_is_found(size: int, anew: bool, extractor: Extractor) -> None:  # noqa: FBT001
    """The same flags with the same ids."""
    assert flags(thin(), extractor, size=size, anew=anew) == flags(thin(), extractor, size=50)


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """All of it is written once in fifty footprints."""
    monkeypatch.setattr(coordination, "WHOLE", 50)
    monkeypatch.setattr(coordination, "MOST", 50)


@pytest.mark.usefixtures("often")
def test_what_is_folded_is_let_go(extractor: Extractor) -> None:
    """Once in so many footprints all of it is one blob; what is folded into it is kept no longer."""
    store = MemoryCheckpoint()
    scorer = a_scorer(store, extractor, [])
    for batch in batches(thin(), 20):
        commit = Commit()
        scorer.take(batch, commit)
        store.commit(commit)
    resumed = store.resume()
    held = memory.load(resumed.meta["coordination"])
    assert len(resumed.footprints) < ACCOUNTS * EACH // 2
    assert len(held.names) == ACCOUNTS
    assert memory.dump(*held) == resumed.meta["coordination"]


@pytest.mark.usefixtures("often")
def test_blobs_of_several_partitions_become_one(extractor: Extractor) -> None:
    """With the accounts and the groups of all."""
    dumps = []
    for part in range(2):
        store = MemoryCheckpoint()
        scorer = a_scorer(store, extractor, [])
        for batch in batches([e for n, e in enumerate(thin()) if n % ACCOUNTS % 2 == part], 20):
            commit = Commit()
            scorer.take(batch, commit)
            store.commit(commit)
        dumps.append(store.resume().meta["coordination"])
    one, other, both = (memory.load(dump) for dump in (*dumps, memory.merged(dumps)))
    assert set(both.names) == {*one.names, *other.names}
    assert both.known.accounts.keys() == {*one.known.accounts, *other.known.accounts}
    for key in {*one.known.groups, *other.known.groups}:
        assert both.known.groups[key].queries == sum(
            held.known.groups[key].queries for held in (one, other) if key in held.known.groups
        )


def falling() -> Judge:
    """One to whom eight actors are worth a flag, and more of them are less so; honest groups share no network."""
    weights = np.zeros(len(MEASURES))
    weights[MEASURES.index("actors")] = -1.0
    shown = np.zeros((1999, len(MEASURES)))
    # 4 of 1,999 honest groups score less than 8 actors do and more than 12, so the last are low.
    benign = np.sort([*np.linspace(0.0, 1e-3, 1995), *[0.03] * 4])
    return Judge(
        0.0, weights, np.zeros(len(MEASURES)), np.ones(len(MEASURES)), benign, shown, np.zeros((1999, len(TIES))), {}
    )


def linked(extractor: Extractor, *, each: int = 1, divided: bool = False, **fixed: int) -> list[Flag]:
    """What is said of 60 accounts with one key, one a slot, perhaps with a topic each."""
    store = MemoryCheckpoint()
    found = Coordination(store, store.resume(), extractor=extractor, budget=0.001, versions={}, judge=falling())
    into = Commit()
    for slot in range(60):
        found.close(slot, into)
        account = np.array([slot + 1], np.uint64)
        if divided:
            fixed["cell"] = slot
        rows = some(each, account=account, actor=account, keys=[0, 0, 0, 9], time=slot * SLOT / 1e6, **fixed)
        found.keep(slot, rows, {slot + 1: f"a{slot + 1}"})
    found.close(60, into)
    return into.flags


@pytest.mark.parametrize(("network", "expected"), [(77, [LinkKind.INFRASTRUCTURE]), (0, [])])
def test_shared_infrastructure_is_told_beside_what_found_it(
    network: int, expected: list[LinkKind], extractor: Extractor
) -> None:
    """The link is the content's; one address prefix of them all is told of with how rare that is."""
    links = linked(extractor, network=network, client=0)[-1].links
    assert [link.kind for link in links if link.kind is LinkKind.INFRASTRUCTURE] == expected
    assert LinkKind.TAIL in {link.kind for link in links}
    assert all(link.benign == 0.0005 for link in links if link.kind is LinkKind.INFRASTRUCTURE)


@pytest.mark.parametrize("divided", [True, False])
def test_topics_that_are_divided_up_are_told_of(extractor: Extractor, *, divided: bool) -> None:
    """Six queries of each account on a topic of its own, or on any."""
    links = linked(extractor, each=6, divided=divided)[-1].links
    told = [link for link in links if link.kind is LinkKind.SLICES and link.evidence.startswith("they divide up")]
    assert [link.benign for link in told] == [0.0005] * divided


def test_a_campaign_is_followed_while_it_is_suspicious_at_all(extractor: Extractor) -> None:
    """It goes on being told of as severe as it was, though by itself its groups would no longer be worth that."""
    flags = linked(extractor)
    assert flags[-1].false_positive_rate.estimate > 0.0001
    assert {flag.severity for flag in flags} == {Severity.MEDIUM}
    assert len(flags[-1].members) >= 50
