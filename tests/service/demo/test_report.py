"""The report: a flag in words, with everything that a newcomer needs to ask for it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from rich.console import Console

from detectors.core.detector import Signal
from service.api.documents import flag_document
from service.demo import report
from service.model.entity import Entity, Scope
from service.model.flag import Flag, Rate, Severity

A_FLAG = Flag(
    id="abc",
    entity=Entity(Scope.ACCOUNT, "clone-factory"),
    severity=Severity.HIGH,
    score=0.97,
    flagged_at=1_793_525_400_000_000,
    first_seen=1_793_525_300_000_000,
    last_seen=1_793_525_400_000_000,
    queries=320,
    window=1_793_523_600,
    reasons=(Signal("coverage.opened_in_20", 18.5, "topics", 0.001, 7.0, 15.0, 900, "18.5 topics [of 20] queries"),),
    against={"rerun": "a tenth was asked before"},
    false_positive_rate=Rate(0.0005, 0.0001, 0.0015, 4000),
    techniques=("AML.T0024.002",),
    versions={},
)


def printed(renderable: Any) -> str:
    """As it stands on a terminal of 100 columns."""
    console = Console(width=100)
    with console.capture() as capture:
        console.print(renderable)
    return capture.get()


def test_flag() -> None:
    """Entity, severity, reasons, what speaks against, and the rate with its interval and n."""
    text = printed(report.flagged(flag_document(A_FLAG), 27.4))
    for expected in (
        "clone-factory",
        "high",
        "0.97",
        "320",
        "27 s",
        "18.5 topics [of 20] queries",
        "a tenth was asked before",
        "0.05 %",
        "0.01 %",
        "0.15 %",
        "4,000",
    ):
        assert expected in text


def test_nothing_against() -> None:
    """Where nothing speaks against a flag, that is said."""
    assert "nothing was found" in printed(report.flagged(flag_document(replace(A_FLAG, against={})), 1))


def test_unknown_numbers() -> None:
    """A flag whose numbers are not known is told without them."""
    document = {**flag_document(A_FLAG), "score": None}
    document["false_positive_rate"] = {"estimate": None, "low": None, "high": None, "n": 0}
    assert "unknown" in printed(report.flagged(document, 1))


def test_a_campaign_in_a_line() -> None:
    """A flag of a campaign says of how many accounts it is."""
    document = {**flag_document(A_FLAG), "entity": {"scope": "campaign", "value": "ab12"}, "members": ["a", "b", "c"]}
    assert report.again(document, "http://here") == "flag: high  campaign ab12, 3 accounts  http://here"


def an_account(**changes: Any) -> dict[str, Any]:
    """A heavy account as the API shows it, with nothing flagged."""
    return {
        "entity": {"scope": "account", "value": "batch-labels"},
        "queries": 400,
        "score": 0.21,
        "severity": None,
        "against": [{"name": "response.median_answer", "text": "Answers are labels."}],
        **changes,
    }


def test_left_alone() -> None:
    """A heavy account is named with what speaks for it; one that is flagged or light is not."""
    accounts = [an_account(), an_account(severity="medium"), an_account(queries=12)]
    assert report.left_alone(accounts) == ["left alone: [bold]batch-labels[/], 400 queries; Answers are labels."]


def test_left_alone_by_its_score() -> None:
    """Where nothing speaks for it, its score does; without one that is said."""
    by_score, without = report.left_alone([an_account(against=[]), an_account(against=[], score=None)])
    assert "score 0.21 raises no alert" in by_score
    assert "not scored yet" in without
