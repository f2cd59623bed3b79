"""The store in SQL and the one in memory answer alike: what a replay runs on is what live traffic runs on."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.backends.memory import MemoryCheckpoint
from service.backends.sql.checkpoint import SqlCheckpoint
from service.backends.sql.dialect import connect
from service.model.entity import Entity, Scope
from service.ports import Commit, EntityState, TrailEntry
from tests.contracts.databases import KINDS, database
from tests.contracts.factories import T0, an_event
from tests.servers import running

if TYPE_CHECKING:
    from collections.abc import Callable

    from service.ports import Checkpoint

ACCOUNTS = ("acct-1", "acct-2", "a/b")
DIGESTS = tuple(bytes([n]) * 8 for n in range(4))
ENTITIES = [Entity(scope, value) for scope in (Scope.ACCOUNT, Scope.END_USER) for value in (*ACCOUNTS, "a/b/c")]
TIMES = st.integers(T0, T0 + 20 * 86_400_000_000)

states = st.builds(
    EntityState, st.integers(0, 99), TIMES, TIMES, st.sampled_from((-1, 0, 3600)), st.just(""), st.binary(max_size=9)
)
events = st.builds(
    lambda number, account, end_user: an_event(number, id=bytes([number]) * 16, account=account, end_user=end_user),
    st.integers(0, 9),
    st.sampled_from(ACCOUNTS),
    st.sampled_from(("", "c", "b/c")),
)
commits = st.builds(
    Commit,
    positions=st.dictionaries(st.sampled_from("ab"), st.integers(0, 5)),
    logged=st.dictionaries(st.sampled_from("ab"), st.integers(0, 5)),
    events=st.lists(events, max_size=4, unique_by=lambda event: event.id),
    entities=st.dictionaries(st.sampled_from(ENTITIES), states, max_size=3),
    trail=st.dictionaries(st.sampled_from(DIGESTS), st.builds(TrailEntry, st.sampled_from(ACCOUNTS), TIMES)),
    opened=st.dictionaries(st.sampled_from(DIGESTS), st.binary(max_size=3)),
    closed=st.lists(st.sampled_from(DIGESTS)),
    log_opened=st.dictionaries(st.sampled_from(DIGESTS), st.binary(max_size=3)),
    log_closed=st.lists(st.sampled_from(DIGESTS)),
    meta=st.dictionaries(st.sampled_from(("time", "sketch")), st.binary(max_size=3)),
)


def seen(store: Checkpoint) -> tuple[Any, ...]:
    """All that a worker can ask."""
    resume = store.resume()
    places = [{source: n for source, n in place.items() if n} for place in (resume.positions, resume.logged)]
    opened = (dict(resume.opened), dict(resume.log_opened), dict(resume.meta), dict(resume.windows))
    return places, opened, dict(store.entities(ENTITIES)), dict(store.trail(DIGESTS))


def outcome(act: Callable[[], object]) -> object:
    """What comes of it: the answer, or that it was refused."""
    try:
        return act()
    except ValueError:
        return ValueError


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=15)
@given(batches=st.lists(commits, max_size=5))
def test_they_answer_alike(batches: list[Commit], kind: str) -> None:
    """After any commits, taken or refused, and after forgetting."""
    with TemporaryDirectory() as folder:
        engine = connect(database(kind, Path(folder)))
        stores: list[Checkpoint] = [MemoryCheckpoint(keep_events=True), SqlCheckpoint(engine)]
        for commit in batches:
            assert outcome(lambda: stores[0].commit(commit)) == outcome(lambda: stores[1].commit(commit))  # noqa: B023
            assert seen(stores[0]) == seen(stores[1])
        for store in stores:
            store.purge(T0 + 12 * 86_400_000_000)
        assert seen(stores[0])[3] == seen(stores[1])[3]
        engine.dispose()
        running.forget()
