"""The page of settings, from ``service/settings.py``: name, type, default, and the words below each field."""

from __future__ import annotations

import ast
import inspect
import itertools
import types
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from service import settings
from tests.site.page import code, page, table

if TYPE_CHECKING:
    from collections.abc import Iterator

HEAD = ("setting", "type", "default", "means")
NAMES = {int: "integer", float: "number", bool: "true or false", str: "text", Path: "path"}

INTRODUCTION = """\
From flags, then the environment, then a YAML file (`revenuer serve --config FILE`, or `REVENUER_CONFIG`),
then the default. A dotted name is nested in YAML. Where a variable is named, `..._FILE` with the path of a
file works as well, so that a URL with a password need not be in the environment. `revenuer config check`
shows what is in force and where each value came from."""


def render() -> str:
    """The page."""
    return page(
        "Settings",
        INTRODUCTION,
        table(HEAD, _rows(settings.Settings, "")),
    )


def fields(part: type[BaseModel] = settings.Settings, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Dotted name of every setting, and what is said of it."""
    said = _said(part)
    for name, field in part.model_fields.items():
        inner = _part(field.annotation)
        if inner is None:
            yield prefix + name, said.get(name, "")
        else:
            yield from fields(inner, f"{prefix}{name}.")


def _rows(part: type[BaseModel], prefix: str) -> Iterator[tuple[str, str, str, str]]:
    variables = {name: variable for variable, name in settings.ENVIRONMENT.items()}
    said = _said(part)
    for name, field in part.model_fields.items():
        inner = _part(field.annotation)
        if inner is not None:
            yield from _rows(inner, f"{prefix}{name}.")
            continue
        variable = "" if prefix else variables.get(name, "")
        means = " ".join(said.get(name, "").replace("``", "`").split())
        yield (
            code(prefix + name),
            "seconds" if part.__annotations__[name] == "Seconds" else _type(field.annotation),
            "must be set" if field.is_required() else code(_default(field.get_default(), size=_is_size(name, means))),
            f"{means} ({code(variable)})" if variable else means,
        )


def _part(annotation: Any) -> type[BaseModel] | None:
    """The part that a field holds, also where it may be left out; None where it holds a value."""
    options = (annotation, *get_args(annotation))
    return next((one for one in options if isinstance(one, type) and issubclass(one, BaseModel)), None)


def _said(part: type[BaseModel]) -> dict[str, str]:
    """The string below each field of a class."""
    (body,) = (node.body for node in ast.parse(inspect.getsource(part)).body if isinstance(node, ast.ClassDef))
    return {
        before.target.id: after.value.value
        for before, after in itertools.pairwise(body)
        if isinstance(before, ast.AnnAssign)
        and isinstance(before.target, ast.Name)
        and isinstance(after, ast.Expr)
        and isinstance(after.value, ast.Constant)
        and isinstance(after.value.value, str)
    }


def _type(annotation: Any) -> str:
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin in {types.UnionType, Union}:
        return " or ".join(_type(item) for item in inner if item is not type(None))
    if origin is Literal:
        return ", ".join(code(str(value)) for value in inner)
    if origin is tuple:
        return f"list of {_type(inner[0])}"
    if origin is dict:
        return f"map from {_type(inner[0])} to {_type(inner[1])}"
    return NAMES.get(annotation, str(annotation)) if inner == () else _type(inner[0])


def _is_size(name: str, means: str) -> bool:
    return "bytes" in f"{name} {means}".lower()


def _default(value: Any, *, size: bool) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if size and isinstance(value, int):
        return f"{value // settings.MIB} MiB" if value % settings.MIB == 0 else f"{value // 1024} KiB"
    return f"{value:g}" if isinstance(value, float) else str(value or "")
