"""Evidence: a flag's reasons as a reviewer reads them, and the queries that it rests on."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from detectors.core.judge import quantity
from service.console.frame import Frame, frame
from service.model.ids import text_id

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from detectors.core.detector import Signal
    from service.model.query import QueryEvent, Turn

    Reader = Callable[[QueryEvent], Sequence[Turn]]

SMALLEST = 1e-6
"""A p-value below it counts as this: so few benign entities say no more."""
LONGEST = 4_000
"""Characters of one text that are shown."""
COMMONEST = 5


@dataclass(frozen=True, slots=True)
class Reason:
    """A signal and its part of the surprise."""

    signal: Signal
    contribution: float
    """Share of the sum over all of them, in [0, 1]."""

    @property
    def detector(self) -> str:
        """Whose signal it is."""
        return self.signal.name.partition(".")[0]

    @property
    def sentence(self) -> str:
        """The reason without the benign median, which has a column of its own."""
        signal = self.signal
        if signal.median is None:
            return signal.text
        return signal.text.replace(f" (benign median {quantity(signal.median, signal.unit)})", "")


@dataclass(frozen=True, slots=True)
class Sample:
    """One query behind the flag."""

    event: QueryEvent
    turns: tuple[tuple[str, int, str], ...]
    """Role, characters, and the text, empty unless it was revealed."""

    @property
    def id(self) -> str:
        """Of the event."""
        return text_id(self.event.id)


@dataclass(frozen=True, slots=True)
class Samples:
    """The queries behind a flag."""

    queries: tuple[Sample, ...]
    frame: Frame | None
    kept: bool
    """Whether any text of them is stored, so that there is something to reveal."""
    revealed: bool

    def commonest(self, what: str) -> list[tuple[str, int]]:
        """The commonest values of a column of the log, with how many of the samples have it."""
        found = Counter(value for sample in self.queries if (value := _column(sample.event, what)))
        return found.most_common(COMMONEST)


def reasons(signals: Sequence[Signal]) -> list[Reason]:
    """By their part of the surprise, largest first."""
    surprise = [-math.log10(max(signal.p_value, SMALLEST)) if signal.p_value > 0 else 6.0 for signal in signals]
    total = sum(surprise) or 1.0
    found = [Reason(signal, part / total) for signal, part in zip(signals, surprise, strict=True)]
    return sorted(found, key=lambda reason: -reason.contribution)


def samples(events: Sequence[QueryEvent], read: Reader, *, revealed: bool) -> Samples:
    """What is shown of these events: texts only where they were revealed."""
    turns = [read(event) for event in events]
    asked = [next((turn.text for turn in reversed(said) if turn.role == "user" and turn.text), "") for said in turns]
    items = tuple(
        Sample(event, tuple(_turn(event, i, turn, revealed=revealed) for i, turn in enumerate(said)))
        for event, said in zip(events, turns, strict=True)
    )
    return Samples(items, frame([text for text in asked if text]), any(asked), revealed)


def _turn(event: QueryEvent, i: int, turn: Turn, *, revealed: bool) -> tuple[str, int, str]:
    return turn.role, len(turn.text) or _kept_length(event, i), turn.text[:LONGEST] if revealed else ""


def _kept_length(event: QueryEvent, i: int) -> int:
    """Under redacted content the length is kept and the words are not."""
    form = event.request.get("redacted") if isinstance(event.request, dict) else None
    lengths = form.get("turns", []) if isinstance(form, dict) else []
    return int(lengths[i][1]) if i < len(lengths) else 0


def _column(event: QueryEvent, what: str) -> str:
    if what == "client":
        return event.headers.get("user-agent", "")
    if what == "model":
        return event.query.model
    return str(getattr(event, what))
