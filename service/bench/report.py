"""Report: outcomes as one JSON document and one HTML page that needs nothing beside it."""

from __future__ import annotations

import json
from html import escape
from importlib import resources
from typing import TYPE_CHECKING, Any

from service.bench.figure import row
from service.bench.suite import Table
from service.bench.svg import draw

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.bench.runner import Done
    from service.bench.suite import Given, Outcome

COLUMNS = ("figure", "#value", "#95 % interval", "#n", "#target", "")


def figures(outcome: Outcome) -> Table:
    """An outcome's figures as a table."""
    return Table("", COLUMNS, [row(figure) for figure in outcome.figures])


def document(done: Sequence[Done], given: Given) -> dict[str, Any]:
    """Everything as JSON."""
    return {
        "format": "revenuer-bench-1",
        "sources": given.sources,
        "seed": given.seed,
        "quick": given.quick,
        "suites": [_suite(held.outcome, held.seconds) for held in done],
    }


def as_json(done: Sequence[Done], given: Given) -> str:
    """The document as text; numbers that are none are null."""
    return json.dumps(document(done, given), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _suite(outcome: Outcome, seconds: float) -> dict[str, Any]:
    return {
        "suite": outcome.suite,
        "about": outcome.about,
        "data": outcome.data,
        "seconds": round(seconds, 1),
        "figures": [figure.document() for figure in outcome.figures],
        "tables": [
            {
                "title": t.title,
                "columns": [c.lstrip("#") for c in t.columns],
                "rows": [list(r) for r in t.rows],
                "note": t.note,
            }
            for t in outcome.tables
        ],
        "plots": [
            {
                "title": p.title,
                "caption": p.caption,
                "curves": {c.name: [list(xy) for xy in c.points] for c in p.curves},
            }
            for p in outcome.plots
        ],
        "notes": list(outcome.notes),
    }


def as_html(done: Sequence[Done], given: Given) -> str:
    """One page with style and drawings inside; it loads nothing and runs no script."""
    style = resources.files("service.bench").joinpath("data/report.css").read_text(encoding="utf-8")
    quick = "<p class='warn'>A quick run: few trials, wide intervals. Not for quoting.</p>" if given.quick else ""
    body = "".join(_section(held.outcome) for held in done)
    return (
        "<!doctype html><html lang='en'><head><meta charset='utf-8'><title>revenuer bench</title>"
        "<meta name='viewport' content='width=device-width'>"
        f"<style>{style}</style></head><body><main><h1>revenuer bench</h1>"
        f"<p class='lead'>{escape(given.sources)}; seed {given.seed}.</p>{quick}{body}</main></body></html>\n"
    )


def _section(outcome: Outcome) -> str:
    measured = figures(outcome)
    notes = "".join(f"<li>{escape(note)}</li>" for note in [*outcome.notes, *_footnotes(outcome)])
    return (
        f"<section><h2 id='{escape(outcome.suite)}'>{escape(outcome.suite)}</h2><p>{escape(outcome.about)}</p>"
        f"<p class='data'>{escape(outcome.data)}</p>{_table(measured.columns, measured.rows)}"
        + (f"<ul>{notes}</ul>" if notes else "")
        + "".join(
            f"<figure>{draw(plot)}<figcaption>{escape(plot.caption)}</figcaption></figure>" for plot in outcome.plots
        )
        + "".join(_titled(table) for table in outcome.tables)
        + "</section>"
    )


def _footnotes(outcome: Outcome) -> list[str]:
    return [f"{figure.name}: {figure.note}" for figure in outcome.figures if figure.note]


def _titled(table: Table) -> str:
    note = f"<p class='data'>{escape(table.note)}</p>" if table.note else ""
    return f"<details open><summary>{escape(table.title)}</summary>{_table(table.columns, table.rows)}{note}</details>"


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    numeric = [" class='n'" if column.startswith("#") else "" for column in columns]
    head = "".join(f"<th{c}>{escape(name.lstrip('#'))}</th>" for c, name in zip(numeric, columns, strict=True))
    body = "".join(
        "<tr>" + "".join(_cell(c, cell) for c, cell in zip(numeric, cells, strict=True)) + "</tr>" for cells in rows
    )
    return f"<div class='wide'><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"


def _cell(numeric: str, text: str) -> str:
    verdict = {"met": " class='met'", "not met": " class='unmet'"}.get(text, numeric)
    return f"<td{verdict}>{escape(text)}</td>"
