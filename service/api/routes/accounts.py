"""Accounts: entities of any scope, their score over time, their signals and flags."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import Path

from service.api.documents import Document, account_detail, account_document
from service.api.errors import NotFound
from service.api.parameters import Cursor, Limit
from service.api.responses import errors
from service.api.schema import VALUE_LENGTH, AccountDetail, AccountPage
from service.model.entity import Entity, Scope
from service.ports import FlagFilter

if TYPE_CHECKING:
    from fastapi import FastAPI

    from service.api.control import Control

EVALUATIONS = 500
FLAGS = 100


def add(app: FastAPI, control: Control) -> None:
    """``/api/v1/accounts`` and ``/api/v1/accounts/{id}``."""

    @app.get("/api/v1/accounts", response_model=AccountPage, responses=errors(422), tags=["accounts"])
    def list_accounts(*, scope: Scope = Scope.ACCOUNT, cursor: Cursor = None, limit: Limit = 50) -> Document:
        """Entities of a scope, last seen first."""
        filters = {"scope": scope}
        page = control.records.accounts(scope, control.cursors.open(cursor, "accounts", filters), limit)
        return {
            "items": [account_document(account) for account in page.items],
            "next": control.cursors.seal(page.next, "accounts", filters),
        }

    @app.get("/api/v1/accounts/{id:path}", response_model=AccountDetail, responses=errors(404, 422), tags=["accounts"])
    def read_account(
        value: Annotated[str, Path(alias="id", max_length=VALUE_LENGTH, description="slashes are part of it")],
        scope: Scope = Scope.ACCOUNT,
    ) -> Document:
        """One entity: its score over time, the signals of its latest scoring, its flags."""
        entity = Entity(scope, value)
        account = control.records.account(entity)
        if account is None:
            raise NotFound(f"no entity of that id in scope '{scope}'", param="id")
        evaluations = control.records.evaluations(entity, EVALUATIONS)
        flags = control.records.flags(FlagFilter(scope=scope, entity=value), None, FLAGS).items
        return account_detail(account, list(evaluations), list(flags))
