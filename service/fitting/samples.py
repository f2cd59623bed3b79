"""Samples: some fresh queries of every account of a simulated population, with what they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec
import numpy as np

from service.gateway.dialects import Dialects
from service.pipeline import trail
from service.pipeline.observe import input_tokens, output_tokens, prompt
from service.replay.records import read_line
from service.simulate.population import population

if TYPE_CHECKING:
    from collections.abc import Iterator

    from service.ports import TrailEntry
    from service.simulate.population import Mix
    from service.simulate.texts import Texts

KEY = b"fitting".ljust(32, b".")


class Sample(NamedTuple):
    """A fresh query that was answered."""

    kind: str
    attack: bool
    system: str
    user: str
    asked: float
    """Tokens of the request."""
    answer: float
    """Tokens of the answer."""


def samples(seed: int, mix: Mix, texts: Texts, *, most: int) -> Iterator[Sample]:
    """At most ``most`` fresh queries an account, drawn evenly over its traffic."""
    random = np.random.default_rng(seed)
    kept: dict[str, list[Sample]] = {}
    met: dict[str, int] = {}
    known: dict[bytes, TrailEntry] = {}
    dialects, encode = Dialects(), msgspec.json.Encoder().encode
    for number, record in enumerate(population(seed, mix, texts)):
        event = read_line(encode(record), dialects=dialects, number=number)
        digests = trail.digests(event, KEY)
        seen = trail.recognise(digests, event.done, known, event.query)
        known.update(trail.entries(digests, event, known))
        asked = prompt(event)
        if asked is None or seen.continues or seen.rerun or event.status != 200:
            continue
        label, account = record["label"], event.account
        held = kept.setdefault(account, [])
        met[account] = met.get(account, 0) + 1
        sample = Sample(label["family"], label["attack"], *asked, input_tokens(event), output_tokens(event))
        if len(held) < most:
            held.append(sample)
        elif (place := int(random.integers(met[account]))) < most:
            held[place] = sample
    for held in kept.values():
        yield from held
