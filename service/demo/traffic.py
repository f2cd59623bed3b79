"""Traffic: the cast's requests, sent through the proxy as their SDKs would."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import aiohttp
import msgspec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.demo.cast import Actor
    from service.simulate.client import Draft
    from service.simulate.dice import Dice

OPEN = 24
"""Requests of one actor at a time."""
TIMEOUT = aiohttp.ClientTimeout(total=60)


@dataclass(slots=True)
class Traffic:
    """What is sent, and how it went."""

    proxy: str
    """URL of the data port."""
    speed: float = 1.0
    """Share of the actors' rates."""
    sent: dict[str, int] = field(default_factory=dict)
    """Requests of each actor that were answered."""
    failed: int = 0

    async def play(self, actors: Sequence[Actor], dice: Dice, stop: asyncio.Event) -> None:
        """Send the actors' requests until told to stop, each at its own rate and without a common beat."""
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(timeout=TIMEOUT, connector=connector, auto_decompress=False) as session:
            players = [asyncio.create_task(self._act(session, actor, dice, stop)) for actor in actors]
            try:
                await asyncio.gather(*players)
            finally:
                for player in players:
                    player.cancel()
                await asyncio.gather(*players, return_exceptions=True)

    async def _act(self, session: aiohttp.ClientSession, actor: Actor, dice: Dice, stop: asyncio.Event) -> None:
        headers = {**actor.client().headers, "authorization": f"Bearer {actor.key}", "content-type": "application/json"}
        slots = asyncio.Semaphore(OPEN)
        due = asyncio.get_running_loop().time()
        async with asyncio.TaskGroup() as requests:
            for draft in actor.drafts():
                due += dice.exponential(1 / (actor.rate * self.speed))
                # After a stall the actor goes on at its rate; it does not make up for the time lost.
                due = max(due, asyncio.get_running_loop().time() - 1.0)
                if await _stopped(stop, due):
                    return
                await slots.acquire()
                requests.create_task(self._send(session, actor, draft, headers, slots))

    async def _send(
        self,
        session: aiohttp.ClientSession,
        actor: Actor,
        draft: Draft,
        headers: dict[str, str],
        slots: asyncio.Semaphore,
    ) -> None:
        try:
            async with session.post(
                self.proxy + draft.path, data=msgspec.json.encode(draft.request), headers=headers
            ) as answer:
                await answer.read()
            self.sent[actor.name] = self.sent.get(actor.name, 0) + 1
        except (aiohttp.ClientError, TimeoutError):
            self.failed += 1
        finally:
            slots.release()


async def _stopped(stop: asyncio.Event, due: float) -> bool:
    """Wait until it is due; whether the demo ended before."""
    pause = due - asyncio.get_running_loop().time()
    if pause <= 0:
        return stop.is_set()
    try:
        await asyncio.wait_for(stop.wait(), pause)
    except TimeoutError:
        return False
    return True
