"""Runner: suites on what is given, one after the other."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from service.bench.suite import Given, Outcome, Suite


@dataclass(frozen=True, slots=True)
class Done:
    """An outcome, and how long it took."""

    outcome: Outcome
    seconds: float


def run(suites: Sequence[Suite], given: Given) -> Iterator[Done]:
    """Outcomes as they come.

    Raises
    ------
    BenchError
        What is given does not suffice for a suite.

    """
    for suite in suites:
        given.say(f"{suite.name}: {suite.summary}")
        begun = time.perf_counter()
        outcome = suite.run(given)
        yield Done(outcome, time.perf_counter() - begun)
