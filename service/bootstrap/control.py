"""The control plane's process, and what a first start prepares."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import structlog

from service import metrics
from service.api.acts import decision_detail
from service.api.app import build
from service.api.control import clock
from service.api.tokens import bootstrap as first_token
from service.backends.decisions_file import DecisionsFile
from service.bootstrap.checks import check
from service.bootstrap.console import add_console
from service.bootstrap.evidence import packer
from service.bootstrap.following import keep_following
from service.bootstrap.ingest import ingest
from service.bootstrap.notices import keep_delivering, notices
from service.bootstrap.stores import secrets, stores, upgrade
from service.bootstrap.tending import keep
from service.enforcement.policy import load
from service.model.audit import Act
from service.ports import StoreUnavailable
from service.review.desk import Desk
from service.review.suppressions import Suppressions

if TYPE_CHECKING:
    from fastapi import FastAPI

    from service.bootstrap.stores import Stores
    from service.enforcement.policy import Policy
    from service.model.flag import Flag
    from service.ports import Decisions
    from service.settings import Settings

log = structlog.get_logger()

GATHER = 1.0
"""Seconds between looks for flags that belong to no alert yet."""
TEND = 2.0
"""Seconds between looks at whether the gateways' decisions are the stored ones."""


@runtime_checkable
class Tended(Protocol):
    """Decisions that are published somewhere that may lose them."""

    def tend(self) -> None:
        """Publish them where they are not, or others are. Raises StoreUnavailable."""
        ...


def control(settings: Settings) -> FastAPI:
    """The control plane's application, with a thread that gathers flags into alerts.

    With a shared stream another one keeps the decisions published.
    """
    held = stores(settings)
    policy = load(settings.policy)
    keys = secrets(settings)
    told = notices(settings, held.registers, keys)
    keep_delivering(settings, told, held.registers)
    keep_following(held)
    desk = Desk(
        held.alerts,
        held.records,
        on_flag=lambda flag: _decide(policy, flag, held.decisions),
        suppressions=Suppressions(held.registers.suppressions, held.registers.hits, clock),
        corrections=held.registers.corrections,
        on_opened=told.alert,
    )
    keep("alerts", partial(_gather, desk), failed="alerts.not_gathered", pause=GATHER)
    if isinstance(held.decisions, Tended):
        unpublished = partial(metrics.DECISIONS_UNPUBLISHED.set, 1)
        tend = partial(_tend, held.decisions)
        keep("decisions", tend, failed="decisions.unpublished", pause=TEND, on_failure=unpublished)
    app = build(
        settings,
        records=held.records,
        decisions=held.decisions,
        tokens=held.tokens,
        alerts=held.alerts,
        audit=held.audit,
        ingest=ingest(settings, held),
        registers=held.registers,
        baselines=held.baselines,
        secrets=keys,
        notices=told,
        pack=packer(settings, held),
    )
    add_console(app, settings, held)
    return app


def initialise(settings: Settings) -> str:
    """Make secrets and schema, publish the decisions to the gateways, and see to a first token.

    Returns
    -------
    notice
        What to tell whoever started it, empty where there is nothing to tell.

    Raises
    ------
    SettingsError, BaselineError
        A file that the settings name cannot be used, or the upstream is the gateway itself.

    """
    check(settings, gateway=False)
    keys = secrets(settings)
    new = upgrade(settings)
    held = stores(settings)
    if settings.shared_stream:
        _share_out(settings, held)
    _publish(settings, held, new=new)
    return first_token(held.tokens, settings, keys, now=clock())


def _share_out(settings: Settings, held: Stores) -> None:
    there = held.partitions.ensure(settings.partitions)
    if there != settings.partitions:
        log.warning(
            "partitions.fixed", there=there, wanted=settings.partitions, advice="see 'revenuer db partitions --help'"
        )


def _publish(settings: Settings, held: Stores, *, new: bool) -> None:
    """Let every gateway have the decisions. A stream that does not answer is tried again by whoever serves."""
    try:
        if new or not held.tokens.all():
            # The database was lost, or is another one: what gateways obey stays in force. Its schema may have been
            # made by another process, but a token is made here.
            if held.link is not None:
                from service.backends.redis.decisions import DecisionsFetcher  # noqa: PLC0415 - no Redis on one host

                DecisionsFetcher(held.link, settings.decisions_file).fetch()
            found = DecisionsFile(settings.decisions_file).all()
            held.decisions.restore(found, _restored(len(found)))
        else:
            held.decisions.republish()
    except StoreUnavailable as error:
        if not settings.shared_stream:
            raise
        log.warning("decisions.unpublished", error=str(error))


def _restored(count: int) -> Act:
    return Act(
        at=clock(),
        actor="system",
        origin="cli",
        action="decision.restored",
        subject="database",
        detail={"decisions": str(count)},
    )


def _decide(policy: Policy, flag: Flag, decisions: Decisions) -> None:
    """Make the decision that the policy calls for. Made again it is the same one, by its id."""
    made = policy.decides(flag, clock())
    if made is None:
        return
    subject, detail = str(made.entity), decision_detail(made)
    act = Act(at=made.created, actor="policy", origin="policy", action="decision.made", subject=subject, detail=detail)
    decisions.add(made, act)
    log.info("decision.made", id=made.id, entity=subject, kind=str(made.kind), simulated=made.simulated, by="policy")


def _gather(desk: Desk) -> None:
    """Put new flags to the alerts of their entities."""
    while desk.gather():
        pass


def _tend(decisions: Tended) -> None:
    """Publish what is not published: a change that the stream did not take, or all of it after the stream was wiped."""
    decisions.tend()
    metrics.DECISIONS_UNPUBLISHED.set(0)
