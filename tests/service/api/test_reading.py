"""Flags, accounts and decisions as they are read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from service.api.documents import flag_document
from service.model.entity import Entity, Scope
from tests.service.api.factories import HOUR, NOVEMBER, a_flag, a_signal, a_state

if TYPE_CHECKING:
    from tests.service.api.conftest import Plane


async def get(plane: Plane, path: str, **query: Any) -> Any:
    """The document at a path, read as a viewer."""
    async with plane.client("viewer") as client:
        answer = await client.get(path, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_flag(plane: Plane) -> None:
    """A flag has all that a reviewer needs, in event time."""
    flag = await get(plane, "/api/v1/flags/flag-1")
    assert flag["entity"] == {"scope": "account", "value": "acct-1"}
    assert (flag["severity"], flag["score"], flag["queries"]) == ("medium", 0.97, 320)
    assert flag["first_seen"] == "2026-11-01T00:00:00.000000Z"
    assert flag["flagged_at"] == "2026-11-01T01:00:00.000000Z"
    assert flag["reasons"][0] == {
        "signal": "volume.output_tokens_1h",
        "value": 120_000.0,
        "unit": "tokens",
        "baseline": {"median": 1_200.0, "p99": 40_000.0, "n": 800},
        "p_value": 0.002,
        "text": a_signal().text,
    }
    assert flag["against"] == [{"name": "rerun", "text": "none of 320 queries was asked before"}]
    assert flag["false_positive_rate"] == {"estimate": 0.0005, "low": 0.0, "high": 0.0031, "n": 1_200}
    assert flag["techniques"] == ["AML.T0024.002"]
    assert flag["versions"] == {"rule": "1", "baseline": "default"}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        pytest.param({}, ["flag-2", "flag-3", "flag-1"], id="all"),
        pytest.param({"entity": "acct-1"}, ["flag-2", "flag-1"], id="entity"),
        pytest.param({"scope": "org"}, [], id="scope"),
        pytest.param({"severity": "medium"}, ["flag-2", "flag-3", "flag-1"], id="at-least-medium"),
        pytest.param({"severity": "high"}, [], id="at-least-high"),
        pytest.param({"since": "2026-11-01T01:30:00Z"}, ["flag-2"], id="since"),
        pytest.param({"since": "2026-11-01T02:30:00+01:00"}, ["flag-2"], id="since-with-offset"),
        pytest.param({"since": (NOVEMBER + 2 * HOUR) / 1e6}, ["flag-2"], id="since-in-seconds"),
        pytest.param({"until": "2026-11-01T02:00:00Z"}, ["flag-3", "flag-1"], id="until-is-open"),
        pytest.param({"limit": 1}, ["flag-2"], id="limit"),
    ],
)
async def test_filters(plane: Plane, query: dict[str, Any], found: list[str]) -> None:
    """Every filter narrows the listing as it says, newest first."""
    page = await get(plane, "/api/v1/flags", **query)
    assert [flag["id"] for flag in page["items"]] == found


async def test_paging_reads_every_flag_once(plane: Plane) -> None:
    """Following the cursors gives each flag once, also when new ones come in between."""
    plane.store(flags=[a_flag(f"paged-{n:02}", "paged", flagged_at=NOVEMBER + n) for n in range(25)])
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = await get(plane, "/api/v1/flags", limit=10, entity="paged", **cursor)
        seen += [flag["id"] for flag in page["items"]]
        plane.store(flags=[a_flag(f"late-{len(seen)}", "paged", flagged_at=NOVEMBER + HOUR)])
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert seen == [f"paged-{n:02}" for n in reversed(range(25))]


@pytest.mark.parametrize(
    ("path", "change"),
    [("/api/v1/flags", {"severity": "low"}), ("/api/v1/accounts", {}), ("/api/v1/flags", {"entity": "acct-1"})],
)
async def test_a_cursor_belongs_to_its_listing(plane: Plane, path: str, change: dict[str, str]) -> None:
    """A cursor under other filters, or in another listing, is refused instead of read wrongly."""
    cursor = (await get(plane, "/api/v1/flags", limit=1))["next"]
    async with plane.client("viewer") as client:
        answer = await client.get(path, params={"limit": 1, "cursor": cursor, **change})
    assert answer.status_code == 422
    assert answer.json()["error"]["code"] == "invalid_cursor"


async def test_accounts(plane: Plane) -> None:
    """Accounts of a scope; account is the default."""
    plane.store(entities={Entity(Scope.ORG, "org-1"): a_state()})
    accounts = await get(plane, "/api/v1/accounts")
    orgs = await get(plane, "/api/v1/accounts", scope="org")
    assert [account["entity"]["value"] for account in accounts["items"]] == ["team/acct-2", "acct-1"]
    assert [(account["score"], account["severity"]) for account in orgs["items"]] == [(None, None)]


async def test_account(plane: Plane) -> None:
    """One account has its score over time, its latest signals and its flags."""
    account = await get(plane, "/api/v1/accounts/acct-1")
    assert [point["score"] for point in account["scores"]] == [0.5, 0.97]
    assert [signal["signal"] for signal in account["signals"]] == ["volume.output_tokens_1h"]
    assert [flag["id"] for flag in account["flags"]] == ["flag-2", "flag-1"]


@pytest.mark.parametrize("written", ["team/acct-2", "team%2Facct-2"])
async def test_ids_with_slashes(plane: Plane, written: str) -> None:
    """A slash is part of an account's id, escaped or not."""
    account = await get(plane, f"/api/v1/accounts/{written}")
    assert account["entity"]["value"] == "team/acct-2"
    assert (account["scores"], account["signals"]) == ([], [])


def test_numbers_that_json_does_not_have() -> None:
    """A quantity that is not finite is null, and no error."""
    flag = a_flag(reasons=(a_signal(value=float("inf"), median=None, p99=float("nan")),))
    reason = flag_document(flag)["reasons"][0]
    assert reason["value"] is None
    assert reason["baseline"] == {"median": None, "p99": None, "n": 800}


async def test_an_account_that_was_never_scored(plane: Plane) -> None:
    """What was never scored or flagged has no score and no severity, which are not the lowest ones."""
    plane.store(entities={Entity(Scope.ACCOUNT, "acct-9"): a_state()})
    account = await get(plane, "/api/v1/accounts/acct-9")
    assert (account["score"], account["severity"], account["scores"], account["flags"]) == (None, None, [], [])


async def test_whoami(plane: Plane) -> None:
    """A token learns its id, role and end, and never itself."""
    me = await get(plane, "/api/v1/whoami")
    assert me["role"] == "viewer"
    assert plane.headers["viewer"]["Authorization"].split("_")[1] == me["token"]
