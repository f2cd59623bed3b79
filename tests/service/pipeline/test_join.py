from __future__ import annotations

from service.model.query import Gap, Mark, Outcome
from service.pipeline.join import PATIENCE, SLACK, Joiner
from tests.service.pipeline.factories import SECOND, T0, a_start, an_end, numbered


def test_start_and_end_join() -> None:
    """A start and its end come out as one query, at the place of the end."""
    start = a_start()
    joined = list(Joiner().feed(numbered(start, an_end(start))))
    assert [(j.start, j.end.id, j.sequence) for j in joined] == [(start, start.id, 2)]


def test_a_start_without_an_end_becomes_unknown() -> None:
    """A start whose end does not come within ten minutes of stream time ends as unknown, exactly then."""
    lost, later = a_start(), a_start(T0 + PATIENCE + 1)
    (joined,) = Joiner().feed(numbered(lost, later))
    assert (joined.start.id, joined.end.outcome, joined.end.at) == (lost.id, Outcome.UNKNOWN, T0 + PATIENCE)


def test_time_out_comes_before_the_record_that_passes_it() -> None:
    """Queries come out in order of completion, those that time out included."""
    lost, other = a_start(), a_start(T0 + 1)
    late = an_end(other, after=PATIENCE + SECOND)
    outcomes = [j.end.outcome for j in Joiner().feed(numbered(lost, other, late))]
    assert outcomes == [Outcome.UNKNOWN, Outcome.UNKNOWN]


def test_a_slow_body_does_not_hide_an_older_query() -> None:
    """A start that was logged behind a younger one still times out at its own time, and first."""
    slow, quick = a_start(T0), a_start(T0 + 9 * SECOND)
    later = a_start(T0 + PATIENCE + SECOND)
    assert [j.start.id for j in Joiner().feed(numbered(quick, slow, later))] == [slow.id]


def test_queries_that_ended_are_not_remembered() -> None:
    """However many come and go while one stays open, what is held is in proportion to what is open."""
    joiner = Joiner()
    starts = [a_start(T0 + i) for i in range(2 * SLACK + 2)]
    list(joiner.feed(numbered(starts[0])))
    for start in starts[1:]:
        list(joiner.feed(numbered(start, an_end(start))))
    assert list(joiner.open) == [starts[0].id]
    assert len(joiner._waiting) <= SLACK + 2


def test_an_end_without_a_start_is_counted() -> None:
    """An end whose start is not open gives no query and is counted."""
    joiner = Joiner()
    assert list(joiner.feed(numbered(an_end(a_start())))) == []
    assert joiner.orphans == 1


def test_drain_names_only_what_the_store_must_change() -> None:
    """A query that opens and closes between two drains never reaches the store."""
    joiner = Joiner()
    brief, long = a_start(), a_start(T0 + 1)
    list(joiner.feed(numbered(brief, long, an_end(brief))))
    assert joiner.drain() == ({long.id: long}, [])
    list(joiner.feed(numbered(an_end(long), first=4)))
    assert joiner.drain() == ({}, [long.id])


def test_gaps_are_kept_with_their_source() -> None:
    """A gap record gives no query; it is handed on with the source that reported it."""
    joiner = Joiner()
    gap = Gap(T0, T0 + 1, 3, 2)
    assert list(joiner.feed(numbered(gap))) == []
    assert joiner.gaps == [("boot-1", gap)]


def test_a_mark_moves_the_time() -> None:
    """A mark is no query; what waited longer than its patience by the mark's time times out, in order."""
    first, second, third = a_start(T0), a_start(T0 + SECOND), a_start(T0 + 2 * SECOND)
    joiner = Joiner()
    assert list(joiner.feed(numbered(second, first, third))) == []
    joined = list(joiner.feed(numbered(Mark(T0 + PATIENCE + SECOND + 1), first=4)))
    assert [(j.start.id, j.end.outcome, j.sequence) for j in joined] == [
        (first.id, Outcome.UNKNOWN, 4),
        (second.id, Outcome.UNKNOWN, 4),
    ]
    assert list(joiner.open) == [third.id]
    assert joiner.orphans == 0
