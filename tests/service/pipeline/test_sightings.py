"""Sightings: what is new, what was refused to another, and both over a restart."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from service.pipeline.sightings import DAY, HOUR, REFUSALS, Sighting, Sightings, merged
from tests.service.pipeline.factories import T0, an_event

if TYPE_CHECKING:
    from service.model.query import QueryEvent

KEY = b"k" * 32
NOTHING = Sighting(rotated=False, launch=False, new_model=False)


def an_ask(at: int, model: str = "m", **changes: Any) -> QueryEvent:
    """A query of a model."""
    event = an_event(at, **changes)
    return replace(event, query=replace(event.query, model=model))


def test_models_of_the_first_day_are_not_new() -> None:
    """A stream that begins sees every model for the first time; that is no launch."""
    sightings = Sightings(KEY)
    assert [sightings.see(an_ask(T0 + i, f"m{i}"), b"") for i in range(3)] == [NOTHING] * 3


def test_a_model_is_new_for_a_day() -> None:
    """From its first answer on for 24 hours; whoever asks another model then sees a launch."""
    sightings = Sightings(KEY)
    sightings.see(an_ask(T0), b"")
    at = T0 + 3 * DAY
    assert sightings.see(an_ask(at, "m2"), b"") == Sighting(rotated=False, launch=True, new_model=True)
    assert sightings.see(an_ask(at + HOUR), b"") == Sighting(rotated=False, launch=True, new_model=False)
    assert sightings.see(an_ask(at + DAY + 1, "m2"), b"") == NOTHING


def test_a_name_that_was_never_answered_is_no_model() -> None:
    """Callers write the name: an error about an unknown model launches nothing."""
    sightings = Sightings(KEY)
    sightings.see(an_ask(T0), b"")
    assert sightings.see(an_ask(T0 + 3 * DAY, "made-up", status=404), b"") == NOTHING


def test_a_refused_request_of_another_account_is_rotated() -> None:
    """Within the hour, by another account, after 403 or 429; not by the same account, nor after a server's error."""
    sightings = Sightings(KEY)
    sightings.see(an_ask(T0, status=429), b"one")
    sightings.see(an_ask(T0, status=503), b"two")
    assert sightings.see(an_ask(T0 + 1, account="acct-2"), b"one").rotated
    assert not sightings.see(an_ask(T0 + 1), b"one").rotated
    assert not sightings.see(an_ask(T0 + 1, account="acct-2"), b"two").rotated
    assert not sightings.see(an_ask(T0 + HOUR + 1, account="acct-2"), b"one").rotated


def test_it_survives_a_restart() -> None:
    """What was dumped is known after a load."""
    sightings = Sightings(KEY)
    sightings.see(an_ask(T0), b"")
    sightings.see(an_ask(T0 + 3 * DAY, "m2", status=200), b"")
    sightings.see(an_ask(T0 + 3 * DAY, "m2", status=403), b"one")
    again = Sightings(KEY, sightings.dump())
    assert again.see(an_ask(T0 + 3 * DAY + 1, "m2", account="acct-2"), b"one") == Sighting(
        rotated=True, launch=True, new_model=True
    )
    assert not sightings.changed


def test_it_is_bounded() -> None:
    """However many requests are refused, no more than the last ones are kept."""
    sightings = Sightings(KEY)
    for i in range(REFUSALS + 10):
        sightings.see(an_ask(T0 + i, status=429), i.to_bytes(4, "big"))
    assert len(sightings.dump()) < REFUSALS * 40
    assert not sightings.see(an_ask(T0 + 5000, account="acct-2"), (3).to_bytes(4, "big")).rotated


def test_parts_of_one_stream_become_the_whole() -> None:
    """A model is as old as where it was seen first, and what was refused in one part is known in the other's."""
    one, two = Sightings(KEY), Sightings(KEY)
    one.see(an_ask(T0), b"")
    two.see(an_ask(T0 + 2 * DAY, "m2"), b"")
    one.see(an_ask(T0 + 4 * DAY, "m2"), b"")
    one.see(an_ask(T0 + 4 * DAY, account="a", status=429), b"asked")
    at = T0 + 4 * DAY + HOUR
    whole = Sightings(KEY, merged([one.dump(), two.dump()]))
    assert whole.see(an_ask(at, "m2", account="b"), b"asked") == Sighting(rotated=True, launch=False, new_model=False)
