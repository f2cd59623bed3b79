"""Report: what was flagged, why, and who was heavy and left alone, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.markup import escape
from rich.panel import Panel

if TYPE_CHECKING:
    from collections.abc import Sequence

Document = dict[str, Any]
HEAVY = 100
"""Queries from which an account of the demo counts as heavy."""
COLOURS = {"medium": "yellow", "high": "red", "critical": "bold red"}


def flagged(flag: Document, seconds: float) -> Panel:
    """The flag, its reasons, what speaks against it and its rate; ``seconds`` are since the first request."""
    entity, severity = flag["entity"], flag["severity"]
    rate = flag["false_positive_rate"]
    head = f"[bold]{entity['scope']} {escape(entity['value'])}[/], {_score(flag['score'])}, {flag['queries']:,} queries"
    share = f"{_share(rate['estimate'])} of benign account-days score as high"
    interval = f"(95 % interval {_share(rate['low'])} to {_share(rate['high'])}, n = {rate['n']:,})"
    lines = [
        f"{head}, {seconds:.0f} s after the first request",
        "",
        "[bold]Why[/]",
        *(f"  - {escape(reason['text'])}" for reason in flag["reasons"]),
        "[bold]What speaks against it[/]",
        *(f"  - {escape(item['text'])}" for item in flag["against"] or [{"text": "nothing was found"}]),
        "[bold]False positives[/]",
        f"  - {share} {interval}",
    ]
    title = f"[{COLOURS.get(severity, 'yellow')}]flag: {severity}[/]"
    return Panel("\n".join(lines), title=title, title_align="left")


def again(flag: Document, address: str) -> str:
    """One line for a further flag."""
    entity = flag["entity"]
    members = f", {len(flag['members'])} accounts" if flag.get("members") else ""
    return f"flag: {flag['severity']}  {entity['scope']} {escape(entity['value'])}{members}  {address}"


def left_alone(accounts: Sequence[Document]) -> list[str]:
    """A line for each heavy account that nobody is asked to look at, and why."""
    lines = []
    for account in accounts:
        if account["queries"] >= HEAVY and account["severity"] not in COLOURS:
            name = escape(account["entity"]["value"])
            lines.append(f"left alone: [bold]{name}[/], {account['queries']:,} queries; {_because(account)}")
    return lines


def _because(account: Document) -> str:
    if account["against"]:
        return escape("; ".join(item["text"].rstrip(".") for item in account["against"][:2])) + "."
    if account["score"] is None:
        return "not scored yet."
    return f"its {_score(account['score'])} raises no alert."


def _score(score: float | None) -> str:
    return "no score" if score is None else f"score {score:.2f}"


def _share(share: float | None) -> str:
    return "unknown" if share is None else f"{100 * share:.2g} %"
