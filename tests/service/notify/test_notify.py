"""Notices: signed as the standard says, kept until taken, grouped, retried, and never sent inside unasked."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from service.backends.seal import AesSeal
from service.bootstrap.stores import stores, upgrade
from service.model.notification import Channel
from service.notify import chat, signing
from service.notify.delivery import FIRST, TRIES, Delivery
from service.notify.notices import Notices
from service.notify.reach import NotReached, address
from service.settings import Settings
from tests.contracts.factories import AN_ACT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from service.bootstrap.stores import Stores

SECOND = 1_000_000


class Receiver:
    """A webhook's receiver: what it was sent, and the status it answers with."""

    def __init__(self) -> None:
        self.taken: list[tuple[dict[str, str], bytes]] = []
        self.status = 204
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                receiver.taken.append(({k.lower(): v for k, v in self.headers.items()}, body))
                self.send_response(receiver.status)
                self.send_header("Location", "http://127.0.0.1:1/elsewhere")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Nothing on standard error."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hooks/s3cret"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


class Desk:
    """Notices and their delivery on one clock that the test moves."""

    def __init__(self, held: Stores) -> None:
        self.now = 1_793_491_200 * SECOND
        self.held = held
        registers = held.registers
        clock = {"clock": lambda: self.now}
        self.notices = Notices(registers.destinations, registers.outbox, AesSeal(b"k" * 32), private=True, **clock)
        self.delivery = Delivery(self.notices, registers.outbox, private=True, **clock)

    def add(self, url: str, wait: int = 30 * SECOND) -> str:
        """A webhook; its secret."""
        made, secret = self.notices.destination("ops", Channel.WEBHOOK, url, wait=wait)
        assert self.held.registers.destinations.put(made, AN_ACT)
        return secret


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A server that takes webhooks."""
    receiver = Receiver()
    yield receiver
    receiver.server.shutdown()
    receiver.server.server_close()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """Notices over a real store."""
    settings = Settings(data=tmp_path)
    upgrade(settings)
    held = stores(settings)
    yield Desk(held)
    held.close()


def test_the_published_vector() -> None:
    """The signature is that of the example of Standard Webhooks' reference libraries."""
    headers = signing.headers(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1_614_265_330,
        b'{"test": 2432232314}',
    )
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_notices_go_together_and_once(desk: Desk, receiver: Receiver) -> None:
    """Three within the wait are one signed message, none goes before, and nothing is sent twice."""
    secret = desk.add(receiver.url)
    for number in range(3):
        desk.notices.tell("alert.opened", f"account:acct-{number}", f"alert {number}")
        desk.now += 5 * SECOND
    assert not desk.delivery.run()
    desk.now += 15 * SECOND
    assert desk.delivery.run()
    desk.now += 3600 * SECOND
    assert not desk.delivery.run()
    ((headers, body),) = receiver.taken
    document = json.loads(body)
    assert document["type"] == "alert.opened"
    assert [notice["subject"] for notice in document["data"]["notices"]] == [f"account:acct-{n}" for n in range(3)]
    signed = signing.headers(secret, headers["webhook-id"], int(headers["webhook-timestamp"]), body)
    assert signed["webhook-signature"] == headers["webhook-signature"]


@pytest.mark.parametrize("status", [500, 429, 302])
def test_what_fails_is_tried_later_and_then_given_up(desk: Desk, receiver: Receiver, status: int) -> None:
    """Ever later, under the same id; a redirect is a failure; what comes back in between is delivered."""
    desk.add(receiver.url, wait=0)
    desk.notices.tell("appeal.filed", "account:acct-1", "an appeal")
    receiver.status = status
    assert desk.delivery.run()
    desk.now += FIRST - 1
    assert not desk.delivery.run()
    desk.now += 1
    assert desk.delivery.run()
    desk.now += 2 * FIRST
    receiver.status = 200
    assert desk.delivery.run()
    desk.now += 10**12
    assert not desk.delivery.run()
    assert len({headers["webhook-id"] for headers, _ in receiver.taken}) == 1
    assert len(receiver.taken) == 3


def test_a_dead_destination_is_given_up(desk: Desk, receiver: Receiver) -> None:
    """After all tries, and no sooner."""
    desk.add(receiver.url, wait=0)
    desk.notices.tell("appeal.filed", "account:acct-1", "an appeal")
    receiver.status = 503
    while desk.delivery.run():
        desk.now += 3600 * SECOND
    assert len(receiver.taken) == TRIES


def test_two_processes_send_it_once(desk: Desk, receiver: Receiver) -> None:
    """What one has taken the other does not get before the lease is over."""
    desk.add(receiver.url, wait=0)
    desk.notices.tell("appeal.filed", "account:acct-1", "an appeal")
    outbox = desk.held.registers.outbox
    (taken,) = outbox.take(desk.now, 60 * SECOND)
    assert not desk.delivery.run()
    desk.now += 60 * SECOND
    assert desk.delivery.run()
    assert receiver.taken[0][0]["webhook-id"] == taken.id


def test_an_alert_is_told_once(desk: Desk, receiver: Receiver) -> None:
    """What two processes tell of one opening is one notice."""
    desk.add(receiver.url, wait=0)
    for _ in range(2):
        desk.notices._put(desk.notices._live(), "alert.opened", "account:a", "text", key="al-1:1")
    assert desk.delivery.run()
    assert len(json.loads(receiver.taken[0][1])["data"]["notices"]) == 1


def test_secrets_are_sealed(desk: Desk, receiver: Receiver, tmp_path: Path) -> None:
    """Neither the URL's path nor the secret is in the database."""
    secret = desk.add(receiver.url)
    data = b"".join(path.read_bytes() for path in tmp_path.glob("revenuer.db*"))
    assert b"http://127.0.0.1" in data
    assert b"s3cret" not in data
    assert secret.encode() not in data


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "10.1.2.3", "192.168.0.9", "172.16.0.1", "169.254.169.254", "0.0.0.0", "100.64.0.1"),  # noqa: S104
        *("::1", "fe80::1", "fd00::1", "::ffff:127.0.0.1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "localhost"),
        *("2130706433", "0x7f.1", "224.0.0.1"),
    ],
)
def test_private_addresses_are_refused(host: str) -> None:
    """In every spelling, unless the operator allows them."""
    with pytest.raises(NotReached):
        address(host, 443, private=False)


def test_public_addresses_are_reached() -> None:
    """The refusal is of private ones alone."""
    assert address("1.1.1.1", 443, private=False) == ("1.1.1.1", 443)


@pytest.mark.parametrize(
    "url",
    [
        *("json://10.0.0.1/x", "file:///etc/passwd", "xml://example.com", "mailto://u:p@10.0.0.1", "slack://"),
        "mailto://u:p@example.com?smtp=127.0.0.1",
    ],
)
def test_apprise_is_held_to_known_services(url: str) -> None:
    """What could be pointed anywhere is refused."""
    with pytest.raises(NotReached):
        chat.check(url, private=False)
