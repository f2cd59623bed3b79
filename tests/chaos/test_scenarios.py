"""Exactly once in effect, whatever happens; and each protection is needed: without it the same scenario does harm."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from tests.chaos.rig import PARTITIONS, Rig, Stuck
from tests.chaos.scenarios import CASES
from tests.chaos.weak import VARIANTS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.xdist_group("processes")

EVERYWHERE = [
    pytest.param(name, place, id=f"{name}-{place}")
    for name, case in CASES.items()
    for place in ("embedded", "valkey", "cluster")
    if case.embedded or place != "embedded"
]
SHORT = 300
"""Queries where harm is to be seen, or a cluster is asked: enough for several commits of every partition."""


@pytest.fixture
def places(request: pytest.FixtureRequest) -> Callable[[str], dict[str, Any]]:
    """Database and stream of a rig by the name of the place."""

    def named(place: str) -> dict[str, Any]:
        if place == "embedded":
            return {}
        stream = request.getfixturevalue(f"{place}_url")
        return {"database": request.getfixturevalue("postgres_url"), "stream": stream}

    return named


@pytest.mark.parametrize(("name", "place"), EVERYWHERE)
def test_what_is_left_is_as_if_nothing_had_happened(
    name: str, place: str, places: Callable[[str], dict[str, Any]], tmp_path: Path
) -> None:
    """Log, counts, states, evaluations and flags equal those of an undisturbed run of the same records."""
    with Rig(tmp_path, queries=SHORT, **places(place)) as rig:
        CASES[name].run(rig)
        found = rig.difference()
        assert found.rows == SHORT
        assert found.none, found
        if CASES[name].weak == "unfenced":
            assert rig.fenced >= 1


@pytest.mark.parametrize("name", CASES)
def test_each_protection_is_needed(
    name: str, places: Callable[[str], dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the protection switched off that the scenario is about, the harness sees the harm."""
    VARIANTS[CASES[name].weak](monkeypatch.setattr)
    monkeypatch.setattr("tests.chaos.rig.PATIENCE", 15.0)
    with Rig(tmp_path, queries=SHORT, **places("embedded" if CASES[name].embedded else "valkey")) as rig:
        with suppress(Stuck):
            CASES[name].run(rig)
        assert not rig.difference().none


def test_partitions_are_several() -> None:
    """The shared places have more partitions than one, or nothing would be interleaved."""
    assert PARTITIONS > 1
