"""Notices over the installation's stores, and what keeps them delivered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.api.control import clock
from service.backends.seal import AesSeal
from service.bootstrap.tending import keep
from service.notify.delivery import Delivery
from service.notify.notices import Notices, sealing_key

if TYPE_CHECKING:
    from service.ports import Registers
    from service.secrets import Secrets
    from service.settings import Settings

LOOK = 1.0
"""Seconds between looks for what is due."""


def notices(settings: Settings, registers: Registers, secrets: Secrets) -> Notices:
    """What is told, and to whom."""
    seal = AesSeal(sealing_key(secrets.token_key))
    return Notices(registers.destinations, registers.outbox, seal, clock=clock, private=settings.notify.private)


def keep_delivering(settings: Settings, told: Notices, registers: Registers) -> None:
    """Deliver what is due, for as long as the process lives."""
    delivery = Delivery(told, registers.outbox, clock=clock, private=settings.notify.private)

    def deliver() -> None:
        while delivery.run():
            pass

    keep("notices", deliver, failed="notices.not_delivered", pause=LOOK)
