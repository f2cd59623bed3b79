"""Looking: what an analyst leaves out of what is learnt from, by the list of who sets the threshold.

As ``revenuer baseline highest`` and ``learn`` are used: the accounts with the highest scores are looked at from the
top, harvests are left out, then a baseline is learnt again, until so many in a row are honest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from service.bench.episodes.judge import highest
from service.model.account_day import MOST
from service.review.highest import SHOWN

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from service.bench.episodes.known import Known
    from service.bench.episodes.measure import Measured


@dataclass(frozen=True, slots=True)
class Looked:
    """What came of it."""

    known: Known
    """What is learnt in the end."""
    harvests: int
    """That are learnt from still."""
    looks: int
    """Accounts that were looked at, each once."""


def looked(
    accounts: Sequence[Measured], learn: Callable[[Sequence[Measured]], Known], *, vouched: Sequence[Measured] = ()
) -> Looked:
    """Look until ``SHOWN`` accounts in a row are honest, with eyes that take no honest account for a harvest, nor the
    other way round.

    Parameters
    ----------
    vouched
        Those of the accounts that were looked at before.

    """
    kept, honest, looks = list(accounts), {id(account) for account in vouched}, 0
    while True:
        known = learn(kept)
        left_out, row = set[int](), 0
        for account in _from_the_top(kept, honest, known):
            looks += 1
            if account.episode.attack:
                left_out.add(id(account))
                row = 0
                continue
            honest.add(id(account))
            row += 1
            if row == SHOWN:
                break
        if not left_out:
            return Looked(known, sum(account.episode.attack for account in kept), looks)
        kept = [account for account in kept if id(account) not in left_out]


def _from_the_top(kept: Sequence[Measured], honest: set[int], known: Known) -> list[Measured]:
    """Those that a list has which are not vouched for."""
    ranked = sorted(kept, key=lambda account: highest(account, known), reverse=True)
    return [account for account in ranked[:MOST] if id(account) not in honest]
