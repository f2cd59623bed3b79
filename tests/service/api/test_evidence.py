"""Evidence of a flag, handed out over the API."""

from __future__ import annotations

import io
import json
import zipfile
from typing import TYPE_CHECKING

import pytest

from service.review.evidence import faults

if TYPE_CHECKING:
    from tests.service.api.conftest import Plane

ROUTE = "/api/v1/flags/flag-1/evidence"


async def test_the_archive_is_whole_and_audited(plane: Plane) -> None:
    """It is what its manifest says, of that flag, and the audit log has who took it and why."""
    async with plane.client("analyst") as client:
        answer = await client.post(ROUTE, json={"reason": "appeal a-1"}, headers={"Accept": "application/zip"})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip")
    assert answer.headers["content-disposition"] == 'attachment; filename="flag-1.zip"'
    assert faults(answer.content) == []
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert json.loads(archive.read("flag.json"))["id"] == "flag-1"
    entry = plane.stores.audit.head()
    assert entry is not None
    assert (entry.act.action, entry.act.origin) == ("evidence.packed", "api")
    assert entry.act.detail == {"flag": "flag-1", "content": "redacted", "reason": "appeal a-1"}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param({"reason": "x", "content": "full"}, 422, id="more-than-the-log-keeps"),
        pytest.param({"reason": "x", "content": "none"}, 200, id="less-than-the-log-keeps"),
        pytest.param({"reason": " "}, 422, id="no-reason"),
        pytest.param({}, 422, id="no-reason-at-all"),
    ],
)
async def test_what_is_handed_out(plane: Plane, body: dict[str, str], status: int) -> None:
    """At most what the log keeps, and only for a reason; what is refused leaves no entry."""
    before = plane.stores.audit.head()
    async with plane.client("analyst") as client:
        assert (await client.post(ROUTE, json=body)).status_code == status
    assert (plane.stores.audit.head() == before) == (status != 200)
