"""A block survives the stores' end and every gateway's restart: it is obeyed, and nobody else is refused."""

from __future__ import annotations

import http.client
import json
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from service.bootstrap.stores import secrets
from service.gateway.identity import bare, digest
from service.model.entity import Entity, Scope
from tests.chaos.site import Site
from tests.contracts.factories import AN_ACT, a_decision

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.xdist_group("processes")

CALLS = 1_000
BODY = json.dumps({"model": "m", "messages": [{"role": "user", "content": "hello"}]}).encode()
BLOCKED, OTHER = "sk-chaos-blocked", "sk-chaos-other"


def answers(port: int, *keys: str) -> Iterator[int]:
    """The status of one query for each key, over one connection."""
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        for key in keys:
            headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
            connection.request("POST", "/v1/chat/completions", BODY, headers)
            response = connection.getresponse()
            response.read()
            yield response.status


def answers_of_all(site: Site, *keys: str) -> Iterator[int]:
    """Those of each gateway."""
    for port in site.ports:
        yield from answers(port, *keys)


def account(site: Site, key: str) -> Entity:
    """The account that a key is."""
    pepper = secrets(site.settings("watcher")).pepper
    return Entity(Scope.ACCOUNT, f"key-{digest(pepper, bare(key.encode()))}")


def test_a_block_survives_stores_killed_and_gateways_restarted(tmp_path: Path) -> None:
    """1,000 of 1,000 calls are refused by either gateway, and as many of another caller between them are served."""
    with Site(tmp_path) as site:
        site.store.decisions.add(a_decision(entity=account(site, BLOCKED)), AN_ACT)
        site.until(lambda: [*answers_of_all(site, BLOCKED)] == [403] * site.gateways, "the block is obeyed")
        site.postgres.kill9()
        site.nodes[0].kill9()
        for number in range(site.gateways):
            site.kill(f"gateway-{number}")
            site.back(f"gateway-{number}")
        assert [*answers_of_all(site, *[BLOCKED, OTHER] * (CALLS // site.gateways))] == [403, 200] * CALLS
