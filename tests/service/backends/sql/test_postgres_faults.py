"""Every way in which Postgres goes away or cannot go on is ``StoreUnavailable``, and afterwards all is well."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.engine import make_url

from service.backends.sql import postgres, schema
from service.backends.sql.checkpoint import SqlCheckpoint
from service.backends.sql.dialect import available, connect
from service.backends.sql.records import SqlRecords
from service.ports import Commit, StoreUnavailable
from service.settings import SettingsError
from tests.contracts.factories import AN_ACCOUNT, a_state, an_event
from tests.servers import running
from tests.servers.postgres import execute

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.engine import Connection, Engine

    from tests.servers.postgres import Postgres


@pytest.fixture
def url() -> str:
    """A fresh database."""
    return running.postgres()


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    """A connection to it."""
    engine = connect(url)
    yield engine
    engine.dispose()


def a_commit(number: int) -> Commit:
    """The ``number``-th batch."""
    return Commit(positions={"a": number}, events=[an_event(number)], entities={AN_ACCOUNT: a_state(queries=number)})


def in_the_middle_of_a_commit(engine: Engine, act: Any) -> None:
    """Once, before the next commit's end reaches the server."""
    left = [act]

    def once(_: Connection) -> None:
        if left:
            left.pop()()

    event.listen(engine, "commit", once)


@pytest.mark.xdist_group("processes")
def test_a_killed_server_loses_nothing_that_it_confirmed(own_postgres: Postgres) -> None:
    """Killed before a commit's end: the worker hears of it, goes on from its place, and the log is whole."""
    own_postgres.execute("CREATE DATABASE log")
    url = own_postgres.url("log")
    schema.upgrade(url)
    engine = connect(url)
    checkpoint = SqlCheckpoint(engine)
    checkpoint.claim("a")
    checkpoint.commit(a_commit(1))
    in_the_middle_of_a_commit(engine, own_postgres.kill9)
    with pytest.raises(StoreUnavailable, match=r"(network error|reset by peer).*see that it runs"):
        checkpoint.commit(a_commit(2))
    with pytest.raises(StoreUnavailable, match="refused"):
        checkpoint.resume()
    own_postgres.start()
    assert checkpoint.resume().positions == {"a": 1}
    checkpoint.commit(a_commit(2))
    assert len(list(SqlRecords(engine).export())) == 2
    # And one that an administrator stops, with connections open in the pool.
    own_postgres.restart()
    checkpoint.commit(a_commit(3))
    engine.dispose()


@pytest.mark.xdist_group("processes")
def test_a_server_that_says_nothing_is_noticed(own_postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> None:
    """Under a query, while connecting, and with what the pool holds; it goes on when the server does."""
    monkeypatch.setattr(postgres, "ANSWER", 0.5)
    own_postgres.execute("CREATE DATABASE log")
    url = own_postgres.url("log")
    schema.upgrade(url)
    engine = connect(url)
    checkpoint = SqlCheckpoint(engine)
    checkpoint.claim("a")
    checkpoint.commit(a_commit(1))
    in_the_middle_of_a_commit(engine, own_postgres.pause)
    for _ in range(2):
        with pytest.raises(StoreUnavailable, match="timed out"):
            checkpoint.commit(a_commit(2))
    ready = SqlRecords(engine).ready()
    assert ready is not None
    assert "does not answer" in ready
    own_postgres.go_on()
    assert checkpoint.resume().positions in ({"a": 1}, {"a": 2})
    checkpoint.commit(a_commit(2))
    assert SqlRecords(engine).counts()["events"] == 2
    engine.dispose()


def test_a_connection_that_is_ended_is_replaced(engine: Engine, url: str) -> None:
    """By an administrator in the middle of a transaction, and while it lay in the pool."""
    checkpoint = SqlCheckpoint(engine)
    checkpoint.claim("a")
    end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = "
    end += "current_database()"
    in_the_middle_of_a_commit(engine, lambda: execute(url, end))
    with pytest.raises(StoreUnavailable, match=r"network error|reset by peer"):
        checkpoint.commit(a_commit(1))
    checkpoint.commit(a_commit(1))
    execute(url, end)
    assert checkpoint.resume().positions == {"a": 1}


@pytest.mark.parametrize(
    ("state", "advice"),
    [
        pytest.param("53100", "make room on its disk", id="disk-full"),
        pytest.param("53200", "memory", id="out-of-memory"),
        pytest.param("40001", "another transaction", id="serialization-failure"),
        pytest.param("40P01", "another transaction", id="deadlock"),
        pytest.param("25006", "primary", id="standby"),
        pytest.param("58030", "see its log", id="i/o-error"),
        pytest.param("XX001", "damaged", id="data-corrupted"),
        pytest.param("57P03", "stopped or started", id="starting-up"),
    ],
)
def test_what_it_says_is_told_with_what_to_do(engine: Engine, url: str, state: str, advice: str) -> None:
    """The server raises the very error in the middle of a commit; nothing is stored, and the next try is taken."""
    checkpoint = SqlCheckpoint(engine)
    checkpoint.claim("a")
    execute(
        url,
        "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$BEGIN RAISE EXCEPTION 'it fails' USING ERRCODE = '{state}', DETAIL = 'canary'; END$$",
        "CREATE TRIGGER fail BEFORE INSERT ON states EXECUTE FUNCTION fail()",
    )
    with pytest.raises(StoreUnavailable, match=rf"it fails \({state}\).*{advice}") as caught:
        checkpoint.commit(a_commit(1))
    assert "canary" not in repr(caught.value)
    assert not list(SqlRecords(engine).export())
    execute(url, "DROP TRIGGER fail ON states")
    checkpoint.commit(a_commit(1))
    assert checkpoint.resume().positions == {"a": 1}


def test_a_lock_is_not_waited_for_without_end(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody's forgotten session holds a row."""
    monkeypatch.setattr(postgres, "LOCK", 200)
    engine, other = connect(url), connect(url)
    checkpoint = SqlCheckpoint(engine)
    checkpoint.claim("a")
    with other.begin() as connection:
        connection.execute(text("SELECT * FROM partitions FOR UPDATE"))
        with pytest.raises(StoreUnavailable, match="pg_stat_activity"):
            checkpoint.commit(a_commit(1))
    checkpoint.commit(a_commit(1))
    for made in (engine, other):
        made.dispose()


def test_a_deadlock_ends_one_and_the_other_goes_on(engine: Engine) -> None:
    """As Postgres resolves it."""
    checkpoint = SqlCheckpoint(engine)
    checkpoint.claim("a")
    checkpoint.commit(Commit(meta={"one": b"1", "two": b"2"}))
    meet = threading.Barrier(2)
    outcomes: list[str] = []

    def cross(first: str, second: str) -> None:
        try:
            with available("cross"), engine.begin() as connection:
                connection.execute(text("UPDATE meta SET value = value WHERE name = :n"), {"n": first})
                meet.wait(10)
                connection.execute(text("UPDATE meta SET value = value WHERE name = :n"), {"n": second})
            outcomes.append("done")
        except StoreUnavailable as error:
            outcomes.append(str(error))

    threads = [threading.Thread(target=cross, args=names) for names in (("one", "two"), ("two", "one"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted("done" if o == "done" else "deadlock" if "40P01" in o else o for o in outcomes) == [
        "deadlock",
        "done",
    ]


@pytest.mark.parametrize(
    ("change", "advice"),
    [
        pytest.param({"password": "wrong"}, "user and password", id="password"),
        pytest.param({"database": "nowhere"}, "make the database", id="no-database"),
        pytest.param({"port": 1}, "refused", id="nobody-listens"),
    ],
)
def test_a_url_that_leads_nowhere_is_told(url: str, change: dict[str, Any], advice: str) -> None:
    """In one line, without the password."""
    engine = connect(make_url(url).set(**change).render_as_string(hide_password=False))
    message = SqlRecords(engine).ready()
    assert message is not None
    assert advice in message
    assert "wrong" not in message
    assert "\n" not in message
    engine.dispose()


def test_too_many_connections_is_told(url: str) -> None:
    """The server's bound, with which setting to raise."""
    name = make_url(url).database
    execute(url, f"CREATE ROLE {name} LOGIN PASSWORD 'secret' CONNECTION LIMIT 1")
    plain = make_url(url).set(username=name, password="secret").render_as_string(hide_password=False)
    first, second = connect(plain), connect(plain)
    with first.connect():
        message = SqlRecords(second).ready()
    assert message is not None
    assert "max_connections" in message
    for made in (first, second):
        made.dispose()
    execute(url, f"DROP ROLE {name}")


@pytest.mark.parametrize(
    ("query", "told"),
    [("sslmode=maybe", "invalid sslmode 'maybe'"), ("timeout=3", "unknown option 'timeout'")],
)
def test_an_option_that_is_not_there_is_refused(query: str, told: str) -> None:
    """Before anything is connected to."""
    with pytest.raises(SettingsError, match=told):
        connect(f"postgresql://u:p@127.0.0.1/db?{query}")


def test_tls_is_asked_for(url: str) -> None:
    """A server without it is refused where the URL insists, and taken where it does not."""
    engine = connect(f"{url}?sslmode=require")
    message = SqlRecords(engine).ready()
    assert message is not None
    assert "SSL" in message
    engine.dispose()
    engine = connect(f"{url}?sslmode=disable")
    assert SqlRecords(engine).ready() is None
    engine.dispose()
