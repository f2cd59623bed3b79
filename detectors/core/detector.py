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


class Group(enum.StrEnum):
    """Families of signals. Two signals are independent evidence only when their groups differ."""

    VOLUME = "volume"
    CONTENT = "content"
    TEMPLATE = "template"
    RESPONSE = "response"
    INTERFACE = "interface"
    COORDINATION = "coordination"


class Tail(enum.StrEnum):
    """Which side of benign is suspicious."""

    UPPER = "upper"
    LOWER = "lower"
    BOTH = "both"


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

    def empty(self) -> State: ...

    def update(self, state: State, batch: Observations) -> State: ...

    def merge(self, a: State, b: State) -> State: ...

    def score(self, state: State, baseline: Baseline, at: float) -> Score | None: ...
