from __future__ import annotations

import io
import json
import logging
from typing import TYPE_CHECKING, Any

import pytest
import structlog

from service.logs import MASK, configure

if TYPE_CHECKING:
    from collections.abc import Iterator

TOKEN = "rvn_0123456789ab_ZmFrZS1zZWNyZXQtZmFrZS1zZWNyZXQ"
KEY = "sk-proj-0123456789abcdef"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """Where the log of a worker goes; afterwards logging is as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    found = io.StringIO()
    configure("worker", stream=found)
    yield found
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    """The log, parsed."""
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_an_event_is_a_json_line(stream: io.StringIO) -> None:
    """An event has its name, fields, level, role and time."""
    structlog.get_logger().info("flag.raised", entity="account:acct-1", queries=320)
    (line,) = lines(stream)
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "flag.raised", "entity": "account:acct-1", "queries": 320, "level": "info", "role": "worker"
    }  # fmt: skip


def test_libraries_go_the_same_way(stream: io.StringIO) -> None:
    """What the standard library logs is a JSON line too, with its exception."""
    try:
        raise OSError(28, "No space left on device")  # noqa: TRY301 - an exception to log
    except OSError:
        logging.getLogger("uvicorn.error").exception("cannot %s", "listen")
    (line,) = lines(stream)
    assert (line["event"], line["logger"], line["role"]) == ("cannot listen", "uvicorn.error", "worker")
    assert "No space left on device" in line["exception"]


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"key": KEY}, id="key"),
        pytest.param({"api_key": "anything"}, id="ends-in-key"),
        pytest.param({"token": "anything"}, id="token"),
        pytest.param({"Authorization": "anything"}, id="authorization"),
        pytest.param({"prompt": "anything"}, id="prompt"),
        pytest.param({"detail": f"refused {KEY} again"}, id="key-by-its-shape"),
        pytest.param({"detail": f"refused {TOKEN} again"}, id="token-by-its-shape"),
        pytest.param({"detail": "header was 'bearer anything.at-all'"}, id="bearer-by-its-shape"),
        pytest.param({"detail": {"headers": [{"authorization": "anything"}]}}, id="nested"),
        pytest.param({"detail": [KEY, (TOKEN,)]}, id="in-lists"),
        pytest.param({"detail": b"anything"}, id="bytes"),
        pytest.param({"detail": ValueError(KEY)}, id="in-an-object"),
    ],
)
def test_secrets_are_masked(stream: io.StringIO, fields: dict[str, Any]) -> None:
    """Nothing under a telling name or of a telling shape gets through."""
    structlog.get_logger().info("request.refused", **fields)
    logged = stream.getvalue()
    assert not [secret for secret in (KEY, TOKEN, "anything") if secret in logged]
    assert MASK in logged or "bytes>" in logged


def test_secrets_in_messages_and_tracebacks(stream: io.StringIO) -> None:
    """A library's message and an exception's text are masked as well."""
    try:
        raise ValueError(f"bad header Bearer {KEY}")  # noqa: TRY301 - an exception to log
    except ValueError:
        logging.getLogger("aiohttp.client").exception("sent %s", TOKEN)
    assert KEY not in stream.getvalue()
    assert TOKEN not in stream.getvalue()
    assert "ValueError" in stream.getvalue()


def test_what_is_no_secret_stays(stream: io.StringIO) -> None:
    """Words that look a little like one are left alone."""
    structlog.get_logger().info("flag.raised", entity="risk-free", tokens=12, ok=True, share=0.5, baseline=None)
    (line,) = lines(stream)
    assert (line["entity"], line["tokens"], line["ok"], line["share"]) == ("risk-free", 12, True, 0.5)
    assert line["baseline"] is None


def test_a_terminal_gets_readable_lines(stream: io.StringIO) -> None:
    """On a terminal lines are for people, and what is logged cannot drive the terminal."""
    terminal = Terminal()
    configure("worker", stream=terminal)
    structlog.get_logger().info("flag.raised", entity="acct\x1b[2J\r")
    assert "flag.raised" in terminal.getvalue()
    assert "\x1b[2J" not in terminal.getvalue()
    assert "\\x1b[2J\\x0d" in terminal.getvalue()
    assert stream.getvalue() == ""


def test_debug_is_left_out(stream: io.StringIO) -> None:
    """Below the level nothing is written."""
    structlog.get_logger().debug("control.request", status=200)
    logging.getLogger("sqlalchemy.engine").info("SELECT 1")
    assert stream.getvalue() == ""
