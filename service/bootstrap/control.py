"""The control plane's process, and what a first start prepares."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.api.app import build
from service.api.control import clock
from service.api.tokens import bootstrap as first_token
from service.backends.decisions_file import DecisionsFile
from service.bootstrap.stores import secrets, stores, upgrade
from service.gateway.identity_map import IdentityMap
from service.gateway.targets import Targets
from service.model.audit import Act

if TYPE_CHECKING:
    from fastapi import FastAPI

    from service.settings import Settings


def control(settings: Settings) -> FastAPI:
    """The control plane's application."""
    held = stores(settings)
    return build(
        settings,
        records=held.records,
        decisions=held.decisions,
        tokens=held.tokens,
        alerts=held.alerts,
        audit=held.audit,
        secrets=secrets(settings),
    )


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
    _check(settings)
    keys = secrets(settings)
    new = upgrade(settings)
    held = stores(settings)
    if new:
        # The database was lost, or is another one: what gateways obey stays in force.
        found = DecisionsFile(settings.decisions_file).all()
        detail = {"decisions": str(len(found))}
        act = Act(
            at=clock(), actor="system", origin="cli", action="decision.restored", subject="database", detail=detail
        )
        held.decisions.restore(found, act)
    else:
        held.decisions.republish()
    return first_token(held.tokens, settings, keys, now=clock())


def _check(settings: Settings) -> None:
    """Refuse in one sentence what a process would otherwise die of again and again."""
    if settings.upstream:
        Targets(settings.upstream, listen=settings.listen)
    IdentityMap(settings.identity.map)
    if settings.scoring.enabled and settings.scoring.baseline:
        # Here, so that neither the parent nor the control plane holds numpy where no file is named.
        from detectors.core.baseline import Baselines  # noqa: PLC0415

        Baselines.load(settings.scoring.baseline)
