"""Postgres restored from an older backup: what the spools retain is taken again, once."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from service.backends.redis import keys
from tests.chaos.site import Site
from tests.chaos.steps import caught_up, run

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.xdist_group("processes")


def test_a_restored_database_loses_nothing_that_the_spools_retain(tmp_path: Path) -> None:
    """Also of a gateway that the backup never knew; workers and shippers run on, and need not be told."""
    with Site(tmp_path) as site:
        data = site.postgres._data
        backup = data.with_name("backup")

        def saved() -> None:
            caught_up(site)
            site.postgres.stop()
            subprocess.run(["cp", "-a", data, backup], check=True)
            site.postgres.start()

        def unknown_to_the_backup() -> None:
            site.kill("gateway-0")
            site.back("gateway-0")
            caught_up(site)

        def restored() -> None:
            before, covered = site.rows(), positions(site)
            site.postgres.stop()
            subprocess.run(["rm", "-rf", data], check=True)
            backup.rename(data)
            site.postgres.start()
            assert site.rows() < before
            site.until(lambda: set_back(covered, positions(site)), "what is not stored is not covered any more", 120)
            caught_up(site)

        left = run(site, [saved, unknown_to_the_backup, restored])
        assert left.answered > 200
        assert left.verdict.faults == 0, left.verdict
        assert left.difference.none, left.difference


def positions(site: Site) -> dict[tuple[int, str], int]:
    """By partition and source, what the shippers take as covered."""
    assert site.store.link is not None
    found = {}
    for number in range(site.store.partitions.count()):
        for source, at in site.store.link.one("HGETALL", keys.covered(number)).items():
            found[number, source.decode()] = int(at)
    return found


def set_back(before: dict[tuple[int, str], int], after: dict[tuple[int, str], int]) -> bool:
    """Whether any was lowered."""
    return any(at < before[place] for place, at in after.items() if place in before)
