"""``revenuer suppress``, ``appeal``, ``precision`` and ``notify`` on a real installation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from service.bootstrap.notices import notices
from service.bootstrap.stores import secrets, stores
from service.model.alert import Verdict
from service.model.notification import Channel
from service.ports import AlertFilter, Commit
from service.review import alerts as rules
from service.review.desk import Desk
from service.settings import Notify, Settings
from tests.contracts.factories import AN_ACT
from tests.service.api.factories import a_flag

if TYPE_CHECKING:
    from tests.service.cli.conftest import Installation

SUPPRESS = ("suppress", "add", "--value", "acct-1", "--until", "30d", "--reason", "their nightly evaluation")
THROTTLE = ("decision", "add", "--value", "acct-1", "--kind", "throttle", "--until", "1h", "--reason", "case 17")


@pytest.fixture(autouse=True)
def _made(here: Installation) -> None:
    assert here.run("db", "upgrade").exit_code == 0


def test_a_suppression_is_previewed_made_and_lifted(here: Installation) -> None:
    """A preview stores nothing; the suppression is listed with its owner until, and after, it is lifted."""
    assert "0 of 0 flags" in here.run(*SUPPRESS, "--preview").stdout
    name = here.run(*SUPPRESS, "--owner", "platform").stdout.strip()
    listed = here.run("suppress", "list").stdout
    assert all(word in listed for word in (name, "account:acct-1", "up to medium", "in force", "platform", "nightly"))
    assert here.run("suppress", "lift", name).exit_code == 0
    assert here.run("suppress", "lift", name).exit_code == 2
    assert "lifted" in here.run("suppress", "list").stdout
    audited = here.run("audit", "list").stdout
    assert all(word in audited for word in ("suppression.made", "suppression.lifted", "system:"))


@pytest.mark.parametrize("words", [("--until", "500d"), ("--value", " "), ("--scope", "country")])
def test_what_cannot_be_suppressed(here: Installation, words: tuple[str, ...]) -> None:
    """Not for years, not nobody, and no scope that is none; nothing is stored."""
    assert here.run(*SUPPRESS, *words).exit_code == 2
    assert "acct-1" not in here.run("suppress", "list").stdout


def test_an_appeal_is_decided_by_somebody_else(here: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither who decided nor who filed it may; granted by a third person, the decision is gone, and all is audited."""
    monkeypatch.setenv("LOGNAME", "anna")
    decision = here.run(*THROTTLE).stdout.strip()
    file = ("appeal", "file", "--decision", decision, "--statement", "It is our own evaluation.")
    monkeypatch.setenv("LOGNAME", "adam")
    name = here.run(*file).stdout.strip()
    assert here.run(*file).exit_code == 2, "an appeal against it waits already"
    grant = ("appeal", "decide", name, "--outcome", "granted", "--answer", "You are right.")
    for person in ("anna", "adam"):
        monkeypatch.setenv("LOGNAME", person)
        assert "a second reviewer decides" in here.run(*grant).stderr
    monkeypatch.setenv("LOGNAME", "zoe")
    assert here.run(*grant).exit_code == 0
    assert "granted" in here.run("appeal", "list").stdout
    assert decision not in here.run("decision", "list").stdout
    audited = here.run("audit", "list").stdout
    assert all(word in audited for word in ("appeal.filed", "appeal.granted", "decision.removed", "system:zoe"))


def test_an_appeal_is_withdrawn(here: Installation) -> None:
    """The decision stands, and what is settled is not settled again; one against nothing is refused."""
    decision = here.run(*THROTTLE).stdout.strip()
    name = here.run("appeal", "file", "--decision", decision, "--statement", "x").stdout.strip()
    assert here.run("appeal", "withdraw", name).exit_code == 0
    assert here.run("appeal", "withdraw", name).exit_code == 2
    assert decision in here.run("decision", "list").stdout
    assert here.run("appeal", "file", "--decision", "none", "--statement", "x").exit_code == 2


def test_precision_is_counted_from_verdicts(here: Installation) -> None:
    """Unknown without any; one right and one wrong alert are half, and the calibration report says so too."""
    assert "not known" in here.run("precision").stdout
    assert "measured precision: not known" in here.run("baseline", "show").stdout
    held = stores(Settings(data=here.data))
    held.checkpoint.commit(Commit(flags=[a_flag("flag-1"), a_flag("flag-2", "acct-2")]))
    desk = Desk(held.alerts, held.records)
    while desk.gather():
        pass
    found = held.alerts.alerts(AlertFilter(), None, 10).items
    for alert, verdict in zip(found, (Verdict.TRUE_POSITIVE, Verdict.BENIGN), strict=True):
        desk.change(alert, lambda one, verdict=verdict: rules.closed(one, verdict, "user:anna", 1), act=AN_ACT)  # type: ignore[misc]
    held.close()
    for words in (("precision",), ("baseline", "show")):
        (row,) = [line.split() for line in here.run(*words).stdout.splitlines() if line.startswith("all ")]
        assert row[:2] == ["all", "50%"]
        assert row[-1] == "2"


def test_a_destination_is_listed_and_tried(here: Installation) -> None:
    """Of its URL only scheme and host are shown; a test that is not taken says why, without the rest of it."""
    settings = Settings(data=here.data, notify=Notify(private=True))
    held = stores(settings)
    told = notices(settings, held.registers, secrets(settings))
    made, _ = told.destination("ops", Channel.WEBHOOK, "http://127.0.0.1:9/s3cret", wait=0)
    held.registers.destinations.put(made, AN_ACT)
    held.close()
    listed = here.run("notify", "list").stdout
    assert "http://127.0.0.1" in listed
    assert "s3cret" not in listed
    tried = here.run("notify", "test", "ops")
    assert tried.exit_code == 2
    assert "private address" in tried.stderr
    assert "destination.tested" in here.run("audit", "list").stdout
    assert here.run("notify", "test", "nobody").exit_code == 2
