"""Cases: the campaigns that are hidden, and what is to be reached with each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from service.simulate.hydra.crowds import CROWDS
from service.simulate.hydra.plan import Begin, Partition, Plan, Template
from service.simulate.hydra.presets import PRESETS
from service.simulate.hydra.stream import Scene

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

ACCOUNTS, DAYS = 20_000, 5
"""Of the background; it sends some 1.04 million queries."""
FEWEST = 60
"""Honest accounts at least, however small the scale."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A campaign, and what is to be reached."""

    plan: Plan
    words: str
    share: float | None = None
    """Of its volume before the first flag, at most."""
    queries: int | None = None
    """Of it before the first flag, at most."""
    recall: float | None = None
    precision: float | None = None


def _plan(name: str, *, after: float, preset: str = "", **changes: object) -> Plan:
    return replace(PRESETS[preset or name], name=name, after=after, **changes)  # type: ignore[arg-type]


CASES: Sequence[Case] = (
    Case(
        plan=_plan("thin", after=40), words="4,000 accounts x 4, one instruction", share=0.01,
        recall=0.9, precision=0.99,
    ),
    Case(
        plan=_plan("paraphrased", after=64), words="4,000 accounts x 4, 30 wordings", share=0.05, recall=0.8,
        precision=0.98,
    ),
    Case(
        plan=_plan("keys-40", after=44, per_account=39, days=3), words="40 keys, dealt in turn, 13 a day each",
        queries=200,
    ),
    Case(
        plan=_plan("keys-40-topics", after=70, per_account=1000, days=1), words="40 keys by topic, 1,000 a day each",
        queries=200,
    ),
    Case(plan=_plan("keys-500", after=48), words="500 keys, dealt in turn, 13 a day each", queries=1000),
    Case(
        plan=_plan("keys-500-topics", after=60, per_account=100, days=1), words="500 keys by topic, 100 a day each",
        queries=1000,
    ),
    Case(plan=_plan("prefixed", after=52), words="500 accounts x 12, the instruction before the task"),
    Case(plan=_plan("covered", after=50), words="400 accounts, three quarters of their use honest"),
    Case(plan=_plan("bare", after=46), words="no template, slices of one list, nothing shared", share=0.2),
    Case(plan=_plan("bare-topics", after=58), words="no template, a topic each, nothing shared", share=0.2),
    Case(
        plan=_plan("bare-shared-hosts", after=66, partition=Partition.ROUND_ROBIN),
        words="no template, but one program and six networks",
    ),
    Case(plan=_plan("replaced", after=42, days=4.5), words="1,000 accounts, half shut out after 48 h and replaced"),
    Case(
        plan=Plan(
            name="handing-on", accounts=300, per_account=20, days=4, replay_reasoning=400,
            template=Template.NONE, after=41, begin=Begin.STAGGERED,
        ),
        words="sealed reasoning handed on between 300 accounts, no template",
    ),
    Case(plan=_plan("cleaning", after=56), words="own answers fed back by 273 accounts"),
)  # fmt: skip


def scene(scale: float = 1.0, cases: Sequence[Case] = CASES) -> Scene:
    """All cases and crowds at once.

    Parameters
    ----------
    scale
        Of background and of the accounts of the campaigns, which have 40 at least. Crowds are as large as they are.

    """
    return Scene(
        campaigns=[_scaled(case.plan, scale) for case in cases],
        crowds=list(CROWDS.values()),
        background=max(FEWEST, round(ACCOUNTS * scale)),
        days=DAYS,
    )


def _scaled(plan: Plan, scale: float) -> Plan:
    accounts = min(plan.accounts, max(40, round(plan.accounts * scale)))
    handed = {name: round(getattr(plan, name) * accounts / plan.accounts) for name in ("replay_reasoning", "reingest")}
    return replace(plan, accounts=accounts, **handed)


def passes(names: Iterable[str]) -> list[list[str]]:
    """Which campaigns are linked together: of each pass at most one that sends an instruction.

    The instructions of all are of a few forms, and two campaigns of one form are found as one.
    """
    mine = set(names)
    apart = [case.plan.name for case in CASES if case.plan.template is not Template.NONE and case.plan.name in mine]
    return [sorted(mine.difference(apart)), *([name] for name in apart)]


def planted(hidden: Scene) -> dict[str, int]:
    """What the campaigns of a scene hand on: kind -> instances."""
    return {
        "reasoning": sum(plan.replay_reasoning for plan in hidden.campaigns),
        "output": sum(plan.reingest for plan in hidden.campaigns),
    }
