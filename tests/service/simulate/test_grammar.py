"""Grammar, dice and texts: what they say is what their templates allow, and as often as asked."""

from __future__ import annotations

import statistics
from itertools import islice

import pytest

from service.simulate.dice import Dice
from service.simulate.grammar import Phrase
from service.simulate.texts import own

WORDS = {"thing": ["kettle", "pan"], "n": ["3"]}


def said(template: str) -> set[str]:
    """Everything that a template can say."""
    phrase, dice = Phrase(template), Dice(1)
    return {phrase.say(dice, WORDS) for _ in range(300)}


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("plain", {"plain"}),
        ("a {thing}", {"a kettle", "a pan"}),
        ("[one|two]", {"one", "two"}),
        ("go[ on||]", {"go on", "go"}),
        ("[a [b|c]|{n}] end", {"a b end", "a c end", "3 end"}),
    ],
)
def test_phrase(template: str, expected: set[str]) -> None:
    """A phrase says all of its alternatives and nothing else."""
    assert said(template) == expected


@pytest.mark.parametrize("template", ["[open", "close]", "a|b", "[a[b]"])
def test_bad_phrase(template: str) -> None:
    """A template that does not close is refused and quoted."""
    with pytest.raises(ValueError, match="invalid phrase"):
        Phrase(template)


def test_every_phrase_is_said() -> None:
    """Every kind of text can be said in every domain and language, without a slot left over."""
    texts, dice = own(), Dice(2)
    for topic in (*texts.domains, *texts.languages):
        for kind in topic.phrases:
            for _ in range(30):
                text = topic.say(kind, dice)
                assert text
                assert not set("{}[]|") & set(text)


def test_fresh_texts_never_repeat() -> None:
    """A list made for harvesting holds no text twice."""
    prompts = list(islice(own().fresh("task", Dice(3)), 5000))
    assert len(set(prompts)) == 5000


def test_dice_are_seeded() -> None:
    """The same seed falls the same, another does not."""
    a, b, c = Dice(1, 2), Dice(1, 2), Dice(1, 3)
    first = [a.random() for _ in range(300)]
    assert first == [b.random() for _ in range(300)]
    assert first != [c.random() for _ in range(300)]


def test_distributions() -> None:
    """Draws have the mean, the median and the shares that were asked for."""
    dice = Dice(4)
    assert statistics.mean(dice.exponential(5.0) for _ in range(20_000)) == pytest.approx(5.0, rel=0.05)
    assert statistics.median(dice.lognormal(30, 1.0) for _ in range(20_000)) == pytest.approx(30, rel=0.05)
    picks = [dice.weighted({"a": 3.0, "b": 1.0}) for _ in range(20_000)]
    assert picks.count("a") / 20_000 == pytest.approx(0.75, abs=0.02)
    assert {dice.between(2, 4) for _ in range(200)} == {2, 3, 4}
    assert sorted(dice.order(50)) == list(range(50))
    assert (moments := dice.sorted(50)) == sorted(moments)
