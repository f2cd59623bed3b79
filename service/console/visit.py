"""Visit: what a page is given, and the ways in which it may answer."""

from __future__ import annotations

import gzip
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from starlette.responses import HTMLResponse, RedirectResponse, Response

from service.api.errors import Unauthorized
from service.console.assets import takes_gzip
from service.model.audit import Act
from service.review.precision import precision

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from jinja2 import Environment
    from starlette.requests import Request

    from service.api.access import Role
    from service.api.control import Control
    from service.api.identity import Identity
    from service.console.assets import Assets
    from service.console.coverage import Topics
    from service.console.evidence import Reader
    from service.model.campaign import Campaign
    from service.model.declaration import Declaration
    from service.model.entity import Entity
    from service.review.desk import Desk
    from service.review.precision import Precision

ROOT = "/console"
POLICY = "; ".join(
    (
        *("default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'", "connect-src 'self'"),
        *("form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'"),
    )
)
WORTH = 1_000
"""Bytes from which a page is packed."""

LONGEST_SECRET = 1024
"""Characters of a password, as the API has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Console:
    """What the pages stand on, given once."""

    control: Control
    desk: Desk
    assets: Assets
    templates: Environment
    standings: Callable[[], list[Any]] = list
    """Every detector in this installation: ``bootstrap.detectors.Standing``."""
    precision: Callable[[], tuple[list[Precision], int]] = lambda: (precision(()), 0)
    """Of every detector by the verdicts, and the closed alerts behind it."""
    traffic: Callable[[], Sequence[tuple[int, int]]] = list
    """Queries of the last day: beginning of each stretch, count."""
    topics: Callable[[Sequence[Entity]], Topics] = field(default=lambda _: {})
    """How many new prompts of each entity fell into each topic."""
    benign_topics: Callable[[], list[Any]] = list
    """The same of accounts that nobody has to look at."""
    campaigns: Callable[[], list[Campaign]] = list
    """All that are known, seen last first."""
    read: Reader = field(default=lambda event: event.query.turns)
    """From an event to its turns, with their texts as far as they are kept."""
    declarations: Callable[[], Mapping[str, Declaration]] = field(default=dict)
    """Account -> its declared job."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One request for a page."""

    console: Console
    request: Request
    visitor: Identity | None
    form: Mapping[str, list[str]]
    """Fields of the form that was sent; empty for a page that is only read."""
    now: int
    """Microseconds since the epoch."""

    @property
    def control(self) -> Control:
        """Ports and settings."""
        return self.console.control

    @property
    def identity(self) -> Identity:
        """Whoever asks, on a page that needs a role.

        Raises
        ------
        Unauthorized
            Nobody has signed in.

        """
        if self.visitor is None:
            raise Unauthorized("sign in first", code="missing_token")
        return self.visitor

    @property
    def actor(self) -> str:
        """As the audit log names whoever asks."""
        return self.visitor.name if self.visitor else ""

    def may(self, role: Role) -> bool:
        """Whether whoever asks has that role."""
        return self.visitor is not None and self.visitor.role.covers(role)

    def field(self, name: str, default: str = "") -> str:
        """A field of the form, without space around it."""
        return self.form.get(name, [default])[0].strip()

    def secret(self, name: str) -> str:
        """A password of the form, with every space that is in it."""
        return self.form.get(name, [""])[0][:LONGEST_SECRET]

    def asked(self, name: str, default: str = "") -> str:
        """A parameter of the address."""
        return self.request.query_params.get(name, default)

    def part(self, name: str) -> str:
        """A part of the path."""
        return str(self.request.path_params[name])

    def act(self, action: str, subject: str, **detail: str) -> Act:
        """What whoever asks has done here."""
        return Act(at=self.now, actor=self.actor, origin="console", action=action, subject=subject, detail=detail)

    def page(self, template: str, *, status: int = 200, **shown: Any) -> Response:
        """A page of that template."""
        request = self.request
        theme = request.cookies.get("theme", "")
        text = self.console.templates.get_template(template).render(
            visit=self, visitor=self.visitor, now=self.now, path=request.url.path, query=request.url.query,
            theme=theme if theme in ("dark", "light") else "", settings=self.control.settings, **shown,
        )  # fmt: skip
        return _packed(HTMLResponse(text, status, headers=HEADERS), request)

    def go(self, path: str, **parameters: str | list[str]) -> Response:
        """Send the browser to another page, so that a reload sends no form twice."""
        query = urlencode(parameters, doseq=True)
        return RedirectResponse(f"{path}?{query}" if query else path, 303, headers=HEADERS)


HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cache-Control": "no-store",
    # With none at all a browser would send "Origin: null" with our own forms.
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}


def link(*parts: str) -> str:
    """The address of a page; whatever a part holds stays within it."""
    return "/".join((ROOT, *(quote(part, safe="") for part in parts)))


def inside(path: str) -> str:
    """The address where it is one of the console's own, else the first page: a link must not lead elsewhere."""
    own = path == ROOT or path.startswith((f"{ROOT}/", f"{ROOT}?"))
    return path if own and "\\" not in path and path.isprintable() else ROOT


def _packed(response: Response, request: Request) -> Response:
    response.headers["Vary"] = "Accept-Encoding, Cookie"
    if len(response.body) >= WORTH and takes_gzip(request.headers):
        response.body = gzip.compress(bytes(response.body), 5, mtime=0)
        response.headers["Content-Encoding"] = "gzip"
        response.headers["Content-Length"] = str(len(response.body))
    return response
