"""The demo: callers with names, and their traffic through the running proxy."""

from __future__ import annotations

import asyncio
import signal
import time
from typing import TYPE_CHECKING

from service.api.access import Role
from service.api.tokens import issue
from service.bootstrap.stores import secrets, stores
from service.demo import identity_map
from service.demo import run as play
from service.gateway.identity import digest

if TYPE_CHECKING:
    from service.settings import Settings

LIFE = 86_400_000_000
"""Microseconds that the demo's token is good for."""


def prepare(settings: Settings) -> Settings:
    """The settings with the demo's callers named, unless the operator names callers already."""
    if settings.identity.map is not None:
        return settings
    pepper = secrets(settings).pepper
    file = settings.data / "demo-callers.yaml"
    file.write_text(identity_map(lambda key: digest(pepper, key.encode())))
    return settings.model_copy(update={"identity": settings.identity.model_copy(update={"map": file})})


async def run(settings: Settings) -> None:
    """Play until told to stop."""
    held = stores(settings)
    token = issue(
        held.tokens,
        secrets(settings).token_key,
        role=Role.VIEWER,
        now=time.time_ns() // 1000,
        life=LIFE,
        note="the demo's",
    )
    held.close()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await play(
        settings,
        proxy_url=f"http://{settings.listen}",
        control_url=f"http://{settings.control}",
        token=token,
        stop=stop,
    )
