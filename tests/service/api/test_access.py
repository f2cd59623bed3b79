"""Every route for every identity, from the table that the router itself reads."""

from __future__ import annotations

import time
from typing import Any

import pytest
from fastapi.routing import APIRoute

from service.api.access import ACCESS, Access, Anyone, Role
from service.model.entity import Entity, Scope
from service.review.alerts import alert_id
from tests.service.api.conftest import IDENTITIES, PASSWORD, Plane

AN_ALERT = alert_id(Entity(Scope.ACCOUNT, "acct-1"))
CHANGES = ("claim", "release", "wait", "close", "reopen", "notes")
A_DECISION = {"scope": "account", "value": "acct-9", "kind": "annotate", "reason": "seen in a report"}
ADDRESSES = {
    **{f"/api/v1/flags/{{id}}{verb}": f"/api/v1/flags/flag-1{verb}" for verb in ("", "/evidence")},
    "/api/v1/accounts/{id:path}": "/api/v1/accounts/acct-1",
    "/api/v1/decisions/{id}": "/api/v1/decisions/d-throttle",
    "/api/v1/alerts/{id}": f"/api/v1/alerts/{AN_ALERT}",
    **{
        f"/api/v1/users/{{name}}/{verb}": f"/api/v1/users/vera/{verb}" for verb in ("role", "disable", "enable", "link")
    },
    "/api/v1/tokens/{id}": "/api/v1/tokens/token-0",
    **{f"/api/v1/proposals/{{id}}/{verb}": f"/api/v1/proposals/d-proposed/{verb}" for verb in ("approve", "refuse")},
    **{f"/api/v1/appeals/{{id}}{verb}": f"/api/v1/appeals/a-1{verb}" for verb in ("", "/decide", "/withdraw")},
    "/api/v1/suppressions/{id}": "/api/v1/suppressions/s-1",
    "/api/v1/declarations/{account:path}": "/api/v1/declarations/team/acct-2",
    "/api/v1/views/{name}": "/api/v1/views/theirs",
    **{f"/api/v1/destinations/{{name}}{verb}": f"/api/v1/destinations/ops{verb}" for verb in ("", "/test")},
    **{f"/api/v1/alerts/{{id}}/{verb}": f"/api/v1/alerts/{AN_ALERT}/{verb}" for verb in CHANGES},
}
SUCCESS = {"GET": 200, "POST": 200, "DELETE": 204}
A_SUPPRESSION: dict[str, Any] = {
    "scope": "account",
    "value": "acct-1",
    "owner": "t",
    "reason": "r",
    "until": time.time() + 3600,
}
A_JOB: dict[str, Any] = {
    "account": "acct-1",
    "job": "evaluation",
    "owner": "t",
    "reason": "r",
    "until": time.time() + 3600,
    "budget": 100,
}
BODIES: dict[str, dict[str, Any]] = {
    "/api/v1/campaigns/{id}/merge": {"into": "c-2", "reason": "one template"},
    **{
        f"/api/v1/campaigns/{{id}}/{verb}": {"accounts": ["acct-1"], "reason": "their own evaluation"}
        for verb in ("exclude", "include", "split")
    },
    "/api/v1/suppressions": A_SUPPRESSION,
    "/api/v1/destinations": {
        "name": "chat",
        "channel": "apprise",
        "url": "slack://T00000000/B00000000/XXXXXXXXXXXXXXXX",
    },
    "/api/v1/suppressions/preview": A_SUPPRESSION,
    "/api/v1/declarations": A_JOB,
    "/api/v1/declarations/preview": A_JOB,
    "/api/v1/views": {"name": "Urgent", "query": "severity=high"},
    "/api/v1/appeals": {"decision": "d-block", "statement": "We measure our own product."},
    "/api/v1/appeals/{id}/decide": {"outcome": "denied", "answer": "The evidence stands."},
    "/api/v1/decisions": A_DECISION,
    "/api/v1/flags/{id}/evidence": {"reason": "their appeal"},
    "/api/v1/alerts/{id}/notes": {"text": "Asked their account manager."},
    "/api/v1/alerts/{id}/close": {"verdict": "benign"},
    "/api/v1/session": {"name": "vera", "password": PASSWORD},
    "/api/v1/session/proof": {"password": PASSWORD},
    "/api/v1/password": {"name": "vera", "current": PASSWORD, "password": "another long enough"},
    "/api/v1/users": {"name": "walter", "role": "viewer"},
    "/api/v1/users/{name}/role": {"role": "analyst"},
    "/api/v1/tokens": {"role": "viewer"},
}
MADE = {
    *("/api/v1/decisions", "/api/v1/alerts/{id}/notes", "/api/v1/session", "/api/v1/password", "/api/v1/users"),
    *("/api/v1/users/{name}/link", "/api/v1/tokens", "/api/v1/suppressions", "/api/v1/appeals"),
    *("/api/v1/destinations", "/api/v1/declarations", "/api/v1/views"),
}
"""Routes whose POST makes something new."""


SESSIONS = ("vera", "anna", "adam")
"""Signed in as viewer, analyst and admin."""
CLOSED = ("anonymous", "caller", "revoked", "expired", "disabled", "idle", "old", "elsewhere")
"""What opens nothing: no credential, one of another kind, and what was good once or is elsewhere."""
ROLES = dict(zip(SESSIONS, ("viewer", "analyst", "admin"), strict=True)) | {
    n: n for n in ("viewer", "analyst", "admin")
}


def good(method: str, route: str, identity: str) -> int:
    """The status of an answer to whoever may use the route."""
    if route.startswith(("/api/v1/oidc/", "/api/v1/campaigns/{id}")):
        return 404  # there is neither; test_oidc and test_campaigns have them
    if route in {"/api/v1/session", "/api/v1/session/proof"} and identity not in SESSIONS and route + method != OPENS:
        return 404  # a token has no session to end or to prove
    if route == "/api/v1/session/proof":
        return 204
    if route.endswith(("/reopen", "/test")):
        return 409  # it is open; nobody listens there
    if (route.endswith("/refuse") or method + route == "DELETE/api/v1/views/{name}") and identity == "analyst":
        return 403  # the proposal and the view are another's; anna may withdraw hers
    return 201 if method == "POST" and route in MADE else SUCCESS[method]


OPENS = "/api/v1/sessionPOST"


def expected(method: str, route: str, access: Access, identity: str) -> int:
    """What the matrix says, written anew: who shows no role gets 401, one of too small a role 403."""
    if access is Anyone.OPEN or (access is Anyone.OPTIONAL and identity == "anonymous"):
        return good(method, route, identity)
    if identity in CLOSED:
        return 401
    ladder = ["viewer", "analyst", "admin"]
    needed = 0 if access is Anyone.OPTIONAL else ladder.index(str(access))
    return good(method, route, identity) if ladder.index(ROLES[identity]) >= needed else 403


@pytest.mark.parametrize("identity", [*IDENTITIES, *SESSIONS, "disabled", "idle", "old", "elsewhere"])
async def test_matrix(people: Plane, identity: str) -> None:
    """Each identity gets from each route what the table says, and no more; what is refused changes nothing."""
    found, wanted, changed = {}, {}, False
    for method, route in sorted(ACCESS, key=lambda key: key == ("DELETE", "/api/v1/session")):
        if changed:
            people.renew()
        before = people.stores.audit.head()
        password = people.password(identity)
        body = BODIES.get(route, {}) if method == "POST" else None
        if route == "/api/v1/session/proof":
            body = {"password": password}
        async with people.client(identity) as client:
            answer = await client.request(method, ADDRESSES.get(route, route), json=body)
        found[method, route] = answer.status_code
        changed = method != "GET" and answer.status_code not in {401, 403}
        wanted[method, route] = expected(method, route, ACCESS[method, route], identity)
        if answer.status_code in {401, 403}:
            assert people.stores.audit.head() == before, f"{method} {route} was refused and did something"
    assert found == wanted


def test_every_route_is_in_the_table(plane: Plane) -> None:
    """The table names exactly the routes that exist."""
    routes = {(m, r.path) for r in plane.app.routes if isinstance(r, APIRoute) for m in r.methods or ()}
    assert routes == set(ACCESS)
    assert len(plane.app.routes) == len(ACCESS), "a route of another kind is past the table"


def test_a_route_outside_the_table_cannot_be_built(plane: Plane) -> None:
    """Whoever adds a route must say who may use it."""
    with pytest.raises(KeyError):
        plane.app.add_api_route("/api/v1/secrets", lambda: None)


@pytest.mark.parametrize("identity", ["revoked", "expired", "caller"])
async def test_bad_tokens_are_told_apart_by_nothing(plane: Plane, identity: str) -> None:
    """Unknown, revoked and expired give the same answer but for the request's id."""
    unknown = {"Authorization": f"Bearer rvn_{'0' * 12}_{'A' * 43}"}
    async with plane.client(identity) as client:
        this = await client.get("/api/v1/flags")
        other = await client.get("/api/v1/flags", headers=unknown)
    for answer in (this, other):
        assert answer.json()["error"].pop("request_id")
        assert answer.headers["www-authenticate"] == 'Bearer realm="revenuer", error="invalid_token"'
    assert {k: v for k, v in this.json()["error"].items() if k != "request_id"} == {
        k: v for k, v in other.json()["error"].items() if k != "request_id"
    }


async def test_insufficient_scope_names_the_role(plane: Plane) -> None:
    """A refused viewer reads which role would do."""
    async with plane.client("viewer") as client:
        answer = await client.get("/metrics")
    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "insufficient_scope"
    assert "'admin'" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("identity", "change", "status"),
    [
        pytest.param("analyst", {"kind": "block"}, 202, id="analyst-block"),
        pytest.param("analyst", {"kind": "allow"}, 403, id="analyst-allow"),
        pytest.param("analyst", {"kind": "throttle"}, 403, id="analyst-endless-throttle"),
        pytest.param("analyst", {"kind": "throttle", "until": 4e9}, 403, id="analyst-long-throttle"),
        pytest.param("admin", {"kind": "throttle", "until": 4e9}, 201, id="admin-long-throttle"),
        pytest.param("admin", {"kind": "block"}, 201, id="admin-block"),
        pytest.param("admin", {"kind": "allow"}, 201, id="admin-allow"),
    ],
)
async def test_kinds_of_decision(plane: Plane, identity: str, change: dict[str, object], status: int) -> None:
    """What weighs as much as a block takes an admin; an analyst can propose one."""
    async with plane.client(identity) as client:
        answer = await client.post("/api/v1/decisions", json=A_DECISION | change)
    if status == 202:
        assert (answer.status_code, answer.json()["state"]) == (201, "proposed")
    else:
        assert answer.status_code == status
    assert len(plane.decided()) == (3 if status == 201 else 2)


@pytest.mark.parametrize(("identity", "status"), [("analyst", 403), ("admin", 204)])
async def test_removing_a_block(plane: Plane, identity: str, status: int) -> None:
    """Only an admin lifts a block."""
    async with plane.client(identity) as client:
        answer = await client.delete("/api/v1/decisions/d-block")
    assert answer.status_code == status
    assert ("d-block" in plane.decided()) == (status == 403)


def test_roles_are_a_ladder() -> None:
    """Each role covers itself and those before it."""
    covered = [[needed for needed in Role if role.covers(needed)] for role in Role]
    assert covered == [list(Role)[: n + 1] for n in range(len(Role))]
