"""What is looked at before anything is started."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.enforcement.policy import load
from service.gateway.identity_map import IdentityMap
from service.gateway.targets import Targets

if TYPE_CHECKING:
    from service.settings import Settings


def check(settings: Settings, *, gateway: bool) -> None:
    """Refuse in one sentence what a process would otherwise die of again and again.

    Parameters
    ----------
    gateway
        Whether there must be an upstream. Without one, ``revenuer serve`` brings its own.

    Raises
    ------
    SettingsError, PolicyError, BaselineError
        A file that the settings name cannot be used, or the upstream is missing or the gateway itself.

    """
    if settings.upstream or gateway:
        Targets(settings.upstream, listen=settings.listen)
    IdentityMap(settings.identity.map)
    load(settings.policy)
    if settings.scoring.enabled and settings.scoring.baseline and not gateway:
        # Here, so that neither the parent nor the control plane holds numpy where no file is named.
        from detectors.core.baseline import Baselines  # noqa: PLC0415

        Baselines.load(settings.scoring.baseline)
