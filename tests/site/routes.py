"""The page of the control API's routes, from its own OpenAPI document and the table of who may do what."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from service.api.access import ACCESS, Role
from service.bootstrap.control import control
from service.bootstrap.stores import upgrade
from service.settings import Settings
from tests.site.page import code, page, table

if TYPE_CHECKING:
    from collections.abc import Iterator

HEAD = ("address", "role", "does", "parameters")

INTRODUCTION = """\
The same for programs, with every document's fields, is at `/openapi.json` on the control port, and for people
at `/docs`. How roles, pages and errors work is in [the control API](../api.md)."""


def render() -> str:
    """The page."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data=Path(folder))
        upgrade(settings)
        document = control(settings).openapi()
    return page(
        "Routes of the API",
        INTRODUCTION,
        table(HEAD, _rows(document)),
    )


def _rows(document: dict[str, Any]) -> Iterator[tuple[str, str, str, str]]:
    roles = {(method, route.replace(":path", "")): access for (method, route), access in ACCESS.items()}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            access = roles[method.upper(), path]
            does = " ".join(operation["description"].partition("\n\n")[0].split())
            yield (
                code(f"{method.upper()} {path}"),
                str(access) if isinstance(access, Role) else "",
                does.removesuffix(f" Needs the role {access}."),
                ", ".join(code(parameter["name"]) for parameter in operation.get("parameters", [])),
            )
