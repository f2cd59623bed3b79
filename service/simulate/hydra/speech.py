"""Speech: requests and answers out of the words of two domains, other at both ends with every sentence.

Templates are recognised by the first and last words of a text. A grammar with a few dozen endings would give all its
accounts the same ones; here both ends are slots, of some ten thousand fillings each.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from service.simulate.grammar import Phrase

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from service.simulate.dice import Dice
    from service.simulate.texts import Source, Texts

_CONTEXT = (
    "[{trait} {thing} here and {trouble}|{person} speaking, mostly {thing}|my {person2} says {trouble2}].",
    "{person} with {n} {thing}s and [one|no|a {trait}] {other}.",
    "[We|They|I] {does} [every week|before lunch|for {n} {person2}s], [still|but|and] {trouble}.",
    "{thing}[, {other} and| or] {thing2}: [new to both|used them {n} years|bought last month].",
    "{trouble}[ again||, since we {does}].",
)
_ASK = (
    "how [do|would|should] [I|we|a {person}] {does} [without|with|near|before] {trait2} {thing2}?",
    "{thing} [turned|became|is|went] {trait} after the {thing2}, [which|what] {other2} [helps|next]?",
    "[why|when] [does|would] {trait} {thing} [need|want|affect|replace] {trait2} {thing2}?",
    "{does} or {does2}: [which first|what first|which is cheaper] for a {trait} {thing2}?",
    "[is|was] {trait} {thing} [any good|allowed|worth it|normal] [for|with|under] a {person2} and {thing2}?",
    "[{n} {thing}s|some {trait} {thing}|the {thing}] [against|or|plus] {thing2}, [compare|rank] by {other2}",
    "[tell|show] my {person} what {trait} {thing} [has to do|costs, together] with {thing2}",
    "{thing} for {person2}s who {does2}",
    "[plan|list|sketch|outline] {n} [ways|steps|checks] to {does}, {trait2} {thing2} included",
    "[note|mail|reply] to the {person}: {trouble}, so no {thing} before {does2} and {thing2}",
    "[poem|story|joke|caption|riddle] [with|about|on] {trait} {thing} and [a|the|one] {trait2} {thing2}",
    "[translate|reword|shorten] this for a {person2}, {trouble} so {does2} near {trait2} {thing2}",
    "what [if|when] {trouble} and [the|a] {person} {trait2} about {thing2}?",
    "{other}: [meaning|history|price|origin] [next to|and] {trait2} {thing2}",
)
_TASK = (
    "[Derive|Work out|Explain in full|Analyse] how {trait} {thing} [depends on|limits] {thing2} when {trouble2}.",
    "{n} {person}s {does} while {m} {person2}s {does2}; [find|compute|estimate] the {other} left for {thing2}.",
    "[Design|Specify|Draft] a {trait} [procedure|policy|program|test] to {does}, given {trouble} and {n} {thing2}s.",
    "[Compare|Contrast|Weigh] {thing} and {other} for a {person2} whose {thing2} is {trait2}.",
    "[Prove|Argue|Refute] that {trait} {thing} [never needs|always beats|cannot replace] {trait2} {thing2}.",
    "[Write|Implement|Sketch] a function that sorts {thing}s by {other} and drops every {trait2} {thing2}.",
    "A {person} must {does} but {trouble}; [plan|list|justify] each step up to the {trait2} {thing2}.",
    "{trouble}. [Diagnose|Find causes of|Rank remedies for] this in a {trait} {thing} beside {thing2}.",
)
_SAID = (
    "[The|A|Any|One] {trait} {thing} [keeps|loses|shows|carries] its {other} [until|while|because] {trouble2}.",
    "{trait} {thing2} [matters|helps|fails] where [a|the] {person} [wants|has|tries] to {does}.",
    "[Take|Leave|Check|Count] {n} {thing}s, {does2}, [then|and only then] look at the {trait2} {thing2}.",
    "{person2}s [report|think|deny|forget] {k} times in {n} that {trouble2}.",
    "[Between|Beside|Under|After] {other} and {thing2} [lies|comes|waits] {trait2} {thing}.",
)
_TURN = (
    "and [with|without] {trait2} {thing2}?",
    "[no, |ok, |hm, ||]the {thing} {trouble2}",
    "[shorter|longer|simpler|again], for a {person2}[ with {thing2}||]",
    "[what about|and] {other2} or {trait} {thing}?",
    "{does2} first, or {does} with {thing2}?",
    "[thanks|great|ok], now {does2}",
)


@cache
def _phrases(templates: tuple[str, ...]) -> list[Phrase]:
    return [Phrase(template) for template in templates]


@dataclass(frozen=True, slots=True)
class Speech:
    """What one account speaks about."""

    words: Mapping[str, Sequence[str]]
    wordy: float
    """How often there is a sentence before the request."""

    @classmethod
    def draw(cls, texts: Texts, dice: Dice) -> Speech:
        """Somebody's two domains."""
        return cls(_words(texts.topic(dice), texts.topic(dice)), 0.2 + 0.6 * dice.random())

    def ask(self, dice: Dice) -> str:
        """What a person asks."""
        said = self._say(_ASK, dice)
        while dice.chance(self.wordy) and len(said) < 300:
            said = f"{self._say(_CONTEXT, dice)} {said}"
        return said

    def follow(self, dice: Dice) -> str:
        """The next turn."""
        return self._say(_TURN, dice)

    def task(self, dice: Dice) -> str:
        """What a list for training holds: broad, self-contained, long enough to be worth an answer."""
        return self._say(_TASK, dice)

    def prose(self, sentences: int, dice: Dice) -> str:
        """An answer, or a document."""
        return " ".join(self._say(_SAID, dice) for _ in range(sentences))

    def phrase(self, templates: tuple[str, ...], dice: Dice) -> str:
        """One of the templates, in the account's words."""
        return self._say(templates, dice)

    def _say(self, templates: tuple[str, ...], dice: Dice) -> str:
        said = dice.pick(_phrases(templates)).say(dice, self.words)
        return said[0].upper() + said[1:]


def _words(first: Source, second: Source) -> Mapping[str, Sequence[str]]:
    return {**first.words, **{f"{name}2": words for name, words in second.words.items()}}
