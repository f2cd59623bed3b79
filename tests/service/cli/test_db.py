"""``revenuer db``: an installation moves to Postgres by one command, and its partitions are parted anew by another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.backends.redis import keys
from service.backends.redis.client import connect as connect_stream
from service.backends.spool import SpoolWriter
from service.backends.sql import schema
from service.backends.sql.dialect import connect
from service.backends.sql.partitions import SqlPartitions
from service.secrets import Secrets
from tests.service.cli.conftest import run

if TYPE_CHECKING:
    from tests.service.cli.conftest import Installation


def partitions(url: str) -> int:
    """How many the database has."""
    engine = connect(url)
    try:
        return SqlPartitions(engine).count()
    finally:
        engine.dispose()


def started(here: Installation) -> str:
    """An installation that was started once; its database."""
    here.data.mkdir()
    url = f"sqlite:///{here.data / 'revenuer.db'}"
    schema.upgrade(url)
    return url


def test_copy_moves_to_postgres(here: Installation, postgres_url: str) -> None:
    """Into as many partitions as asked for, without showing the password; a second time it is refused."""
    started(here)
    assert here.run("token", "create", "--role", "viewer").exit_code == 0
    moved = here.run("db", "copy", "--to", postgres_url, "--partitions", "8")
    assert moved.exit_code == 0, moved.output
    assert "8 partitions" in moved.output
    assert postgres_url not in moved.output
    assert partitions(postgres_url) == 8
    listed = run("token", "list", "--database", postgres_url, "--data", str(here.data))
    assert "viewer" in listed.output
    again = here.run("db", "copy", "--to", postgres_url)
    assert again.exit_code == 2
    assert "not empty" in again.output


def test_partitions_are_parted_anew(here: Installation) -> None:
    """On whichever database the installation has."""
    url = started(here)
    assert "4 now" in here.run("db", "partitions", "4").output
    assert partitions(url) == 4
    assert here.run("db", "partitions", "1").exit_code == 0
    assert partitions(url) == 1


def test_partitions_of_before_are_cleared_from_the_stream(here: Installation, valkey_url: str) -> None:
    """What is numbered by them goes, decisions stay; a stream that does not answer is found out before any change."""
    url = started(here)
    gone = here.run("db", "partitions", "2", "--stream", "redis://:secret@127.0.0.1:1/0")
    assert gone.exit_code == 2
    assert "cannot be reached" in gone.output
    assert "secret" not in gone.output
    assert partitions(url) == 0
    link = connect_stream(valkey_url)
    link.one("SET", keys.PARTITIONS, 3)
    link.one("HSET", keys.DECISIONS, "v", "1")
    for number in range(3):
        link.one("XADD", keys.stream(number), "*", "v", "1")
        link.one("HSET", keys.shipped(number), "boot", "0000000000000009")
    for _ in range(2):
        done = here.run("db", "partitions", "2", "--stream", valkey_url)
        assert done.exit_code == 0, done.output
    assert partitions(url) == 2
    assert {key.decode() for key in link.one("KEYS", "rv:*")} == {keys.DECISIONS}
    link.close()


async def test_a_running_installation_is_refused(here: Installation, postgres_url: str) -> None:
    """By the lock that its gateway holds."""
    started(here)
    writer = SpoolWriter.open(here.data / "spool", Secrets.load(here.data / "secrets", create=True).spool_key)
    for words in (("copy", "--to", postgres_url), ("partitions", "4")):
        refused = here.run("db", *words)
        assert refused.exit_code == 2
        assert "stop it first" in refused.output
    await writer.close()


def test_what_is_not_there_is_not_moved(here: Installation, postgres_url: str) -> None:
    """Nor made."""
    refused = here.run("db", "copy", "--to", postgres_url)
    assert refused.exit_code == 2
    assert "no installation in" in refused.output
    assert not here.data.exists()
