"""The shipper's process, beside a gateway: no SQL in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.backends.redis.client import connect
from service.backends.redis.shipper import Shipper
from service.exposition import Watched, expose
from service.secrets import Secrets

if TYPE_CHECKING:
    from collections.abc import Callable

    from service.settings import Settings


def run(settings: Settings, stop: Callable[[], bool]) -> None:
    """Ship until told to stop; show the host's metrics where the settings say.

    Raises
    ------
    SpoolError
        Another shipper is at work on this spool.
    ExpositionError
        The address of the metrics is taken.

    """
    link = connect(settings.stream)
    shipper = Shipper(link, settings, spool_key=Secrets.load(settings.secrets_folder).spool_key)
    if settings.metrics:
        expose(settings.metrics, Watched(metrics=settings.data / "metrics", trouble=shipper.trouble))
    try:
        shipper.run(stop)
    finally:
        link.close()
