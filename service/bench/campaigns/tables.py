"""Tables: each case, each crowd, and the episodes by crowd."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

from service.bench.campaigns import judge
from service.bench.campaigns.cases import CASES
from service.bench.figure import shown
from service.bench.suite import Table
from service.simulate.hydra.crowds import CROWDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from service.bench.campaigns.drive import Run
    from service.bench.campaigns.episodes import Episode
    from service.bench.campaigns.judge import Found


def tables(run: Run, honest: Sequence[Episode]) -> Iterator[Table]:
    """All of them."""
    words = {case.plan.name: case.words for case in CASES}
    columns = (
        *("campaign", "what it is", "#accounts", "#queries", "#before the flag", "#share", "#recall", "#precision"),
        *("#flagged as", "#before an account's own flag", "#accounts flagged by themselves"),
    )
    rows = [_row(found, words.get(name, "recorded")) for name, found in judge.found(run).items()]
    yield Table("Campaigns", columns, rows, "Before the flag: the campaign's queries until its first flag of medium.")
    crowds = [
        (crowd.name, CROWDS[crowd.name].words, f"{crowd.accounts:,}", f"{crowd.queries:,}", crowd.severity or "none")
        for crowd in judge.crowded(run, list(CROWDS))
    ]
    yield Table("Honest crowds", ("crowd", "what it is", "#accounts", "#queries", "severest flag"), crowds)
    count, wrong = Counter(e.crowd for e in honest), Counter(e.crowd for e in honest if e.false)
    yield Table(
        "Benign episodes by the crowd in them", ("crowd", "#episodes", "#with a false campaign"),
        [(name, str(n), str(wrong[name])) for name, n in sorted(count.items())],
    )  # fmt: skip


def _row(found: Found, words: str) -> tuple[str, ...]:
    flagged = found.flagged_at is not None
    return (
        found.name, words, f"{found.accounts:,}", f"{found.queries:,}",
        f"{found.before:,}" if flagged else "never", shown(found.share if flagged else math.nan, "%"),
        shown(found.recall, "%"), shown(found.precision, "%"), str(found.entities),
        f"{found.alone_before:,}" if found.alone else "never", f"{found.alone:,}",
    )  # fmt: skip
