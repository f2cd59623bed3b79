"""The stand-in's vocabulary."""

from __future__ import annotations


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


CLASSES: dict[str, tuple[str, ...]] = {
    "N": _words(
        "river garden engine letter harbour ledger window market winter bridge farmer signal method lantern orchard "
        "kettle pattern village machine teacher compass workshop number valley answer recipe cabinet railway question "
        "material island morning sentence balance station process weather archive result surface journey"
    ),
    "A": _words(
        "quiet narrow careful early copper steady distant useful plain heavy bright patient common hollow second "
        "wooden modest regular sudden gentle northern simple broken familiar clear separate shallow"
    ),
    "V": _words(
        "carries follows measures changes keeps describes replaces repeats shows needs joins explains divides covers "
        "supports delays reaches gathers compares answers moves crosses"
    ),
    "R": _words("slowly often usually rarely later together again nearly first exactly once elsewhere"),
}
"""Word classes: nouns, adjectives, verbs, adverbs."""

PATTERNS: tuple[tuple[str, ...], ...] = tuple(
    _words(pattern)
    for pattern in (
        "the A N V the N",
        "every N V one A N",
        "one N R V the A N",
        "in the N , the N V the N R",
        "when the N V the N , the A N V it R",
        "it V the N because the A N V the N",
        "this N V both the A N and the N",
        "most of the N V the A N , and the N V the rest",
    )
)
"""Sentences; a capital letter stands for a word of its class."""

LABELS = ("yes", "no", "other", "positive", "negative", "neutral", "relevant", "unknown")
"""Answers to a question for a label that names none."""
