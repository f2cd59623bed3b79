"""The errors of each route, for the OpenAPI file."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from service.api.schema import ErrorOut


def errors(*statuses: int, token: bool = True) -> dict[int | str, dict[str, Any]]:
    """Declared errors of a route: the given ones, those of every route, and those of a token where it needs one."""
    every = {400, 405, 503, *statuses} | ({401, 403, 406} if token else set())
    return {status: {"model": ErrorOut, "description": HTTPStatus(status).phrase} for status in sorted(every)}
