"""Links: sealed reasoning and answers that were handed on, each instance against what was planted."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from service.bench.figure import Figure, at_least, at_most, rate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from service.bench.campaigns.drive import Run

PLANTED = {"reasoning": "handing-on", "output": "cleaning"}
"""What was handed on, and in which campaign."""


def figures(run: Run, planted: dict[str, int]) -> Iterator[Figure]:
    """Instances recorded of those planted, and those that are none.

    Parameters
    ----------
    planted
        Kind -> instances that the stream holds.

    """
    campaigns = run.truth.campaigns
    right: Counter[str] = Counter()
    wrong = 0
    for link in run.handed:
        owners = {name for name, held in campaigns.items() if {link.issued_to, link.sent_by} <= held.accounts}
        if PLANTED[link.kind] in owners:
            right[link.kind] += 1
        elif not owners:
            wrong += 1
    for kind, n in planted.items():
        if n:
            yield rate(
                f"{kind} handed on: instances recorded", min(right[kind], n), n, target=at_least(1.0),
                note="n: instances planted across orgs",
            )  # fmt: skip
    yield Figure(
        name="handed on in error", value=wrong, n=run.truth.events, unit="", target=at_most(0),
        note="n: queries of the stream; any instance whose two accounts are not of one campaign",
    )  # fmt: skip
