"""Notices over the installation's stores, and the thread that delivers them."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import structlog

from service.api.control import clock
from service.backends.seal import AesSeal
from service.notify.delivery import Delivery
from service.notify.notices import Notices, sealing_key
from service.ports import StoreUnavailable

if TYPE_CHECKING:
    from service.ports import Registers
    from service.secrets import Secrets
    from service.settings import Settings

log = structlog.get_logger()

LOOK = 1.0
"""Seconds between looks for what is due."""


def notices(settings: Settings, registers: Registers, secrets: Secrets) -> Notices:
    """What is told, and to whom."""
    seal = AesSeal(sealing_key(secrets.token_key))
    return Notices(registers.destinations, registers.outbox, seal, clock=clock, private=settings.notify.private)


def keep_delivering(settings: Settings, told: Notices, registers: Registers) -> None:
    """Deliver what is due, for as long as the process lives, out of the way of every request."""
    delivery = Delivery(told, registers.outbox, clock=clock, private=settings.notify.private)
    threading.Thread(target=_keep_delivering, args=(delivery,), name="notices", daemon=True).start()


def _keep_delivering(delivery: Delivery) -> None:
    while True:
        try:
            while delivery.run():
                pass
        except Exception as error:  # noqa: BLE001 - whatever it is, the next look may find it mended
            said = str(error) if isinstance(error, StoreUnavailable) else type(error).__name__
            log.warning("notices.not_delivered", error=said)
        time.sleep(LOOK)
