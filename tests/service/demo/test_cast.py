"""The cast: every actor has a name in the identity map, and sends what its archetype sends, without end."""

from __future__ import annotations

import json
from collections import Counter
from itertools import islice
from operator import itemgetter
from typing import TYPE_CHECKING

import pytest

from service.bench.campaigns.linking import linked
from service.bench.campaigns.prints import printed
from service.demo import identity_map
from service.demo.cast import CAST, POOL, Actor
from service.gateway.dialects import Dialects
from service.gateway.identity import digest
from service.gateway.identity_map import read
from service.model.query import Inspect
from service.simulate.kinds import ATTACKS, BENIGN
from service.simulate.population import START

if TYPE_CHECKING:
    from pathlib import Path

PEPPER = b"p" * 32


def test_identity_map(tmp_path: Path) -> None:
    """The gateway reads the map, and finds every actor by the digest of its key."""
    file = tmp_path / "identities.yaml"
    file.write_text(identity_map(lambda key: digest(PEPPER, key.encode())))
    names = read(file)
    found = {names[digest(PEPPER, actor.key.encode())].account for actor in CAST}
    assert found == {actor.name for actor in CAST}
    assert not any(actor.key in file.read_text() for actor in CAST)


@pytest.mark.parametrize("actor", CAST, ids=lambda actor: actor.name)
def test_drafts(actor: Actor) -> None:
    """Requests that the gateway understands, the same on every start, more than a long demo needs."""
    drafts = list(islice(actor.drafts(), 500))
    assert len(drafts) == 500
    assert [d.request for d in islice(actor.drafts(), 50)] == [d.request for d in drafts[:50]]
    queries = [Dialects().read_document("POST", draft.path, draft.request) for draft in drafts]
    assert {query.inspect for query in queries} == {Inspect.PARSED}


DISTILLER = next(actor for actor in CAST if actor.archetype in ATTACKS)
EVALUATION = next(actor for actor in CAST if actor.archetype == "nightly")


def test_evaluation_comes_to_its_rerun() -> None:
    """The evaluation repeats itself within the demo; the distiller never does."""
    evaluation, distiller = (
        Counter(json.dumps(draft.request) for draft in islice(actor.drafts(), 500)) for actor in (EVALUATION, DISTILLER)
    )
    assert min(evaluation.values()) >= 2
    assert max(distiller.values()) == 1


def test_rates() -> None:
    """The distiller comes to 320 queries in half a minute, beside honest callers who are heavy too."""
    assert DISTILLER.rate * 30 >= 320
    assert sum(actor.rate >= 9 for actor in CAST if actor.archetype in BENIGN) >= 3
    assert sum(actor.archetype in ATTACKS for actor in CAST) == 1
    assert 40 <= sum(actor.rate for actor in CAST) <= 80


def test_the_pool_is_found_as_one_campaign() -> None:
    """What the pool sends in its first minute is a campaign of its accounts, and of no other's."""
    sent = []
    for place, actor in enumerate(actor for actor in CAST if actor.rate < 1 or actor.archetype == "product"):
        for number, draft in enumerate(islice(actor.drafts(), round(60 * actor.rate))):
            at = START + number / actor.rate + place / 100
            usage = {"prompt_tokens": 50, "completion_tokens": draft.output, "total_tokens": 50 + draft.output}
            sent.append({
                "ts": at, "account": actor.name, "path": draft.path, "request": draft.request, "latency_ms": 9,
                "response": {"choices": [], "usage": usage},
            })  # fmt: skip
    alarms = [said for said in linked(printed(sorted(sent, key=itemgetter("ts")))).said if said.is_alarm]
    assert alarms
    assert set(alarms[0].members) == {actor.name for actor in CAST if actor.archetype == POOL}


def test_each_of_the_pool_is_light() -> None:
    """None of the pool comes to its first evaluation, at 20 queries, within the minute."""
    assert all(actor.rate * 60 < 20 for actor in CAST if actor.archetype == POOL)
