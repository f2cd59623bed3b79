"""The rig itself: an undisturbed run by steps leaves what the same records leave in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.chaos.rig import QUERIES, Rig

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.xdist_group("processes")


@pytest.fixture(params=["embedded", "valkey", "cluster"])
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rig]:
    """One on SQLite, one on Postgres and Valkey, one on Postgres and a Valkey Cluster."""
    places = {}
    if request.param != "embedded":
        url = request.getfixturevalue(f"{request.param}_url")
        places = {"database": request.getfixturevalue("postgres_url"), "stream": url}
    with Rig(tmp_path, **places) as made:
        yield made


def test_nothing_disturbed(rig: Rig) -> None:
    """Every query is in the log once, and nothing differs from the run in memory."""
    rig.finish()
    found = rig.difference()
    assert found.rows == QUERIES
    assert found.entities > 10
    assert found.none, found
