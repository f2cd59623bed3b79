"""Declared: the same accounts, had those with a job to announce announced it, as ``revenuer declare`` has it.

An evaluation and synthetic data for one's own use are by their queries what a harvest is; an operator who
asks for a declaration knows of them. A declared account is never flagged above low, so none of its moments can exceed
a threshold. This is a second reading: figures without declarations stand beside it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from service.model.declaration import Declaration, Job

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.bench.episodes.judge import Judged, Verdict

ANNOUNCED = {
    "benchmark": Job.EVALUATION,
    "harness": Job.EVALUATION,
    "nightly": Job.EVALUATION,
    "fixtures": Job.SYNTHETIC_DATA,
    "quizzes": Job.SYNTHETIC_DATA,
}
"""Kinds whose owners would have something to announce, and what."""
JOBS = f"accounts of {', '.join(sorted(ANNOUNCED))} taken as declared ('revenuer declare'); all others as before"
MICROSECONDS = 86_400 * 1_000_000


def declared(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """The verdicts, those of an announced job eased by its declaration, whose budget is what the account sent."""
    return [_eased(verdict) if verdict.measured.episode.kind in ANNOUNCED else verdict for verdict in verdicts]


def _eased(verdict: Verdict) -> Verdict:
    episode = verdict.measured.episode
    last = max((moment.day for moment in verdict.judged), default=0)
    job = Declaration(
        account=f"{episode.kind}-{episode.number}",
        job=ANNOUNCED[episode.kind],
        since=0,
        until=(last + 1) * MICROSECONDS,
        budget=verdict.measured.queries,
    )
    return replace(verdict, judged=[_under(job, moment) for moment in verdict.judged])


def _under(job: Declaration, moment: Judged) -> Judged:
    if not job.covers(moment.day * MICROSECONDS, moment.queries):
        return moment
    return replace(moment, score=0.0, severity=moment.severity and job.eased(moment.severity))
