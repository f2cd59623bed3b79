"""The documentation page: the OpenAPI file as plain HTML, made here, without script and without any other server."""

from __future__ import annotations

import base64
import hashlib
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

STYLE = """
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; font: 16px/1.5 system-ui, sans-serif; }
h2 { margin: 2.5rem 0 0; border-top: 1px solid #999; padding-top: 1rem; font: 600 1.1rem ui-monospace, monospace; }
table { border-collapse: collapse; width: 100%; margin: .5rem 0; }
td, th { border-bottom: 1px solid #ddd; padding: .25rem .75rem .25rem 0; text-align: left; vertical-align: top; }
code { font-family: ui-monospace, monospace; }
"""
CSP = (
    f"default-src 'none'; frame-ancestors 'none'; "
    f"style-src 'sha256-{base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()}'"
)

Schema = dict[str, Any]


def render(api: Schema) -> str:
    """The page for an OpenAPI document."""
    title = escape(f"{api['info']['title']} {api['info']['version']}")
    operations = [
        _operation(method.upper(), path, operation)
        for path, methods in api["paths"].items()
        for method, operation in methods.items()
    ]
    schemas = [_schema(name, schema) for name, schema in api.get("components", {}).get("schemas", {}).items()]
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title><style>{STYLE}</style>'
        f"<h1>{title}</h1><p>{escape(api['info'].get('description', ''))}</p>"
        f'<p>The same for programs: <a href="openapi.json">openapi.json</a></p>'
        f"{''.join(operations)}<h1>Documents</h1>{''.join(schemas)}</html>"
    )


def _operation(method: str, path: str, operation: Schema) -> str:
    parameters = [
        (p["name"], p["in"], _type(p["schema"]), p.get("description") or p["schema"].get("description", ""))
        for p in operation.get("parameters", [])
    ]
    answers = [
        (status, _content(answer), answer.get("description", "")) for status, answer in operation["responses"].items()
    ]
    body = f"<p>Body: {_content(operation['requestBody'])}</p>" if "requestBody" in operation else ""
    return (
        f"<h2>{method} {escape(path)}</h2><p>{escape(operation.get('description', ''))}</p>"
        f"{_table(('parameter', 'in', 'type', 'meaning'), parameters) if parameters else ''}{body}"
        f"{_table(('status', 'body', 'meaning'), answers)}"
    )


def _schema(name: str, schema: Schema) -> str:
    rows = [(key, _type(value), value.get("description", "")) for key, value in schema.get("properties", {}).items()]
    fields = _table(("field", "type", "meaning"), rows) if rows else f"<p>{_type(schema)}</p>"
    return f'<h2 id="{escape(name)}">{escape(name)}</h2><p>{escape(schema.get("description", ""))}</p>{fields}'


def _content(holder: Schema) -> str:
    return ", ".join(_type(content.get("schema", {})) for content in holder.get("content", {}).values()) or "none"


def _type(schema: Schema) -> str:
    """The type as HTML, with a link where it is a document of its own."""
    if "$ref" in schema:
        name = escape(schema["$ref"].rpartition("/")[2])
        return f'<a href="#{name}">{name}</a>'
    if "anyOf" in schema:
        return " or ".join(_type(option) for option in schema["anyOf"])
    if "enum" in schema:
        return " | ".join(f"<code>{escape(str(value))}</code>" for value in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    return escape(str(schema.get("format") or schema.get("type", "any")))


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """A table; cells of columns named type or body are HTML already."""
    titles = "".join(f"<th>{title}</th>" for title in head)
    lines = "".join(
        "<tr>" + "".join(f"<td>{_cell(title, cell)}</td>" for title, cell in zip(head, row, strict=True)) + "</tr>"
        for row in rows
    )
    return f"<table><tr>{titles}</tr>{lines}</table>"


def _cell(title: str, cell: str) -> str:
    return cell if title in {"type", "body"} else escape(str(cell))
