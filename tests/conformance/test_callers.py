"""Who calls, what is to be done about it, and where the caller's key must not be found."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import msgspec
import pytest

from service.gateway.identity import digest
from service.model.decision import Kind
from service.model.entity import Scope
from service.model.query import Outcome
from tests.conformance.gateway import SECRETS, a_decision
from tests.conformance.peer import Peer, answer, request

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conformance.gateway import Gateway
    from tests.conformance.upstream import Upstream

KEY = "sk-canary-4f3a9b"
ACCOUNT = f"key-{digest(SECRETS.pepper, KEY.encode())}"


@pytest.mark.parametrize(
    "field", [("Authorization", f"Bearer {KEY}"), ("x-api-key", KEY), ("API-Key", KEY), ("x-goog-api-key", KEY)]
)
def test_one_key_is_one_account(
    gateway: Gateway, client: Peer, upstream: Upstream, path: str, field: tuple[str, str]
) -> None:
    """A key names the same account in whichever header it comes, and reaches the upstream unchanged."""
    upstream.handler = upstream.records(answer())
    client.send(request(path, b"{}", field))
    client.read_answer()
    assert gateway.log.both(path)[0].account == ACCOUNT
    assert upstream.requests[0][0].get(field[0].encode()) == field[1].encode()


def test_no_key(gateway: Gateway, client: Peer, path: str) -> None:
    """Without a key the caller is anonymous, and served."""
    client.send(request(path))
    assert client.read_answer()[0].status == 200
    assert gateway.log.both(path)[0].account == "anonymous"


def test_named_callers(start: Callable[..., Gateway], tmp_path: Path, path: str) -> None:
    """The map names a key's account and org; a key that it does not name is refused where it must be known."""
    names = tmp_path / "callers.yaml"
    names.write_text(f"keys:\n  {digest(SECRETS.pepper, KEY.encode())}: {{account: acme, org: acme-inc}}\n")
    gateway = start(identity={"map": names, "unknown": "refuse"})
    client = gateway.connect()
    client.send(request(path, b"{}", ("Authorization", f"Bearer {KEY}")))
    assert client.read_answer()[0].status == 200
    record = gateway.log.both(path)[0]
    assert (record.account, record.org) == ("acme", "acme-inc")
    for fields in ([("Authorization", "Bearer other")], []):
        client.send(request("/v1/chat/completions", b"{}", *fields))
        head, body = client.read_answer()
        assert head.status == 401
        assert msgspec.json.decode(body)["error"]["code"] == "unknown_key"


@pytest.mark.parametrize("target", ["/v1/chat/completions", "/v1/messages"])
@pytest.mark.parametrize(("kind", "status"), [(Kind.BLOCK, 403), (Kind.THROTTLE, 429)])
def test_ruling_is_told_in_the_apis_dialect(
    gateway: Gateway, client: Peer, upstream: Upstream, *, target: str, kind: Kind, status: int
) -> None:
    """A blocked or throttled caller is told so as its API tells errors, and the upstream is not asked."""
    upstream.handler = upstream.records(answer())
    gateway.table.decisions.append(a_decision(ACCOUNT, kind))
    for _ in range(2):
        client.send(request(target, b'{"model": "m", "messages": []}', ("x-api-key", KEY)))
        head, body = client.read_answer()
        assert head.status == status
        assert head.get(b"content-type") == b"application/json"
        assert head.get(b"x-revenuer-request-id")
        assert (head.get(b"retry-after") is not None) == (kind is Kind.THROTTLE)
        document = msgspec.json.decode(body)
        assert document["error"]["message"]
        assert ("type" in document) == (target == "/v1/messages")
    assert upstream.requests == []


def test_throttle_ends_with_its_decision(gateway: Gateway, client: Peer, path: str) -> None:
    """Retry-After points at the end of the decision."""
    until = time.time_ns() // 1000 + 100_000_000
    gateway.table.decisions.append(a_decision("anonymous", Kind.THROTTLE, until=until))
    client.send(request(path))
    assert 1 <= int(client.read_head().get(b"retry-after") or 0) <= 101


def test_annotation(gateway: Gateway, client: Peer, upstream: Upstream, path: str) -> None:
    """An annotated request passes, with the decision's id for the upstream."""
    upstream.handler = upstream.records(answer())
    gateway.table.decisions.append(a_decision(ACCOUNT, Kind.ANNOTATE))
    client.send(request(path, b"{}", ("x-api-key", KEY), ("x-revenuer-annotation", "forged")))
    assert client.read_answer()[0].status == 200
    assert upstream.requests[0][0].all(b"x-revenuer-annotation") == [b"decision-1"]


@pytest.mark.parametrize(
    "decision",
    [
        pytest.param(a_decision(ACCOUNT, Kind.BLOCK, simulated=True), id="simulated"),
        pytest.param(a_decision(ACCOUNT, Kind.ALLOW), id="allow"),
        pytest.param(a_decision("someone else", Kind.BLOCK), id="other"),
        pytest.param(a_decision(ACCOUNT, Kind.BLOCK, until=1), id="past"),
    ],
)
def test_ruling_that_does_not_apply(gateway: Gateway, client: Peer, path: str, decision: object) -> None:
    """Simulated, allowing, foreign and past decisions stop nobody."""
    gateway.table.decisions.append(decision)  # type: ignore[arg-type]
    client.send(request(path, b"{}", ("x-api-key", KEY)))
    assert client.read_answer()[0].status == 200


@pytest.mark.parametrize(
    ("scope", "value"),
    [(Scope.END_USER, "anonymous/u-19"), (Scope.IP_PREFIX, "127.0.0.0/24")],
    ids=["end-user", "prefix"],
)
def test_other_scopes(gateway: Gateway, client: Peer, upstream: Upstream, scope: Scope, value: str) -> None:
    """End users are blocked by their account and what the body says, address prefixes by where the request is from."""
    upstream.handler = upstream.records(answer())
    gateway.table.decisions.append(a_decision(value, Kind.BLOCK, scope=scope))
    for user in ("u-19", "u-20"):
        body = b'{"model": "m", "messages": [{"role": "user", "content": "hi"}], "user": "%b"}' % user.encode()
        client.send(request("/v1/chat/completions", body))
        blocked = user == "u-19" or scope is Scope.IP_PREFIX
        assert client.read_answer()[0].status == (403 if blocked else 200)
    client.send(request("/v1/chat/completions", b'{"messages": [], "user": "u-19"}', ("x-api-key", KEY)))
    assert client.read_answer()[0].status == (403 if scope is Scope.IP_PREFIX else 200), "another account's user"


def test_broken_table(start: Callable[..., Gateway], path: str) -> None:
    """A table that breaks lets traffic through."""
    gateway = start()
    gateway.table.broken = True
    client = gateway.connect()
    client.send(request(path, b"{}"))
    assert client.read_answer()[0].status == 200


def test_refusal_is_logged(gateway: Gateway, client: Peer, path: str) -> None:
    """What the guard refused has its two records."""
    gateway.table.decisions.append(a_decision(ACCOUNT, Kind.BLOCK))
    client.send(request(path, b"{}", ("x-api-key", KEY)))
    client.read_answer()
    start, end = gateway.log.both(path)
    assert (start.account, end.outcome, end.status) == (ACCOUNT, Outcome.REFUSED, 403)


def test_key_is_nowhere(
    gateway: Gateway, client: Peer, upstream: Upstream, path: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """On no way through the gateway does the caller's key get into a record, a log line or an error."""
    upstream.handler = upstream.records(answer())
    credential = ("Authorization", f"Bearer {KEY}")
    client.send(request(path, b"{}", credential))
    seen = [client.read_answer()]
    for decision in (a_decision(ACCOUNT, Kind.BLOCK), a_decision(ACCOUNT, Kind.THROTTLE)):
        gateway.table.decisions[:] = [decision]
        client.send(request(path + decision.kind, b"{}", credential))
        seen.append(client.read_answer())
    gateway.table.decisions.clear()
    gateway.log.answer = lambda future: future.set_exception(RuntimeError("the disk broke"))
    client.send(request(path + "/broken", b"{}", credential))
    seen.append(client.read_answer())
    gateway.log.answer = lambda future: future.set_result(True)
    upstream.handler = upstream.records(b"garbage\r\n\r\n")
    client.send(request(path + "/garbage", b"{}", credential))
    seen.append(client.read_answer())
    client.send(request(path, b"{}", credential, ("x-api-key", KEY + "-other")))
    seen.append(client.read_answer())
    assert [head.status for head, _ in seen] == [200, 403, 429, 200, 502, 400]
    gateway.log.both(path + "/garbage")
    printed = capfd.readouterr()
    assert KEY not in printed.out + printed.err
    assert all(KEY.encode() not in head.raw + body for head, body in seen)
    assert KEY.encode() not in msgspec.msgpack.encode(gateway.log.records)
