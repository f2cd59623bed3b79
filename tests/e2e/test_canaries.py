"""Planted secrets are looked for in every sink: files, logs, API, metrics, export."""

from __future__ import annotations

import gzip
import json
import sqlite3
import urllib.error
import urllib.request
import zlib
from typing import TYPE_CHECKING

import pytest

from service.bootstrap.stores import stores
from tests.e2e.system import System, until
from tests.e2e.upstream import standin

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KEYS = ("sk-canary-in-authorization-7f3a", "sk-canary-in-x-api-key-91bc", "sk-canary-in-the-query-55de")
PROMPT = "xylophone-canary-prompt-4242"
SENT = 5
"""Of the six, the one with two different keys is refused before anything is logged."""

pytestmark = pytest.mark.xdist_group("processes")


def post(
    system: System, *, path: str = "/v1/chat/completions", headers: dict[str, str] | None = None, body: str = ""
) -> None:
    """Send, and take whatever status comes."""
    data = body or json.dumps({"model": "m", "messages": [{"role": "user", "content": PROMPT}], "user": "u-1"})
    request = urllib.request.Request(
        f"http://127.0.0.1:{system.listen}{path}",
        data=data.encode(),
        headers={"Content-Type": "application/json", **(headers or {})},
    )
    try:
        urllib.request.urlopen(request, timeout=10).read()  # noqa: S310 - always http
    except urllib.error.HTTPError as error:
        error.read()


def plant(system: System) -> None:
    """Keys and prompts on every way in, errors included."""
    post(system, headers={"Authorization": f"Bearer {KEYS[0]}"})
    post(system, headers={"x-api-key": KEYS[1]}, path="/v1/messages")
    post(system, path=f"/v1/chat/completions?api_key={KEYS[2]}", headers={"Authorization": f"Bearer {KEYS[0]}"})
    post(system, headers={"Authorization": f"Bearer {KEYS[0]}"}, body=f'{{"model": "m", "messages": "{PROMPT}')
    post(
        system,
        headers={"x-api-key": KEYS[1]},
        body=json.dumps({"model": "error-500", "prompt": PROMPT}),
        path="/v1/completions",
    )
    post(system, headers={"Authorization": f"Bearer {KEYS[0]}", "X-Api-Key": KEYS[1]}, path="/v1/unknown")


def files(folder: Path) -> Iterator[tuple[Path, bytes]]:
    """All files that revenuer wrote."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path, path.read_bytes()


def texts(database: Path) -> Iterator[bytes]:
    """Every blob and text of the database, decompressed where it is."""
    with sqlite3.connect(database) as connection:
        tables = [name for (name,) in connection.execute("select name from sqlite_master where type = 'table'")]
        for table in tables:
            for row in connection.execute(f'select * from "{table}"'):  # noqa: S608 - names from the schema itself
                for value in row:
                    if isinstance(value, bytes):
                        yield value
                        yield _inflated(value)
                    elif isinstance(value, str):
                        yield value.encode()
    connection.close()


def _inflated(value: bytes) -> bytes:
    try:
        return zlib.decompress(value)
    except zlib.error:
        return b""


@pytest.mark.parametrize("content", ["full", "redacted", "none"])
def test_secrets_reach_no_sink(content: str, tmp_path: Path) -> None:
    """Caller keys are nowhere; prompts are nowhere but, under ``full``, in the log's text."""
    data = tmp_path / "data"
    with standin() as upstream, System(data, upstream, {"content": content}) as system:
        plant(system)
        held = stores(system.settings)
        until(lambda: held.records.counts()["events"] >= SENT, "every query is in the log")
        shown = json.dumps([system.get(f"/api/v1/{page}") for page in ("accounts", "flags", "whoami")])
        shown += system.text("/metrics")
        exported = tmp_path / "log.jsonl.gz"
        system.run("export", str(exported))
        held.close()
    everything = [(path.name, body) for path, body in files(data)]
    everything += [("database", value) for value in texts(data / "revenuer.db")]
    everything += [("API", shown.encode()), ("export", gzip.decompress(exported.read_bytes()))]
    for key in KEYS:
        assert [where for where, body in everything if key.encode() in body] == []
    found = {where for where, body in everything if PROMPT.encode() in body}
    kept = {"database", "export"} if content == "full" else set()
    # Under ``full`` the database's file may hold a short text as it is.
    assert found - ({"revenuer.db", "revenuer.db-wal"} if kept else set()) == kept
