"""Blocks and the second person: proposed, approved by somebody else, refused; alone only with the password at hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.service.api.conftest import PASSWORD

if TYPE_CHECKING:
    import httpx

    from tests.service.api.conftest import Plane

A_BLOCK = {"scope": "account", "value": "acct-9", "kind": "block", "reason": "40 accounts share one template"}


async def proposed(people: Plane, identity: str) -> str:
    """The id of a block that the identity has asked for, and that is not made."""
    async with people.client(identity) as client:
        answer = await client.post("/api/v1/decisions", json=A_BLOCK)
    assert (answer.status_code, answer.json()["state"]) == (201, "proposed")
    assert answer.headers["location"] == f"/api/v1/proposals/{answer.json()['id']}"
    assert answer.json()["id"] not in people.decided()
    return str(answer.json()["id"])


async def settle(people: Plane, identity: str, proposal: str, verb: str = "approve") -> httpx.Response:
    """What the identity gets for settling it."""
    async with people.client(identity) as client:
        return await client.post(f"/api/v1/proposals/{proposal}/{verb}")


def age(people: Plane) -> None:
    """Let every password have been shown an hour ago."""
    people.change_the_database("UPDATE sessions SET proved = proved - 3600000000")


async def test_an_analyst_proposes_and_an_admin_approves(people: Plane) -> None:
    """The block is made by the approval, in force under the proposal's id, and both are in the audit log."""
    proposal = await proposed(people, "anna")
    answer = await settle(people, "adam", proposal)
    assert answer.status_code == 200
    assert proposal in people.decided()
    acts = [(e.act.action, e.act.actor) for e in people.stores.audit.entries(None, 2)]
    assert acts == [("proposal.approved", "user:adam"), ("decision.proposed", "user:anna")]
    assert not people.stores.audit.verify()
    again = await settle(people, "adam", proposal)
    assert (again.status_code, again.json()["error"]["code"]) == (409, "not_allowed")


async def test_nobody_approves_their_own(people: Plane) -> None:
    """An admin's own block waits for another one, a token of theirs is no other one, and an analyst is not enough."""
    async with people.client("adam") as client:
        await client.post("/api/v1/users", json={"name": "ada", "role": "admin"})
        token = (await client.post("/api/v1/tokens", json={"role": "admin"})).json()["token"]
    proposal = await proposed(people, "adam")
    assert (await settle(people, "adam", proposal)).status_code == 409
    assert (await settle(people, "anna", proposal)).status_code == 403
    people.headers["adams"] = {"Authorization": f"Bearer {token}"}
    assert (await settle(people, "adams", proposal)).status_code == 409
    assert proposal not in people.decided()
    assert (await settle(people, "admin", proposal)).status_code == 200


async def test_the_only_admin_blocks_alone_with_the_password_at_hand(people: Plane) -> None:
    """Where nobody else may approve, a session that showed its password lately does, and an older one shows it anew."""
    age(people)
    async with people.client("adam") as client:
        stale = await client.post("/api/v1/decisions", json=A_BLOCK)
        assert (stale.status_code, stale.json()["error"]["code"]) == (403, "proof_needed")
        wrong = await client.post("/api/v1/session/proof", json={"password": "not this one at all"})
        assert (wrong.status_code, wrong.json()["error"]["code"]) == (401, "invalid_password")
        assert (await client.post("/api/v1/session/proof", json={"password": PASSWORD})).status_code == 204
        made = await client.post("/api/v1/decisions", json=A_BLOCK)
    assert (made.status_code, made.json()["state"]) == (201, "made")
    assert made.json()["id"] in people.decided()


async def test_a_token_proposes_where_somebody_may_approve(people: Plane) -> None:
    """A token stands for no second person, so its block waits for an admin who is one."""
    proposal = await proposed(people, "admin")
    assert (await settle(people, "adam", proposal)).status_code == 200


async def test_approving_needs_the_password_lately(people: Plane) -> None:
    """A browser left open approves nothing."""
    proposal = await proposed(people, "anna")
    age(people)
    answer = await settle(people, "adam", proposal)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "proof_needed")
    assert proposal not in people.decided()


async def test_a_refused_one_is_never_made(people: Plane) -> None:
    """Refused by an admin, or withdrawn by whoever proposed it, it cannot be approved any more."""
    for who, state in (("adam", "refused"), ("anna", "withdrawn")):
        proposal = await proposed(people, "anna")
        assert (await settle(people, who, proposal, "refuse")).json()["state"] == state
        assert (await settle(people, "adam", proposal)).status_code == 409
        assert proposal not in people.decided()


async def test_a_simulated_block_needs_nobody(people: Plane) -> None:
    """What is only recorded cuts nobody off, and an admin makes it alone."""
    async with people.client("admin") as client:
        answer = await client.post("/api/v1/decisions", json=A_BLOCK | {"simulated": True})
    assert answer.json()["state"] == "made"
    assert answer.json()["id"] in people.decided()


async def test_a_delay_is_kept(plane: Plane) -> None:
    """A reviewer's decision acts at once, unless a later time is chosen."""
    async with plane.client("admin") as client:
        later = await client.post("/api/v1/decisions", json=A_BLOCK | {"since": 4e9})
        over = await client.post("/api/v1/decisions", json=A_BLOCK | {"since": 4e9, "until": 3e9})
    assert later.json()["since"] == "2096-10-02T07:06:40.000000Z"
    assert over.status_code == 422
