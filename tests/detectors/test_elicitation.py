"""Elicitation: requests add up, one alone is worth nothing, and the reason names what is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from detectors.elicitation import CAP, FAMILIES, WORDS, Elicitation
from detectors.features import elicitation
from detectors.features.elicitation_texts import families
from tests.detectors.factories import START, a_baseline, measured, observations

if TYPE_CHECKING:
    from detectors.core.observation import Observations

NAMES = elicitation.default().families


def asking(rows: int, hits: int, **given: Any) -> Observations:
    """``rows`` queries of which the first ``hits`` ask, log-odds 2 above the threshold, word for word."""
    first = np.arange(rows) < hits
    family = NAMES.index("verbatim_recall") + 1
    return observations(
        rows, **{"elicitation": np.where(first, 2.0, 0.0), "elicitation_family": family * first, **given}
    )


@pytest.mark.parametrize(
    ("hits", "weight", "share"),
    [
        pytest.param(0, 0.0, 0.0, id="none-asks"),
        pytest.param(1, 0.0, 0.01, id="a-single-hit-is-worth-nothing"),
        pytest.param(2, 0.02, 0.02, id="the-second-counts"),
        pytest.param(100, 1.98, 1.0, id="every-query-asks"),
    ],
)
def test_requests_add_up(hits: int, weight: float, share: float) -> None:
    """The weight is the sum without the plainest request over all queries: 2 * (hits - 1) / 100."""
    found = measured(Elicitation(), asking(100, hits))
    assert found["elicitation.weight"] == pytest.approx(weight)
    assert found["elicitation.share"] == pytest.approx(share)


def test_one_plain_request_is_no_evidence() -> None:
    """However plain it is, a single request measures as none does."""
    plain = measured(Elicitation(), asking(50, 1, elicitation=np.where(np.arange(50) < 1, 40.0, 0.0)))
    assert plain["elicitation.weight"] == measured(Elicitation(), asking(50, 0))["elicitation.weight"] == 0.0


def test_a_query_adds_a_bounded_amount() -> None:
    """No request adds more than the cap, so a few plain ones do not outweigh a day."""
    found = measured(Elicitation(), asking(100, 3, elicitation=np.where(np.arange(100) < 3, 1000.0, 0.0)))
    assert found["elicitation.weight"] == pytest.approx(2 * CAP / 100)


def test_different_ways_and_texts_are_counted() -> None:
    """Families and distinct texts among the requests are told apart from repeats of one template."""
    rows = np.arange(60)
    many = measured(Elicitation(), asking(60, 60, elicitation_family=1 + rows % 5))
    one = measured(Elicitation(), asking(60, 60, prompt=7, system=0))
    assert (many["elicitation.families"], one["elicitation.families"]) == (5, 1)
    assert many["elicitation.texts"] == pytest.approx(60, rel=0.15)
    assert one["elicitation.texts"] == pytest.approx(1, rel=0.01)


def test_queries_without_text_do_not_count() -> None:
    """Rows whose text was not understood neither ask nor dilute."""
    half = np.arange(80) < 40
    found = measured(Elicitation(), asking(80, 80, has_text=half))
    assert found["elicitation.share"] == 1.0


def test_the_reason_names_what_is_asked_for() -> None:
    """The evidence says which families, in words, the most frequent first, with counts."""
    detector = Elicitation()
    family = np.where(np.arange(40) < 30, NAMES.index("encode"), NAMES.index("translate")) + 1
    score = detector.score(
        detector.update(detector.empty(), asking(40, 40, elicitation_family=family)), a_baseline(), START
    )
    assert score is not None
    (signal,) = score.signals
    assert signal.text.endswith(f"they ask {WORDS['encode']} (30), {WORDS['translate']} (10)")


def test_every_family_has_words() -> None:
    """Each family of the grammars and of the model can be named, and the state has room for it."""
    assert set(families()) == set(NAMES) == set(WORDS)
    assert len(NAMES) <= FAMILIES
