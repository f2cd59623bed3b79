"""A rolling upgrade: neighbouring versions side by side on one installation."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest

from tests.chaos.site import Site
from tests.chaos.steps import caught_up, run

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.xdist_group("processes")


def test_versions_side_by_side(tmp_path: Path) -> None:
    """Workers read what older and later shippers write and leave a newer worker what they cannot: nothing is lost."""
    versions = {"shipper-0": "older", "shipper-1": "wordier"}
    with Site(tmp_path, versions=versions) as site:

        def shipper_upgraded() -> None:
            caught_up(site)
            replaced(site, "shipper-1", "newer")
            for worker in ("worker-0", "worker-1"):
                site.until(partial(gave_back, site, worker), f"{worker} gives partitions back", 120)

        def workers_upgraded() -> None:
            for worker in ("worker-0", "worker-1"):
                replaced(site, worker, "newer")
            caught_up(site)

        left = run(site, [shipper_upgraded, workers_upgraded])
        assert left.answered == left.sent > 200
        assert left.verdict.faults == 0, left.verdict
        assert left.difference.none, left.difference
        assert "set aside" not in said(site, "worker-0") + said(site, "worker-1")


def replaced(site: Site, name: str, version: str) -> None:
    """Stop a process, and start it in another version."""
    assert site.stop(name) == 0
    site.versions[name] = version
    site.back(name)


def gave_back(site: Site, worker: str) -> bool:
    """Whether it met entries that it does not know."""
    return "stream.newer" in said(site, worker)


def said(site: Site, name: str) -> str:
    """What a process has logged."""
    return site.log_of(name).read_text(errors="replace")
