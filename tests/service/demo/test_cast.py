"""The cast: every actor has a name in the identity map, and sends what its archetype sends, without end."""

from __future__ import annotations

import json
from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING

import pytest

from service.demo import identity_map
from service.demo.cast import CAST, Actor
from service.gateway.dialects import Dialects
from service.gateway.identity import digest
from service.gateway.identity_map import read
from service.model.query import Inspect
from service.simulate.kinds import ATTACKS, BENIGN

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
