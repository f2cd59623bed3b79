"""What a reviewer reads: reasons, ordinary causes, frames, and the timeline."""

from __future__ import annotations

import pytest

from detectors.core.registry import all_detectors
from service.console.evidence import reasons
from service.console.frame import frame
from service.console.hypotheses import CAUSES, examined
from service.console.timeline import timeline
from service.console.words import ago, amount, share, span
from tests.service.api.factories import HOUR, NOVEMBER, a_flag, a_signal, an_evaluation


def test_contributions_are_parts_of_the_surprise() -> None:
    """A p-value of 0.001 is three times the surprise of 0.1, and the parts sum to one."""
    found = reasons([a_signal(p_value=0.1), a_signal(p_value=0.001)])
    assert [reason.contribution for reason in found] == pytest.approx([0.75, 0.25])
    assert found[0].signal.p_value == 0.001


def test_a_reason_does_not_repeat_its_column() -> None:
    """The benign median that has a column of its own is left out of the sentence."""
    (reason,) = reasons([a_signal(text="9 tokens in an hour (benign median 1,200 tokens)")])
    assert reason.sentence == "9 tokens in an hour"


def test_every_clearing_signal_is_a_hypothesis() -> None:
    """Whatever a detector measures as speaking against is examined on the page, under words of its own."""
    clearing = {name for detector in all_detectors() for name, spec in detector.signals.items() if spec.clears}
    assert clearing == set(CAUSES)


def test_what_speaks_against_comes_first() -> None:
    """Found causes stand above those that were not found or not measured."""
    flag = a_flag(against={"volume.rerun_share": "40 % are exact re-runs"})
    found = examined(flag, an_evaluation(values={"volume.rerun_share": 0.4, "response.label_share": 0.0}))
    assert (found[0].signal, found[0].speaks, found[0].measured) == ("volume.rerun_share", True, "40 %")
    results = {one.signal: one.text for one in found}
    assert results["response.label_share"] == "not found"
    assert results["conversation.tool_share"] == "not measured"


def test_a_frame_keeps_what_prompts_share() -> None:
    """Common words stay in order, and what differs is a slot as long as its longest filling."""
    prompts = [
        f"Write a short story about {what} in the style of a fairy tale." for what in ("a fox", "two bears", "it")
    ]
    found = frame([*prompts, "What is the capital of France?"])
    assert found is not None
    assert [piece.text for piece in found.pieces] == [
        "Write a short story about", "", "in the style of a fairy tale.",
    ]  # fmt: skip
    assert (found.prompts, found.slots, found.pieces[1].characters) == (3, 1, len("two bears"))


@pytest.mark.parametrize(
    "prompts",
    [
        pytest.param([], id="none"),
        pytest.param(["Translate this text now", "Translate this text then"], id="two"),
        pytest.param(["one apple", "two pears", "three plums", ""], id="nothing-in-common"),
    ],
)
def test_no_frame_without_three_alike(prompts: list[str]) -> None:
    """Fewer than three prompts that begin or end alike have no frame."""
    assert frame(prompts) is None


def test_the_timeline_counts_between_scorings() -> None:
    """Volume is what came since the scoring before, oldest first, with flags on the same axis."""
    later = an_evaluation(at=NOVEMBER + 2 * HOUR, queries=500)
    found = timeline([later, an_evaluation(queries=320)], [a_flag()], (), ())
    assert found.queries == [0, 180]
    assert found.at == sorted(found.at)
    assert [mark.kind for mark in found.happenings] == ["flag"]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        pytest.param(span(0.4), "0.4 s", id="part-of-a-second"),
        pytest.param(span(7200), "2 h", id="hours"),
        pytest.param(ago(NOVEMBER, NOVEMBER + HOUR), "1 h ago", id="before"),
        pytest.param(ago(NOVEMBER + HOUR, NOVEMBER), "in 1 h", id="to-come"),
        pytest.param(share(0.0005), "0.05 %", id="small-share"),
        pytest.param(share(None), "unknown", id="no-share"),
        pytest.param(amount(None, "tokens"), "-", id="no-amount"),
        pytest.param(amount(float("nan"), "tokens"), "-", id="not-a-number"),
        pytest.param(amount(0.41, "%"), "41 %", id="per-cent"),
    ],
)
def test_numbers_have_units(written: str, expected: str) -> None:
    """Numbers are written with their unit, and what is not known is said so."""
    assert written == expected
