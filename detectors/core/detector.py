"""Detector: four pure functions and a name, and the words of their answers."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from detectors.core.baseline import Baseline
    from detectors.core.observation import Observations
    from detectors.core.state import State
    from detectors.core.tail import Tail


class Group(enum.StrEnum):
    """Families of signals. Two signals are independent evidence only when their groups differ."""

    VOLUME = "volume"
    CONTENT = "content"
    TEMPLATE = "template"
    RESPONSE = "response"
    INTERFACE = "interface"
    COORDINATION = "coordination"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalSpec:
    """What a signal is before it has a value: enough to get its p-value from its value."""

    unit: str
    tail: Tail | None
    """Which side is suspicious; None for context that is measured and shown but is no evidence."""
    words: str
    """Reason in words with ``{value}`` for the number and its unit."""
    clears: bool = False
    """Speaks against, the more the higher: a share in [0, 1] that the combiner counts down. ``tail`` is None."""
    alone: bool = False
    """Hardly any honest caller shows it at all, so the combiner weighs it apart from the rest: it may decide alone."""
    stratified: bool = True
    """Compared with benign entities of about the same query count; False: with all of the scope."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """What a detector reads out of a state before it knows what is benign."""

    values: Mapping[str, float]
    """Signal name -> value, rounded to 6 significant digits so that ranks do not hang on the last bits."""
    against: Mapping[str, str] = field(default_factory=dict)
    """What speaks against: context signal -> sentence, completed with the benign median by ``judge``."""


@dataclass(frozen=True, slots=True)
class Signal:
    """One measured quantity, beside what is benign for it."""

    name: str
    """``detector.quantity``, as in ``volume.output_tokens_1h``."""
    value: float
    unit: str
    p_value: float
    """Share of benign entities at least this extreme; 1.0 where the baseline knows nothing."""
    median: float | None
    """Benign median, None where the baseline knows nothing."""
    p99: float | None
    """Benign 99th percentile (1st where low is suspicious)."""
    n: int
    """Benign evaluations behind the p-value."""
    text: str
    """The reason in words, for the reviewer; numbers have units."""


@dataclass(frozen=True, slots=True)
class Score:
    """A detector's answer: ``value`` in [0, 1], high is suspicious, with the signals behind it."""

    value: float
    signals: tuple[Signal, ...]
    against: Mapping[str, str] = field(default_factory=dict)
    """What speaks against: name -> one sentence with its numbers."""
    values: Mapping[str, float] = field(default_factory=dict)
    """Every value measured, evidence and context: what a baseline is fitted from."""

    def __post_init__(self) -> None:
        if not 0.0 <= self.value <= 1.0:
            raise ValueError(f"invalid score '{self.value}': must be in [0, 1]")


@runtime_checkable
class Detector(Protocol):
    """What every detector is. See ``detectors/volume.py`` for the shape.

    ``update`` folds a batch of one entity's observations into its state and
    returns a new state; the argument is left as it was. ``score`` answers
    ``None`` while there is not enough data, never 0.
    """

    name: ClassVar[str]
    version: ClassVar[int]
    """Raised with every change of the state's dtype or of a signal's meaning."""
    group: ClassVar[Group]
    scopes: ClassVar[frozenset[str]]
    """Scopes of the entities it follows."""
    signals: ClassVar[Mapping[str, SignalSpec]]
    """Every signal it can measure, by full name."""

    def empty(self) -> State: ...

    def update(self, state: State, batch: Observations) -> State: ...

    def merge(self, a: State, b: State) -> State: ...

    def measure(self, state: State, at: float) -> Measurement | None:
        """The signals' values at event time ``at``; None while there is not enough data."""
        ...

    def score(self, state: State, baseline: Baseline, at: float) -> Score | None:
        """``judge`` of what ``measure`` says."""
        ...
