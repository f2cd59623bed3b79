"""Signing in: cookie, CSRF, ends of a session, tries, links, and what ends all of a user's sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from service.api.cookies import Cookie
from service.settings import Settings
from tests.service.api.conftest import PASSWORD, Plane, planes

if TYPE_CHECKING:
    from pathlib import Path

    from tests.service.api.conftest import Seeded

VERA = {"name": "vera", "password": PASSWORD}


async def test_sign_in_and_out(people: Plane) -> None:
    """The cookie opens what the role may, changes need the token beside it, and signing out ends it."""
    async with people.client() as client:
        answer = await client.post("/api/v1/session", json=VERA)
        assert answer.status_code == 201
        cookie = answer.headers["set-cookie"]
        assert all(word in cookie for word in ("revenuer=", "HttpOnly", "SameSite=strict", "Path=/"))
        assert PASSWORD not in cookie
        assert (await client.get("/api/v1/whoami")).json()["user"] == "vera"
        assert (await client.delete("/api/v1/session")).json()["error"]["code"] == "csrf"
        out = await client.delete("/api/v1/session", headers={"X-CSRF-Token": answer.json()["csrf"]})
        assert out.status_code == 204
        client.headers["Cookie"] = cookie.split(";")[0]
        assert (await client.get("/api/v1/whoami")).status_code == 401


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"Origin": "https://evil.example"}, id="origin"),
        pytest.param({"Origin": "null"}, id="no-origin"),
        pytest.param({"Sec-Fetch-Site": "cross-site"}, id="fetch-site"),
        pytest.param({"X-CSRF-Token": "0" * 64}, id="another-token"),
    ],
)
async def test_another_site_changes_nothing(people: Plane, headers: dict[str, str]) -> None:
    """What a browser sends with the cookie in another site's name is refused, and does nothing."""
    before = people.stores.audit.head()
    async with people.client("adam") as client:
        answer = await client.post("/api/v1/users/vera/disable", headers=headers)
        read = await client.get("/api/v1/users")
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "csrf")
    assert read.status_code == 200
    assert people.stores.audit.head() == before


@pytest.mark.parametrize(
    ("control", "url", "name"),
    [
        ("127.0.0.1:8081", "", "revenuer"),
        ("[::1]:8081", "", "revenuer"),
        ("0.0.0.0:8081", "", "__Host-revenuer"),
        ("127.0.0.1:8081", "https://revenuer.example", "__Host-revenuer"),
        ("0.0.0.0:8081", "http://revenuer.example", "revenuer"),
    ],
)
def test_the_cookie_is_held_to_https(control: str, url: str, name: str) -> None:
    """Only where the address is plain http the cookie goes without ``Secure`` and its prefix."""
    cookie = Cookie(Settings(control=control, access={"url": url}))  # type: ignore[arg-type]
    assert (cookie.name, cookie.secure) == (name, name.startswith("__Host-"))


async def test_a_disabled_user_has_no_session(people: Plane) -> None:
    """Once disabled, none of 5 sessions nor a token of theirs opens anything: the next request is refused."""
    async with people.client("adam") as admin:
        await admin.post("/api/v1/users/anna/role", json={"role": "admin"})
        clients = [people.client() for _ in range(5)]
        for client in clients:
            answer = await client.post("/api/v1/session", json={"name": "anna", "password": PASSWORD})
        token = await clients[-1].post(
            "/api/v1/tokens", json={"role": "viewer"}, headers={"X-CSRF-Token": answer.json()["csrf"]}
        )
        clients.append(people.client())
        clients[-1].headers["Authorization"] = f"Bearer {token.json()['token']}"
        assert [(await client.get("/api/v1/flags")).status_code for client in clients] == [200] * 6
        assert (await admin.post("/api/v1/users/anna/disable")).status_code == 200
        assert [(await client.get("/api/v1/flags")).status_code for client in clients] == [401] * 6
        refused = await clients[0].post("/api/v1/session", json={"name": "anna", "password": PASSWORD})
        assert refused.status_code == 401
    for client in clients:
        await client.aclose()


async def test_a_lesser_role_holds_from_the_next_request(people: Plane) -> None:
    """The role is the user's, not the session's."""
    async with people.client("adam") as admin, people.client("anna") as anna:
        assert (await anna.get("/api/v1/audit")).status_code == 200
        await admin.post("/api/v1/users/anna/role", json={"role": "viewer"})
        assert (await anna.get("/api/v1/audit")).status_code == 403


async def test_the_last_admin_stays(people: Plane) -> None:
    """Neither disabled nor made less, until there is another."""
    async with people.client("adam") as admin:
        for verb, body in (("disable", None), ("role", {"role": "viewer"})):
            answer = await admin.post(f"/api/v1/users/adam/{verb}", json=body)
            assert answer.status_code == 409
            assert "last admin" in answer.json()["error"]["message"]


async def test_tries_are_counted(people: Plane) -> None:
    """After five wrong passwords the right one waits, too; other users from there do not."""
    async with people.client() as client:
        for _ in range(5):
            wrong = await client.post("/api/v1/session", json=VERA | {"password": "wrong and long enough"})
            assert wrong.status_code == 401
        held = await client.post("/api/v1/session", json=VERA)
        assert held.status_code == 429
        assert 0 < int(held.headers["retry-after"]) <= 900
        other = await client.post("/api/v1/session", json={"name": "anna", "password": PASSWORD})
        assert other.status_code == 201


async def test_unknown_disabled_and_wrong_look_alike(people: Plane) -> None:
    """Nobody learns by signing in who there is."""
    bodies = []
    async with people.client() as client:
        for name in ("nobody", "disabled", "vera"):
            password = PASSWORD if name != "vera" else "wrong and long enough"
            answer = await client.post("/api/v1/session", json={"name": name, "password": password})
            bodies.append((answer.status_code, {**answer.json()["error"], "request_id": ""}))
    assert bodies[0] == bodies[1] == bodies[2]
    assert bodies[0][0] == 401


async def test_a_link_opens_once(people: Plane) -> None:
    """A new user sets a password by the link, which is then used up; a short password does not use it up."""
    async with people.client("adam") as admin:
        made = (await admin.post("/api/v1/users", json={"name": "nina", "role": "analyst"})).json()
    assert made["address"] == f"http://127.0.0.1:8081/console/welcome/{made['link']}"
    async with people.client() as client:
        short = await client.post("/api/v1/password", json={"link": made["link"], "password": "short"})
        assert (short.status_code, short.json()["error"]["param"]) == (422, "password")
        body = {"link": made["link"], "password": "long enough for nina"}
        assert (await client.post("/api/v1/password", json=body)).json()["role"] == "analyst"
        again = await client.post("/api/v1/password", json=body)
        assert (again.status_code, again.json()["error"]["code"]) == (401, "invalid_link")


async def test_a_new_password_ends_the_other_sessions(people: Plane) -> None:
    """Whoever had the old one is out."""
    body = {"name": "vera", "current": PASSWORD, "password": "something else entirely"}
    async with people.client("vera") as before, people.client() as client:
        assert (await client.post("/api/v1/password", json=body)).status_code == 201
        assert (await before.get("/api/v1/flags")).status_code == 401
        assert (await client.get("/api/v1/flags")).status_code == 200


def written(folder: Path) -> bytes:
    """All that the database's files hold."""
    return b"".join(path.read_bytes() for path in folder.glob("revenuer.db*"))


async def test_secrets_are_nowhere(peopled: Seeded, tmp_path: Path) -> None:
    """Neither password, cookie nor link is in the database."""
    for plane in planes(peopled, Settings(data=tmp_path)):
        async with plane.client("adam") as admin:
            link = (await admin.post("/api/v1/users/vera/link")).json()["link"]
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(plane.app), base_url="http://127.0.0.1:8081"
        ) as client:
            await client.post("/api/v1/session", json=VERA)
            cookie = client.cookies["revenuer"]
        data = written(tmp_path)
        assert b"vera" in data
        assert [text for text in (PASSWORD, cookie, link) if text.encode() in data] == []
