"""The errors of each route, for the OpenAPI file."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from service.api.schema import ErrorOut

JSON = {"application/json": {"schema": {"$ref": f"#/components/schemas/{ErrorOut.__name__}"}}}


def errors(*statuses: int, token: bool = True, plain: bool = False) -> dict[int | str, dict[str, Any]]:
    """Declared errors of a route: the given ones, those of every route, and those of a token where it needs one.

    ``plain`` is for a route whose good answer is text: the framework would declare its errors as text, too.
    """
    every = {400, 405, 503, *statuses} | ({401, 403, 406} if token else set())
    body = {"content": JSON} if plain else {"model": ErrorOut}
    return {status: {**body, "description": HTTPStatus(status).phrase} for status in sorted(every)}
