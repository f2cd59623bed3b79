from __future__ import annotations

from service.pipeline.admission import DAY, Admission, merged
from tests.service.pipeline.factories import T0

KEY = b"k" * 32


def test_admitted_from_the_eighth_query_on() -> None:
    """An end user is followed from the eighth query on."""
    admission = Admission(KEY)
    assert [admission.admit("acct/u", T0) for _ in range(9)] == [False] * 7 + [True] * 2


def test_the_counts_survive_a_restart() -> None:
    """A sketch goes on from where its dump was made."""
    admission = Admission(KEY)
    for _ in range(7):
        admission.admit("acct/u", T0)
    assert Admission(KEY, admission.dump()).admit("acct/u", T0)


def test_strangers_do_not_admit_each_other() -> None:
    """Three thousand users of one query each admit nobody."""
    admission = Admission(KEY)
    assert not any(admission.admit(f"acct/{i}", T0) for i in range(3000))


def test_counts_fade_by_the_day() -> None:
    """After a day the counts are halved, so a trickle is never followed."""
    admission = Admission(KEY)
    assert not any(admission.admit("acct/u", T0 + day * DAY) for day in range(30))


def test_sketches_of_several_parts_are_one() -> None:
    """Nobody is counted lower than in the part they were in, a day's halving included."""
    yesterday, today = Admission(KEY), Admission(KEY)
    for _ in range(14):
        yesterday.admit("acct/old", T0)
    for _ in range(7):
        today.admit("acct/new", T0 + DAY)
    both = merged([yesterday.dump(), today.dump()])
    assert Admission(KEY, both).admit("acct/old", T0 + DAY)
    assert Admission(KEY, both).admit("acct/new", T0 + DAY)
    assert not Admission(KEY, both).admit("acct/other", T0 + DAY)
