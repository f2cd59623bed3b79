"""Tokens: made and revoked by whoever has signed in. The command line does the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import Path, Request, Response

from service.api import acts
from service.api.credentials import need
from service.api.documents import Document, rfc3339
from service.api.errors import NotFound
from service.api.people_schema import TokenIn, TokenList, TokenMade
from service.api.responses import errors
from service.api.tokens import issue

if TYPE_CHECKING:
    from fastapi import FastAPI

    from service.api.control import Control
    from service.ports import Token

DAY = 24 * 3600 * 1_000_000


def add(app: FastAPI, control: Control) -> None:
    """``/api/v1/tokens`` and ``/api/v1/tokens/{id}``."""

    @app.get("/api/v1/tokens", response_model=TokenList, responses=errors(422), tags=["people"])
    def list_tokens() -> Document:
        """Every token, newest first; their texts are not stored."""
        return {"items": [token_document(token) for token in control.tokens.all()]}

    @app.post(
        "/api/v1/tokens", response_model=TokenMade, status_code=201, responses=errors(413, 415, 422), tags=["people"]
    )
    def make_token(body: TokenIn, request: Request) -> Document:
        """Make a token; its text is in this answer and nowhere else. It opens what its maker may, and no more."""
        identity = acts.identity(request)
        need(identity, body.role, f"a token of the role '{body.role}'")
        text = issue(
            control.tokens, control.token_key, role=body.role, now=control.clock(),
            life=None if body.days is None else body.days * DAY, note=body.note,
            actor=identity.name, owner=identity.person,
        )  # fmt: skip
        stored = control.tokens.find(text.split("_")[1])
        return {"token": text} | (token_document(stored) if stored else {})

    @app.delete("/api/v1/tokens/{id}", status_code=204, responses=errors(404, 422), tags=["people"])
    def revoke_token(token_id: Annotated[str, Path(alias="id", max_length=64)], request: Request) -> Response:
        """Revoke a token, at once and for good."""
        act = acts.by_token(request, control.clock(), "token.revoked", f"token:{token_id}")
        if not control.tokens.revoke(token_id, act):
            raise NotFound("no token of that id", param="id")
        return Response(status_code=204)


def token_document(token: Token) -> Document:
    """A token as JSON."""
    return {
        "id": token.id,
        "role": token.role,
        "created": rfc3339(token.created),
        "expires": None if token.expires is None else rfc3339(token.expires),
        "owner": token.owner or None,
        "note": token.note,
    }
