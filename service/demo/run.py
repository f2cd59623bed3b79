"""Run: the demo from its first request to Ctrl-C."""

from __future__ import annotations

import asyncio
import os
import shlex
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape

from service.demo import report
from service.demo.cast import CAST
from service.demo.traffic import Traffic
from service.demo.watch import Watch
from service.model.entity import Scope
from service.simulate.dice import Dice
from service.simulate.kinds import BENIGN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.demo.cast import Actor
    from service.settings import Settings

TRICKLE = 0.04
"""Share of full speed at which the demo goes on once there is a flag."""
PATIENCE = 90.0
"""Seconds at full speed without a flag."""
SETTLE = 40.0
"""Longest that full speed goes on behind a flag, in seconds, for the honest callers to have sent much as well."""
LOOK = 1.0
"""Seconds between looks at them."""
BUSY = 2.0
"""Requests a second from which a caller comes to send much."""


async def run(
    settings: Settings,
    *,
    proxy_url: str,
    control_url: str,
    token: str,
    stop: asyncio.Event,
    cast: Sequence[Actor] = CAST,
    console: Console | None = None,
) -> None:
    """Send the cast's traffic through the proxy and print the flags that come of it, until told to stop.

    Parameters
    ----------
    proxy_url, control_url
        Of the data port and the control port.
    token
        Of a viewer. It is never printed.
    stop
        Ends the demo.

    """
    console = console or Console()
    began = time.time()
    watch = Watch(control_url, token, began)
    traffic = Traffic(proxy_url)
    rate = sum(actor.rate for actor in cast)
    _line(console, f"demo: {len(cast)} callers send about {rate:.0f} requests a second through {proxy_url} ...")
    async with asyncio.TaskGroup() as parts:
        parts.create_task(traffic.play(cast, Dice(int(began)), stop))
        busy = sum(actor.rate >= BUSY and actor.archetype in BENIGN for actor in cast)
        parts.create_task(_tell(watch, traffic, console, stop, command=_command(settings), busy=busy))
        parts.create_task(_tire(traffic, console, stop))


async def _tell(
    watch: Watch, traffic: Traffic, console: Console, stop: asyncio.Event, *, command: str, busy: int
) -> None:
    first = True
    async for flag in watch.flags(stop):
        address = watch.address(flag)
        # A campaign is told of in a line, whenever it is found: the story is that of one account.
        if not first or flag["entity"]["scope"] == Scope.CAMPAIGN:
            _line(console, report.again(flag, address))
            continue
        first = False
        console.print(report.flagged(flag, time.time() - watch.since))
        _line(console, f"ask for it at {address}")
        _line(console, escape(command.format(address)))
        for line in await _left_alone(watch, stop, busy):
            _line(console, line)
        traffic.speed = TRICKLE
        _line(console, "demo: a light trickle goes on. Ctrl-C stops everything.")


async def _left_alone(watch: Watch, stop: asyncio.Event, busy: int) -> list[str]:
    """A line for each honest caller who sends much: all of them, or as many as have come to it in time."""
    lines: list[str] = []
    deadline = time.monotonic() + SETTLE
    while len(lines) < busy and time.monotonic() < deadline and not stop.is_set():
        await asyncio.sleep(LOOK)
        lines = report.left_alone(await watch.accounts())
    return lines


async def _tire(traffic: Traffic, console: Console, stop: asyncio.Event) -> None:
    """Slow down when no flag comes."""
    try:
        await asyncio.wait_for(stop.wait(), PATIENCE)
    except TimeoutError:
        if traffic.speed > TRICKLE:
            traffic.speed = TRICKLE
            sent = ", ".join(
                f"{name} {count}" for name, count in sorted(traffic.sent.items(), key=lambda item: -item[1])
            )
            _line(
                console,
                f"demo: no flag of medium or above within {PATIENCE:.0f} s. Answered: {sent or 'nothing'};"
                f" {traffic.failed} failed. 'revenuer doctor' says what may be wrong.",
            )


def _line(console: Console, text: str) -> None:
    """A line that is not broken, so that an address or a command can be copied whole."""
    console.print(text, soft_wrap=True, highlight=False)


def _command(settings: Settings) -> str:
    """A line for the shell that asks for a flag; ``{}`` is its address."""
    program = Path(sys.executable).with_name("revenuer")
    shown = shlex.quote(_near(program)) if program.exists() else "revenuer"
    make = f"{shown} token create --role viewer --data {shlex.quote(_near(settings.data))}"
    return f'curl -s -H "Authorization: Bearer $({make})" {{}}'


def _near(path: Path) -> str:
    """The path as one would type it from here."""
    short = os.path.relpath(path)
    return str(path) if short.startswith("..") else short
