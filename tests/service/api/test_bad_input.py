"""Each bad request gets its own clear 4xx in the one shape."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import httpx

    from tests.service.api.conftest import Plane

DECISION = {"scope": "account", "value": "acct-9", "kind": "annotate", "reason": "seen in a report"}
JSON = {"Content-Type": "application/json"}


def detail(answer: httpx.Response) -> dict[str, str]:
    """The error of an answer, whose shape is checked on the way."""
    document = answer.json()
    assert set(document) == {"error"}
    error: dict[str, str] = document["error"]
    assert set(error) == {"code", "message", "param", "request_id"}
    assert error["request_id"] == answer.headers["x-request-id"]
    return error


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        pytest.param(b"{", 400, "invalid_json", id="cut-off"),
        pytest.param(b"{} x", 400, "invalid_json", id="trailing"),
        pytest.param(b"", 400, "invalid_json", id="empty"),
        pytest.param(b"\xff\xfe", 400, "invalid_utf8", id="not-utf8"),
        pytest.param(b"[" * 10_000, 400, "json_too_deep", id="deep"),
        pytest.param(b'{"until": NaN}', 400, "number_out_of_range", id="nan"),
        pytest.param(b'{"until": -Infinity}', 400, "number_out_of_range", id="infinity"),
        pytest.param(b'{"until": 1e999}', 400, "number_out_of_range", id="overflow"),
        pytest.param(b'{"until": 9223372036854775808}', 400, "number_out_of_range", id="beyond-64-bits"),
        pytest.param(b'{"until": ' + b"9" * 9000 + b"}", 400, "number_out_of_range", id="9000-digits"),
        pytest.param(b'{"value": "a\\u0000b"}', 400, "invalid_text", id="nul"),
        pytest.param(b'{"value": "\\ud800"}', 400, "invalid_text", id="half-a-surrogate"),
        pytest.param(b'{"kind": "allow", "kind": "block"}', 400, "duplicate_key", id="key-twice"),
        pytest.param(b"[]", 422, "invalid_parameter", id="not-an-object"),
        pytest.param(b"{}", 422, "missing_parameter", id="nothing-in-it"),
        pytest.param(b"{" + b" " * 70_000 + b"}", 413, "body_too_large", id="large"),
    ],
)
async def test_bodies(plane: Plane, body: bytes, status: int, code: str) -> None:
    """A body that cannot be read, or could be read in two ways, is refused and nothing is decided."""
    async with plane.client("admin") as client:
        answer = await client.post("/api/v1/decisions", content=body, headers=JSON)
    assert (answer.status_code, detail(answer)["code"]) == (status, code)
    assert len(plane.decided()) == 2


@pytest.mark.parametrize(
    ("change", "param", "code"),
    [
        pytest.param({"role": "admin"}, "role", "unknown_field", id="mass-assignment"),
        pytest.param({"kind": "delete"}, "kind", "invalid_parameter", id="unknown-kind"),
        pytest.param({"scope": "country"}, "scope", "invalid_parameter", id="no-such-scope"),
        pytest.param({"value": ""}, "value", "invalid_parameter", id="nobody"),
        pytest.param({"value": "a" * 513}, "value", "invalid_parameter", id="long"),
        pytest.param({"value": 7}, "value", "invalid_parameter", id="number"),
        pytest.param({"simulated": "yes"}, "simulated", "invalid_parameter", id="text-for-a-boolean"),
        pytest.param({"until": "tomorrow"}, "until", "invalid_parameter", id="no-time"),
        pytest.param({"until": "2026-11-01T00:00:00"}, "until", "invalid_parameter", id="no-offset"),
        pytest.param({"until": 1}, "until", "invalid_parameter", id="past"),
        pytest.param({"until": 1e300}, "until", "invalid_parameter", id="after-all-time"),
        pytest.param({"until": 1.7e308}, "until", "invalid_parameter", id="after-what-a-float-holds-of-microseconds"),
    ],
)
async def test_fields(plane: Plane, change: dict[str, object], param: str, code: str) -> None:
    """A field that is wrong is named."""
    async with plane.client("admin") as client:
        answer = await client.post("/api/v1/decisions", json=DECISION | change)
    error = detail(answer)
    assert (answer.status_code, error["code"]) == (422, code)
    assert error["param"].split(".")[0] == param


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        pytest.param("limit=0", 422, "invalid_parameter", id="limit-0"),
        pytest.param("limit=-1", 422, "invalid_parameter", id="limit-negative"),
        pytest.param("limit=501", 422, "invalid_parameter", id="limit-501"),
        pytest.param("limit=" + "9" * 5000, 422, "invalid_parameter", id="limit-5000-digits"),
        pytest.param("limit=1&limit=2", 422, "invalid_parameter", id="twice"),
        pytest.param("offset=3", 422, "unknown_parameter", id="unknown"),
        pytest.param("severity=fatal", 422, "invalid_parameter", id="severity"),
        pytest.param("scope=country", 422, "invalid_parameter", id="scope"),
        pytest.param("since=yesterday", 422, "invalid_parameter", id="since"),
        pytest.param("since=inf", 422, "invalid_parameter", id="since-infinite"),
        pytest.param("until=-1", 422, "invalid_parameter", id="before-1970"),
        pytest.param("cursor=abc", 422, "invalid_cursor", id="cursor"),
        pytest.param("cursor=%F0%9F%98%80", 422, "invalid_cursor", id="cursor-not-ascii"),
        pytest.param("entity=%00", 400, "invalid_text", id="nul"),
        pytest.param("entity=%ff", 400, "invalid_utf8", id="not-utf8"),
        pytest.param("token=rvn_aa_bb", 400, "token_in_url", id="token"),
        pytest.param("entity=rvn_0123456789ab_secret", 400, "token_in_url", id="token-by-its-shape"),
    ],
)
async def test_query_parameters(plane: Plane, query: str, status: int, code: str) -> None:
    """A query parameter that is wrong, unknown or given twice is refused."""
    async with plane.client("admin") as client:
        answer = await client.get(f"/api/v1/flags?{query}")
    assert (answer.status_code, detail(answer)["code"]) == (status, code)


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        pytest.param([("Authorization", "Bearer a"), ("Authorization", "Bearer a")], 400, "ambiguous_credentials"),
        pytest.param([("Authorization", "Bearer Bearer a")], 400, "ambiguous_credentials"),
        pytest.param([("Authorization", "Bearer a, Bearer b")], 400, "ambiguous_credentials"),
        pytest.param([("Authorization", "Bearer " + "a" * 100_000)], 400, "ambiguous_credentials"),
        pytest.param([("Authorization", "Basic YWRtaW46YWRtaW4=")], 401, "invalid_token"),
        pytest.param([("Authorization", "Bearer")], 401, "invalid_token"),
        pytest.param([("Authorization", "")], 401, "invalid_token"),
        pytest.param([("Authorization", "Bearer rvn_\xe9")], 401, "invalid_token"),
        pytest.param([("X-Api-Key", "rvn_0123456789ab_x")], 401, "missing_token"),
        pytest.param([("Cookie", "token=rvn_0123456789ab_x")], 401, "missing_token"),
    ],
)
async def test_credentials(plane: Plane, headers: list[tuple[str, str]], status: int, code: str) -> None:
    """Credentials are one header with one token, or refused."""
    encoded = [(name.encode(), value.encode("latin-1")) for name, value in headers]
    async with plane.client() as client:
        answer = await client.get("/api/v1/flags", headers=encoded)
    assert (answer.status_code, detail(answer)["code"]) == (status, code)


async def test_nobody_learns_how_a_body_is_read(plane: Plane) -> None:
    """Who shows no token gets 401, whatever else is wrong with the request."""
    async with plane.client() as client:
        answer = await client.post("/api/v1/decisions?offset=1", content=b"{", headers=JSON)
    assert answer.status_code == 401


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"Content-Type": "text/plain"}, id="text"),
        pytest.param({"Content-Type": "application/x-www-form-urlencoded"}, id="form"),
        pytest.param({}, id="none"),
        pytest.param(JSON | {"Content-Encoding": "gzip"}, id="compressed"),
    ],
)
async def test_media_types(plane: Plane, headers: dict[str, str]) -> None:
    """Only JSON is taken, so that no web page's form can decide anything."""
    async with plane.client("admin") as client:
        answer = await client.post("/api/v1/decisions", content=json.dumps(DECISION), headers=headers)
    assert (answer.status_code, detail(answer)["code"]) == (415, "unsupported_media_type")


@pytest.mark.parametrize("path", ["/", "/api", "/api/v1/nothing", "/api/v1/flags/", "/redoc", "/api/v1/flags/a/b"])
async def test_unknown_addresses(plane: Plane, path: str) -> None:
    """An address that is not there is a 404 in the one shape."""
    async with plane.client("admin") as client:
        answer = await client.get(path)
    assert (answer.status_code, detail(answer)["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/api/v1/decisions", "GET, POST"),
        ("DELETE", "/api/v1/flags", "GET"),
        ("TRACE", "/healthz", "GET"),
        ("GET", "/api/v1/decisions/d-block", "DELETE"),
    ],
)
async def test_methods(plane: Plane, method: str, path: str, allowed: str) -> None:
    """A wrong method is a 405 that names every right one."""
    async with plane.client("admin") as client:
        answer = await client.request(method, path)
    assert (answer.status_code, detail(answer)["code"]) == (405, "method_not_allowed")
    assert answer.headers["allow"] == allowed


async def test_accept(plane: Plane) -> None:
    """A client that takes no JSON hears so."""
    async with plane.client("viewer") as client:
        refused = await client.get("/api/v1/flags", headers={"Accept": "text/csv"})
        served = await client.get("/api/v1/flags", headers={"Accept": "text/html, */*;q=0.1"})
    assert (refused.status_code, detail(refused)["code"]) == (406, "not_acceptable")
    assert served.status_code == 200


@pytest.mark.parametrize("path", ["/api/v1/flags/none", "/api/v1/accounts/none", "/api/v1/flags/'%20or%201=1--"])
async def test_unknown_ids(plane: Plane, path: str) -> None:
    """An id that is not there is a 404."""
    async with plane.client("viewer") as client:
        answer = await client.get(path)
    assert answer.status_code == 404
    assert detail(answer)["param"] == "id"


async def test_a_long_id_is_refused(plane: Plane) -> None:
    """An id of 10 KB is no id."""
    async with plane.client("viewer") as client:
        answer = await client.get("/api/v1/accounts/" + "a" * 10_000)
    assert answer.status_code == 422
