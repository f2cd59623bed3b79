"""``revenuer explain``: why a flag was raised, and what speaks against it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from service.api.documents import flag_document, rfc3339
from service.cli import _wiring
from service.cli._fail import fail
from service.cli._options import with_settings
from service.cli._output import console, number, safe, table
from service.ports import FlagFilter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

    from service.model.flag import Flag, Rate
    from service.model.query import QueryEvent
    from service.ports import Records
    from service.settings import Settings

PAGE = 500
TEXT = 80
"""Characters of a query's text in the table."""


@click.command()
@click.argument("flag")
@click.option("--json", "as_json", is_flag=True, help="Print the flag as the API shows it.")
@with_settings
def explain(*, settings: Settings, flag: str, as_json: bool) -> None:
    """Explain FLAG, an id or the beginning of one."""
    with _wiring.stores(settings) as stores:
        found = find(stores.records, flag)
        events = [] if as_json else list(stores.records.events(found.events))
    if as_json:
        click.echo(json.dumps(flag_document(found), indent=2, ensure_ascii=False))
        return
    out = console()
    _head(found, out)
    _reasons(found, out)
    _against(found, out)
    _events(found, events, out)


def find(records: Records, wanted: str) -> Flag:
    """The flag of that id, or the only one whose id begins so."""
    exact = records.flag(wanted)
    if exact is not None:
        return exact
    matching = [flag for flag in _all(records) if flag.id.startswith(wanted)]
    if not matching:
        fail(f"no flag whose id begins with '{safe(wanted, 64)}'")
    if len(matching) > 1:
        ids = ", ".join(flag.id for flag in matching[:5])
        fail(f"{len(matching)} flags begin with '{safe(wanted, 64)}': {ids}{', ...' if len(matching) > 5 else ''}")
    return matching[0]


def _all(records: Records) -> Iterator[Flag]:
    after: str | None = None
    while True:
        page = records.flags(FlagFilter(), after, PAGE)
        yield from page.items
        after = page.next
        if after is None:
            return


def _head(flag: Flag, out: Console) -> None:
    rows = [
        ("entity", str(flag.entity)),
        ("severity", f"{flag.severity}, score {number(flag.score)} of 1"),
        ("flagged at", f"{rfc3339(flag.flagged_at)} (event time)"),
        ("seen", f"{rfc3339(flag.first_seen)} to {rfc3339(flag.last_seen)}, {flag.queries:,} queries"),
        (
            "false positives",
            _rate(flag.false_positive_rate),
        ),
        ("techniques", ", ".join(flag.techniques) or "-"),
        ("versions", ", ".join(f"{name} {version}" for name, version in flag.versions.items()) or "-"),
    ]
    table(f"flag {safe(flag.id)}", ("", ""), rows, out=out)


def _rate(rate: Rate) -> str:
    return (
        f"{rate.estimate:.2%} of benign account-days score as high"
        f" (95 % interval {rate.low:.2%} to {rate.high:.2%}, n = {rate.n:,})"
    )


def _reasons(flag: Flag, out: Console) -> None:
    rows = [
        (
            signal.name,
            f"{number(signal.value)} {signal.unit}".strip(),
            number(signal.median),
            number(signal.p99),
            f"{signal.n:,}",
            number(signal.p_value),
        )
        for signal in flag.reasons
    ]
    out.print()
    table("Reasons", ("signal", "#value", "#benign median", "#benign extreme", "#n", "#p-value"), rows, out=out)
    for signal in flag.reasons:
        out.print(f"  • {safe(signal.text)}", markup=False)


def _against(flag: Flag, out: Console) -> None:
    out.print("\nWhat speaks against")
    for name, text in flag.against.items():
        out.print(f"  • {safe(name)}: {safe(text)}", markup=False)
    if not flag.against:
        out.print("  nothing that is measured")


def _events(flag: Flag, events: list[QueryEvent], out: Console) -> None:
    out.print()
    if not events:
        out.print(f"The {len(flag.events)} events behind it are no longer in the log.")
        return
    columns = ("completed", "operation", "model", "#tokens in", "#out", "#status", "text")
    table(f"Latest {len(events)} events behind it", columns, [_event(event) for event in events], out=out)


def _event(event: QueryEvent) -> tuple[str, ...]:
    query, answer = event.query, event.answer
    return (
        rfc3339(event.done)[:23] + "Z",
        str(query.operation),
        query.model or answer.model,
        number(answer.input_tokens),
        number(answer.output_tokens),
        str(event.status),
        _text(event),
    )


def _text(event: QueryEvent) -> str:
    """The last thing asked, as far as the setting ``content`` kept it."""
    if isinstance(event.request, dict) and "redacted" in event.request:
        form = event.request["redacted"]
        lengths = [length for role, length in form.get("turns", ()) if role == "user"] or form.get("prompts", ())
        return f"redacted: {lengths[-1]:,} characters" if lengths else "redacted"
    query = _wiring.query(event)
    texts = [turn.text for turn in query.turns if turn.role == "user"] or list(query.prompts)
    return safe(texts[-1], TEXT) if texts else "not kept"
