"""Users: who may sign in, and as what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import Path, Request

from service.access.people import NotDone, welcome
from service.api import acts
from service.api.documents import Document, rfc3339
from service.api.errors import Conflict, NotFound
from service.api.people_schema import LinkOut, RoleIn, UserIn, UserList, UserOut
from service.api.responses import errors

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi import FastAPI

    from service.api.control import Control
    from service.model.audit import Act
    from service.model.user import User


def add(app: FastAPI, control: Control) -> None:
    """``/api/v1/users`` and what is below it."""
    _add_making(app, control)
    _add_changes(app, control)


def _add_making(app: FastAPI, control: Control) -> None:
    people = control.people

    @app.get("/api/v1/users", response_model=UserList, responses=errors(422), tags=["people"])
    def list_users() -> Document:
        """Every user, newest first, disabled ones too."""
        return {"items": [user_document(user) for user in people.all()]}

    @app.post(
        "/api/v1/users", response_model=LinkOut, status_code=201, responses=errors(409, 413, 415, 422), tags=["people"]
    )
    def add_user(body: UserIn, request: Request) -> Document:
        """Add a user, who sets a password by the one-time link in the answer."""
        act = acts.by_token(request, control.clock(), "user.added", f"user:{body.name}", role=str(body.role))
        try:
            people.add(body.name, body.role, act)
        except NotDone as error:
            raise Conflict(str(error)) from None
        return linked(control, body.name, acts.by_token(request, control.clock(), "user.link_made", act.subject))

    @app.post(
        "/api/v1/users/{name}/link",
        response_model=LinkOut,
        status_code=201,
        responses=errors(404, 422),
        tags=["people"],
    )
    def make_link(name: Annotated[str, Path(max_length=64)], request: Request) -> Document:
        """Make a one-time link by which the user sets a new password; the present one holds until then."""
        if people.find(name) is None:
            raise NotFound("no user of that name", param="name")
        return linked(control, name, acts.by_token(request, control.clock(), "user.link_made", f"user:{name}"))


def _add_changes(app: FastAPI, control: Control) -> None:
    people = control.people

    def changed(request: Request, name: str, action: str, change: Callable[[Act], User], **detail: str) -> Document:
        if people.find(name) is None:
            raise NotFound("no user of that name", param="name")
        try:
            return user_document(change(acts.by_token(request, control.clock(), action, f"user:{name}", **detail)))
        except NotDone as error:
            raise Conflict(str(error)) from None

    @app.post(
        "/api/v1/users/{name}/role", response_model=UserOut, responses=errors(404, 409, 413, 415, 422), tags=["people"]
    )
    def set_role(name: Annotated[str, Path(max_length=64)], body: RoleIn, request: Request) -> Document:
        """Give the user another role, from the next request on."""
        role = body.role
        return changed(request, name, "user.role_set", lambda act: people.set_role(name, role, act), role=str(role))

    @app.post("/api/v1/users/{name}/disable", response_model=UserOut, responses=errors(404, 409, 422), tags=["people"])
    def disable_user(name: Annotated[str, Path(max_length=64)], request: Request) -> Document:
        """Let the user in no longer: sessions end at once, and their tokens open nothing."""
        return changed(request, name, "user.disabled", lambda act: people.disable(name, act))

    @app.post("/api/v1/users/{name}/enable", response_model=UserOut, responses=errors(404, 409, 422), tags=["people"])
    def enable_user(name: Annotated[str, Path(max_length=64)], request: Request) -> Document:
        """Let the user in again."""
        return changed(request, name, "user.enabled", lambda act: people.enable(name, act))


def linked(control: Control, name: str, act: Act) -> Document:
    """A one-time link for the user."""
    secret = control.people.link(name, act)
    return {
        "name": name,
        "link": secret,
        "address": welcome(control.settings.access.url, control.settings.control, secret),
    }


def user_document(user: User) -> Document:
    """A user as JSON."""
    return {
        "name": user.id,
        "role": str(user.role),
        "created": rfc3339(user.created),
        "disabled": None if user.disabled is None else rfc3339(user.disabled),
        "signs_in_by": "oidc" if user.subject else "password" if user.password else "link",
    }
