"""The control plane: flags, accounts and decisions over HTTP, for people and their tools.

``documents`` writes each word of the model as a JSON document; ``schema`` declares the same for the OpenAPI
file. ``access`` is the one table of who may do what; ``credentials`` finds out who asks, ``tokens`` makes and
checks what they show. ``strict`` takes a request apart before any handler sees it, ``shell`` stands around
all of it. ``errors`` is the one shape of every refusal. ``routes`` are the handlers, ``app`` joins them and
``server`` listens.

Importing this package imports no web framework, so that replay and the command line can use ``documents``;
``build`` brings it when it is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from service.api.app import build

__all__ = ["build"]


def __getattr__(name: str) -> Any:
    if name != "build":
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    from service.api.app import build  # noqa: PLC0415 - see above

    return build
