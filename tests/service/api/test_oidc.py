"""Signing in by an OpenID provider, against one that really listens and signs."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from service.settings import Access, Oidc, Settings
from tests.service.api.conftest import Plane, planes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx

    from tests.service.api.conftest import Seeded

CLIENT = "revenuer-test"
SECRET = "of the client"
KEY = RSAKey.generate_key(2048, {"kid": "one"})


class Op:
    """A small OpenID provider: discovery, keys, and a token endpoint that holds to PKCE and to the client's secret."""

    def __init__(self) -> None:
        self.claims: dict[str, Any] = {}
        self.asked: dict[str, list[str]] = {}
        self.key = KEY
        op = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._answer(op.metadata() if "openid" in self.path else {"keys": [KEY.as_dict(private=False)]})

            def do_POST(self) -> None:
                form = parse_qs(self.rfile.read(int(self.headers["content-length"])).decode())
                self._answer(*op.token(form, self.headers.get("authorization", "")))

            def _answer(self, document: dict[str, Any], status: int = 200) -> None:
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                self.wfile.write(json.dumps(document).encode())

            def log_message(self, *_: object) -> None:
                """Nothing on standard error."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.issuer = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def metadata(self) -> dict[str, Any]:
        """What discovery says."""
        ends = {"authorization_endpoint": "/authorize", "token_endpoint": "/token", "jwks_uri": "/keys"}
        return {"issuer": self.issuer} | {name: self.issuer + path for name, path in ends.items()}

    def token(self, form: dict[str, list[str]], authorization: str) -> tuple[dict[str, Any], int]:
        """An id token for the code, where client and verifier are right."""
        basic = "Basic " + base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        digest = hashlib.sha256(form["code_verifier"][0].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if authorization != basic or [challenge] != self.asked["code_challenge"] or form["code"] != ["code-1"]:
            return {"error": "invalid_grant"}, 400
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": CLIENT, "sub": "s-1", "iat": now, "exp": now + 60}
        claims |= {"nonce": self.asked["nonce"][0], "preferred_username": "Olga", "groups": ["reviewers"]} | self.claims
        text = jwt.encode({"alg": "RS256", "kid": "one"}, claims, self.key)
        return {"access_token": "a", "token_type": "Bearer", "id_token": text}, 200


@pytest.fixture
def op() -> Iterator[Op]:
    """A provider."""
    op = Op()
    yield op
    op.server.shutdown()
    op.server.server_close()


@pytest.fixture
def plane(seeded: Seeded, op: Op, tmp_path: Path) -> Iterator[Plane]:
    """A control plane that lets the provider's users in."""
    secret = tmp_path / "client-secret"
    secret.write_text(SECRET)
    roles: Any = {"reviewers": "analyst", "chiefs": "admin"}
    oidc = Oidc(issuer=op.issuer, client_id=CLIENT, client_secret=secret, roles=roles)
    yield from planes(seeded, Settings(data=tmp_path, access=Access(oidc=oidc)))  # type: ignore[call-arg]


async def back(client: httpx.AsyncClient, op: Op, **changes: str) -> httpx.Response:
    """The way out, and back with what the provider would send."""
    out = await client.get("/api/v1/oidc/login")
    assert out.status_code == 303, out.text
    op.asked = parse_qs(urlsplit(out.headers["location"]).query)
    assert op.asked["code_challenge_method"] == ["S256"]
    given = {"code": "code-1", "state": op.asked["state"][0]} | changes
    return await client.get("/api/v1/oidc/callback", params=given, headers={"Accept": "text/html, */*"})


async def test_groups_give_the_role(plane: Plane, op: Op) -> None:
    """A new user is made under the provider's name; another group is another role from the next sign-in on."""
    async with plane.client() as client:
        assert (await back(client, op)).status_code == 200
        said = (await client.get("/api/v1/whoami")).json()
        assert (said["user"], said["role"]) == ("olga", "analyst")
        op.claims = {"groups": ["reviewers", "chiefs"], "preferred_username": "renamed"}
        assert (await back(client, op)).status_code == 200
        said = (await client.get("/api/v1/whoami")).json()
    assert (said["user"], said["role"]) == ("olga", "admin")
    made = [entry.act.action for entry in plane.stores.audit.entries(None, 4)]
    assert made == ["session.opened", "user.role_set", "session.opened", "user.added"]


@pytest.mark.parametrize(
    ("claims", "status"),
    [
        pytest.param({"nonce": "another"}, 401, id="nonce"),
        pytest.param({"aud": "another"}, 401, id="audience"),
        pytest.param({"iss": "https://another.example"}, 401, id="issuer"),
        pytest.param({"exp": 1}, 401, id="over"),
        pytest.param({"azp": "another"}, 401, id="authorized-party"),
        pytest.param({"groups": ["guests"]}, 403, id="no-group"),
        pytest.param({"groups": {}}, 403, id="no-list"),
        pytest.param({"preferred_username": "../admin"}, 403, id="no-name"),
    ],
)
async def test_what_does_not_hold_opens_nothing(plane: Plane, op: Op, claims: dict[str, Any], status: int) -> None:
    """Each claim is looked at; nobody is signed in and no user made."""
    op.claims = claims
    async with plane.client() as client:
        assert (await back(client, op)).status_code == status
        assert (await client.get("/api/v1/whoami")).status_code == 401
    assert list(plane.stores.registers.users.all()) == []


async def test_another_key_opens_nothing(plane: Plane, op: Op) -> None:
    """A token that the provider's published keys did not sign."""
    op.key = RSAKey.generate_key(2048, {"kid": "one"})
    async with plane.client() as client:
        assert (await back(client, op)).status_code == 401


async def test_the_way_back_belongs_to_a_way_out(plane: Plane, op: Op) -> None:
    """Another state, none, another browser's cookie, or a refusal of the provider's."""
    async with plane.client() as client, plane.client() as other:
        assert (await back(client, op, state="x" * 43)).status_code == 401
        assert (await back(client, op, code="stolen")).status_code == 401
        assert (await back(client, op, error="access_denied")).status_code == 401
        await other.get("/api/v1/oidc/login")
        given = {"code": "code-1", "state": op.asked["state"][0]}
        assert (await other.get("/api/v1/oidc/callback", params=given)).status_code == 401


async def test_a_local_user_is_not_taken_over(plane: Plane, op: Op) -> None:
    """A provider's user of the same name as a local one is not let in as that."""
    async with plane.client("admin") as admin:
        await admin.post("/api/v1/users", json={"name": "olga", "role": "admin"})
    async with plane.client() as client:
        answer = await back(client, op)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "name_taken")
