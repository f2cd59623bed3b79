"""Two small campaigns that have nothing to do with one another stay two, and become one where their accounts do."""

from __future__ import annotations

import pytest

from detectors.features import Extractor
from service.ports import SLOT
from tests.service.pipeline.campaigns.test_coordination import TOPICS, asked, flags, own
from tests.service.pipeline.factories import T0
from tests.service.pipeline.test_scorer import KEY

ACCOUNTS, EACH = 24, 6
TASKS = {
    "one": "Write one detailed answer for a textbook, with all steps of the reasoning, to this question:"
    " how do {} of number {} come about where {} are rare?",
    "two": "As a patient tutor, solve what follows line by line. Exercise on {}, sheet {}, concerning {} as well."
    " End with a boxed result and one sentence that says how sure you are of it.",
}
"""Neither begins or ends as the other does: what ends alike is one campaign's by its words alone."""


def accounts(task: str, shared: int) -> list[str]:
    """The campaign's; so many of them are the other one's too."""
    return [f"both-{n}" if n < shared else f"{task}-{n}" for n in range(ACCOUNTS)]


def found(shared: int, *, besides: int) -> dict[str, set[str]]:
    """Campaign -> its members by the last flag, and the ids that flags say it was joined with.

    Parameters
    ----------
    shared
        Accounts of both.
    besides
        Other queries that each of those sends for one of either campaign.

    """
    asking = [
        (n * 2 + place, account, TASKS[task].format(TOPICS[n % 10], n, TOPICS[n * 7 % 9]))
        for place, task in enumerate(TASKS)
        for n, account in enumerate(accounts(task, shared) * EACH)
    ]
    others = [
        (at, account, own(at * 1_000 + n))
        for at, account, _ in asking
        if account.startswith("both")
        for n in range(besides)
    ]
    events = [
        asked(T0 + at * SLOT // 2 + n, account, text, 700)
        for n, (at, account, text) in enumerate(sorted([*asking, *others], key=lambda one: one[0]))
    ]
    told = flags(events, Extractor(KEY), size=50)
    assert all(flag.severity.rank >= 2 for flag in told)
    return {flag.entity.value: {*flag.members, *flag.joined} for flag in told}


@pytest.mark.parametrize(
    ("shared", "besides"),
    [
        pytest.param(0, 0, id="nothing"),
        pytest.param(1, 0, id="one-account"),
        pytest.param(4, 9, id="busy-accounts"),
    ],
)
def test_two_campaigns_stay_two(shared: int, besides: int) -> None:
    """Whether they share nothing, one account, or a few that send much else; each with its own members."""
    told = list(found(shared, besides=besides).values())
    assert len(told) == len(TASKS)
    for task, members in zip(TASKS, sorted(told, key=lambda some: f"two-{ACCOUNTS - 2}" in some), strict=True):
        assert members <= set(accounts(task, shared))
        assert len(members) >= 16


def test_two_campaigns_of_the_same_few_accounts_are_one() -> None:
    """Four of the accounts do little but ask for both."""
    *_, last = found(4, besides=0).values()
    assert last >= {*accounts("one", 4), *accounts("two", 4)}
