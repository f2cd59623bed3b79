"""Ablations: each campaign again, without one kind of content key, and by what its accounts do one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from detectors.coordination.footprints import KINDS
from service.bench.campaigns import judge
from service.bench.campaigns.cases import scene
from service.bench.campaigns.drive import run
from service.bench.campaigns.linking import linked
from service.bench.figure import shown
from service.bench.suite import Table
from service.simulate.hydra.stream import Scene, records

if TYPE_CHECKING:
    from collections.abc import Callable

    from service.bench.campaigns.drive import Setup
    from service.bench.campaigns.prints import Prints
    from service.simulate.texts import Texts


def table(prints: Prints, *, say: Callable[[str], None] = lambda _: None) -> Table:
    """Share of each campaign before its first flag, each by itself: with everything, and without each kind of key."""
    rows = []
    for name in prints.truth.campaigns:
        say(f"campaigns: {name} without one kind of key at a time")
        shares = [_share(prints, name, kind) for kind in ("", *KINDS)]
        rows.append((name, *shares))
    return Table(
        "Ablations: share of its queries before the flag", ("campaign", "#all", *(f"#no {kind}" for kind in KINDS)),
        rows, "Each campaign by itself, without honest accounts: which kinds of key find it.",
    )  # fmt: skip


def _share(prints: Prints, name: str, kind: str) -> str:
    others = prints.truth.campaigns.keys() - {name}
    found = judge.found(linked(prints, left_out=others, background=False, without=kind))[name]
    return "never" if found.flagged_at is None else shown(found.share, "%")


def alone(seed: int, scale: float, texts: Texts, setup: Setup, *, say: Callable[[str], None]) -> dict[str, int]:
    """The campaigns' accounts that are flagged at medium or above by themselves, and when; the same queries.

    Honest accounts are left out: an account is scored by what it does, whoever else is there.
    """
    hidden = Scene(campaigns=scene(scale).campaigns, background=0)
    return run(records(seed, hidden, texts), setup, say=say).accounts
