"""Routes: every page, and who may see it. A page that is not in the table does not exist."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.responses import RedirectResponse
from starlette.routing import Route

from service.api import campaigning
from service.api.access import Access, Anyone, Role
from service.console.assets import Assets
from service.console.gate import gated
from service.console.kept import Kept
from service.console.rendering import environment
from service.console.views import (
    account,
    alert,
    appeals,
    audit,
    campaigns,
    coverage,
    decide,
    decisions,
    destinations,
    detectors,
    door,
    ingest,
    overview,
    queue,
    saved,
    settings,
    suppressions,
)
from service.console.visit import ROOT, Console
from service.model.entity import Scope
from service.review.alerts import ASKS
from service.review.desk import Desk
from service.review.labels import labelled
from service.review.precision import precision

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Any

    from fastapi import FastAPI
    from starlette.requests import Request
    from starlette.responses import Response

    from service.api.control import Control
    from service.console.coverage import Topics
    from service.console.evidence import Reader
    from service.console.gate import View
    from service.model.declaration import Declaration
    from service.model.entity import Entity
    from service.review.precision import Precision

DAY = 24 * 3600 * 1_000_000
"""Microseconds of traffic on the overview."""
STRETCHES = 48
"""Bars that it is drawn with."""
BENIGN = 200
"""Accounts looked at for what is benign on the coverage map."""
RECENT = 5.0
"""Seconds for which the campaigns beside an alert are kept: each is read with all of its members."""
COUNTED = 30.0
"""Seconds for which precision and traffic are kept: for one the flags of every closed alert are read, for the other the
times of a day's queries."""
FRESH = 300.0
"""Seconds for which the detectors' figures are kept: counting them goes through a month of evaluations."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One page or form."""

    method: str
    path: str
    view: View
    needs: Access


PAGES = (
    Entry("GET", "/sign-in", door.show, Anyone.OPEN),
    Entry("POST", "/sign-in", door.enter, Anyone.OPEN),
    Entry("GET", "/welcome/{secret}", door.welcome, Anyone.OPEN),
    Entry("POST", "/welcome/{secret}", door.renew, Anyone.OPEN),
    Entry("POST", "/proof", door.prove, Role.VIEWER),
    Entry("POST", "/sign-out", door.leave, Role.VIEWER),
    Entry("POST", "/theme", door.theme, Anyone.OPEN),
    Entry("GET", "", overview.show, Role.VIEWER),
    Entry("GET", "/queue", queue.show, Role.VIEWER),
    Entry("POST", "/queue/bulk", queue.bulk, Role.ANALYST),
    Entry("POST", "/views", saved.save, Role.ANALYST),
    Entry("POST", "/views/{name}/remove", saved.remove, Role.ANALYST),
    Entry("GET", "/alerts/{id}", alert.show, Role.VIEWER),
    Entry("POST", "/alerts/{id}/reveal", alert.reveal, Role.ANALYST),
    Entry("POST", "/alerts/{id}/evidence", alert.evidence, Role.ANALYST),
    Entry("POST", "/alerts/{id}/decide", decide.decide, Role.ANALYST),
    Entry("POST", "/alerts/{id}/{verb}", decide.change, Role.ANALYST),
    Entry("GET", "/accounts", account.listing, Role.VIEWER),
    Entry("GET", "/accounts/{scope}/{value:path}", account.show, Role.VIEWER),
    Entry("GET", "/campaigns", campaigns.listing, Role.VIEWER),
    Entry("GET", "/campaigns/{id}", campaigns.show, Role.VIEWER),
    Entry("POST", "/campaigns/{id}/{verb}", campaigns.correct, Role.ANALYST),
    Entry("GET", "/coverage", coverage.show, Role.VIEWER),
    Entry("GET", "/detectors", detectors.show, Role.VIEWER),
    Entry("GET", "/suppressions", suppressions.show, Role.VIEWER),
    Entry("GET", "/decisions", decisions.show, Role.VIEWER),
    Entry("POST", "/decisions", decide.direct, Role.ANALYST),
    Entry("POST", "/decisions/{id}/remove", decisions.remove, Role.ANALYST),
    Entry("POST", "/proposals/{id}/approve", decisions.approve, Role.ANALYST),
    Entry("POST", "/proposals/{id}/refuse", decisions.refuse, Role.ANALYST),
    Entry("GET", "/appeals", appeals.show, Role.VIEWER),
    Entry("POST", "/appeals", appeals.file, Role.ANALYST),
    Entry("POST", "/appeals/{id}/{verb}", appeals.settle, Role.ANALYST),
    Entry("POST", "/suppressions/preview", suppressions.preview, Role.ANALYST),
    Entry("POST", "/suppressions", suppressions.make, Role.ANALYST),
    Entry("POST", "/suppressions/{id}/lift", suppressions.lift, Role.ANALYST),
    Entry("POST", "/declarations/preview", suppressions.preview_job, Role.ANALYST),
    Entry("POST", "/declarations", suppressions.declare, Role.ANALYST),
    Entry("POST", "/declarations/{account:path}/withdraw", suppressions.withdraw, Role.ANALYST),
    Entry("GET", "/ingest", ingest.show, Role.VIEWER),
    Entry("GET", "/audit", audit.show, Role.ANALYST),
    Entry("POST", "/audit/verify", audit.verify, Role.ANALYST),
    Entry("GET", "/settings", settings.show, Role.VIEWER),
    Entry("POST", "/settings/users", settings.add_user, Role.ADMIN),
    Entry("POST", "/settings/users/{name}/{verb}", settings.change_user, Role.ADMIN),
    Entry("POST", "/settings/destinations", destinations.make, Role.ADMIN),
    Entry("POST", "/settings/destinations/{name}/{verb}", destinations.change, Role.ADMIN),
    Entry("POST", "/settings/tokens", settings.make_token, Role.ADMIN),
    Entry("POST", "/settings/tokens/{id}/revoke", settings.revoke_token, Role.ADMIN),
)
"""All of them, below ``/console``; the first that fits an address has it."""


def install(
    app: FastAPI,
    control: Control,
    *,
    standings: Callable[[], Iterator[Any]],
    declarations: Callable[[], Mapping[str, Declaration]],
    read: Reader,
    topics: Callable[[Sequence[Entity]], Topics],
) -> Console:
    """Put the console's pages beside the API.

    Parameters
    ----------
    standings
        What every detector does in this installation.
    declarations
        Account -> its declared job.
    read
        From an event to its turns, with their texts as far as they are kept.
    topics
        How many new prompts of each entity fell into each topic.

    """
    assets = Assets()
    console = Console(
        control=control,
        desk=Desk(control.alerts, control.records),
        assets=assets,
        templates=environment(assets),
        standings=Kept(lambda: list(standings()), FRESH),
        precision=Kept(lambda: _precision(control), COUNTED),
        campaigns=Kept(lambda: campaigning.campaigns(control), RECENT),
        traffic=Kept(lambda: control.records.traffic(DAY, STRETCHES), COUNTED),
        declarations=declarations,
        read=read,
        topics=topics,
        benign_topics=Kept(lambda: _benign(control, topics), FRESH),
    )
    for entry in PAGES:
        endpoint = gated(console, entry.view, entry.needs)
        app.router.routes.append(Route(ROOT + entry.path, endpoint, methods=[entry.method]))
    app.router.routes.append(Route(f"{ROOT}/static/{{name:path}}", assets.serve, methods=["GET"]))
    app.router.routes.append(Route("/", _to_the_console, methods=["GET"]))
    return console


def _precision(control: Control) -> tuple[list[Precision], int]:
    labels = labelled(control.alerts, control.records)
    return precision(labels), len(labels)


def _benign(control: Control, topics: Callable[[Sequence[Entity]], Topics]) -> list[Any]:
    """The topics of the accounts seen last that nobody has to look at."""
    seen = control.records.accounts(Scope.ACCOUNT, None, BENIGN).items
    quiet = [one.entity for one in seen if one.severity is None or one.severity.rank < ASKS.rank]
    return list(topics(quiet).values())


def _to_the_console(_: Request) -> Response:
    return RedirectResponse(ROOT, 303)
