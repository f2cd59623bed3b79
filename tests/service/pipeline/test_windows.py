from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from service.pipeline.windows import Moment, Windows
from tests.service.pipeline.factories import SECOND, T0

WINDOWS = Windows(length=3600, lateness=60 * SECOND)
START = T0 // SECOND
HOUR = 3600 * SECOND


def moments(done: list[int], **changes: int) -> tuple[list[tuple[int, Moment]], int]:
    """Moments of a new entity."""
    known = {"window": -1, "last_seen": 0, "queries": 0, "now": done[-1] if done else T0}
    return WINDOWS.moments(done, **{**known, **changes})


def test_counts_double() -> None:
    """An entity is evaluated at its 20th, 40th, 80th and 160th query, at that query's time."""
    done = [T0 + i * SECOND for i in range(200)]
    found, window = moments(done)
    assert [(upto, m.trigger, m.at) for upto, m in found] == [(n, f"n={n}", done[n - 1]) for n in (20, 40, 80, 160)]
    assert window == START


def test_a_window_closes_after_its_lateness() -> None:
    """A window closes one lateness after its end, over every row completed by then, and no sooner."""
    inside, late, beyond = T0 + SECOND, T0 + HOUR + 59 * SECOND, T0 + HOUR + 61 * SECOND
    assert moments([inside, late]) == ([], START)
    found, window = moments([inside, late, beyond])
    assert found == [(2, Moment(START, "close", T0 + HOUR + 60 * SECOND))]
    assert window == START + 3600


def test_a_quiet_entity_is_closed_by_the_streams_time() -> None:
    """The stream's time closes the window of an entity that has no row in the batch."""
    found, window = moments([], window=START, last_seen=T0, queries=5, now=T0 + 2 * HOUR)
    assert [m.trigger for _, m in found] == ["close"]
    assert window == -1


@given(
    gaps=st.lists(st.integers(0, 3 * HOUR), min_size=1, max_size=60),
    cuts=st.lists(st.integers(0, 60), max_size=4),
    start=st.integers(0, 19),
)
def test_cutting_the_stream_changes_nothing(gaps: list[int], cuts: list[int], start: int) -> None:
    """The moments of a stream do not depend on how it was cut into batches."""
    done = [T0]
    for gap in gaps:
        done.append(done[-1] + gap)
    whole, last = moments(done, queries=start)
    window, seen, queries, found = -1, 0, start, []
    edges = sorted({0, len(done), *(min(c, len(done)) for c in cuts)})
    for low, high in pairwise(edges):
        part, window = WINDOWS.moments(
            done[low:high], window=window, last_seen=seen, queries=queries, now=done[high - 1]
        )
        found += [(low + upto, moment) for upto, moment in part]
        seen, queries = done[high - 1], queries + high - low
    assert (found, window) == (whole, last)
