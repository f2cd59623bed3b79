from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from service.api.control import clock
from service.api.documents import rfc3339

if TYPE_CHECKING:
    from tests.service.cli.conftest import Installation

BLOCK = ("decision", "add", "--value", "acct/1", "--kind", "block", "--reason", "asked for by the owner")


def published(here: Installation) -> Any:
    """What the gateways read."""
    return json.dumps(json.loads((here.data / "decisions.json").read_text()))


def test_add_list_remove(here: Installation) -> None:
    """A decision is listed and published under the id that was printed, until it is removed."""
    added = here.run(*BLOCK, "--until", "7d")
    decision_id = added.stdout.strip()
    uuid.UUID(decision_id)
    listed = here.run("decision", "list").stdout
    assert all(word in listed for word in (decision_id, "account:acct/1", "block", "in force", "cli"))
    assert decision_id in published(here)
    assert here.run("decision", "remove", decision_id).exit_code == 0
    assert decision_id not in published(here)
    assert here.run("decision", "remove", decision_id).exit_code == 2


def test_simulated(here: Installation) -> None:
    """A simulated decision is listed as one."""
    here.run(*BLOCK, "--simulated")
    listed = here.run("decision", "list").stdout
    assert "simulated" in listed
    assert "in force" not in listed


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(("--until", "2020-01-01T00:00:00Z"), id="past"),
        pytest.param(("--until", "2999-01-01T00:00:00"), id="no-offset"),
        pytest.param(("--until", "7 days"), id="no-duration"),
        pytest.param(("--until", "0d"), id="nothing"),
        pytest.param(("--scope", "country"), id="no-such-scope"),
        pytest.param(("--kind", "delete"), id="no-such-kind"),
        pytest.param(("--value", " "), id="nobody"),
        pytest.param(("--reason", ""), id="no-reason"),
    ],
)
def test_what_cannot_be_decided(here: Installation, words: tuple[str, ...]) -> None:
    """A decision that cannot be is refused, and nothing is published."""
    assert here.run(*BLOCK, *words).exit_code == 2
    assert not (here.data / "decisions.json").exists()


def test_until_is_from_now(here: Installation) -> None:
    """``7d`` ends a week from now."""
    before = clock()
    here.run(*BLOCK, "--until", "7d")
    listed = here.run("decision", "list").stdout
    (word,) = [word for word in listed.split() if word.startswith("20") and "T" in word]
    assert word[:10] in {_day(before + 7 * 86_400_000_000), _day(clock() + 7 * 86_400_000_000)}


def _day(at: int) -> str:
    return rfc3339(at)[:10]


def test_a_scope_that_no_request_tells_is_refused(here: Installation) -> None:
    """A decision that no guard could ever act on is not taken as if it held."""
    result = here.run("decision", "add", "--scope", "campaign", "--value", "c", "--kind", "block", "--reason", "r")
    assert result.exit_code == 2
    assert "'campaign' is not one of 'account', 'org', 'end_user', 'ip_prefix'" in result.stderr
