"""Stream: campaigns, crowds and background as one stream of query records in order of time."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Any

from service.simulate.hydra.background import background
from service.simulate.hydra.campaign import Campaign
from service.simulate.population import START, sent

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from service.simulate.client import Draft
    from service.simulate.hydra.crowds import Crowd
    from service.simulate.hydra.plan import Plan
    from service.simulate.population import Member
    from service.simulate.texts import Texts


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What a stream holds."""

    campaigns: Sequence[Plan] = ()
    crowds: Sequence[Crowd] = ()
    background: int = 20_000
    """Honest accounts that have nothing to do with each other."""
    days: int = 7
    """Of background and crowds; campaigns last as long as they do."""
    start: float = field(default=START)


def streams(seed: int, scene: Scene, texts: Texts) -> Iterator[tuple[Member, Iterator[Draft]]]:
    """Every account of a scene with its requests."""
    return chain(
        background(seed, scene.background, texts, start=scene.start, days=scene.days),
        *(
            crowd.streams((seed, 30, number), texts, start=scene.start, days=scene.days)
            for number, crowd in enumerate(scene.crowds)
        ),
        *(
            Campaign(plan, (seed, 40, number), texts, scene.start).streams()
            for number, plan in enumerate(scene.campaigns)
        ),
    )


def records(seed: int, scene: Scene, texts: Texts) -> Iterator[dict[str, Any]]:
    """Query records of a scene in order of arrival, made as they are asked for.

    Memory grows with the accounts, some 10 KB each, and not with the records. The same seed, scene and texts give
    the same records.
    """
    return sent(streams(seed, scene, texts))
