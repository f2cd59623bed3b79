"""Elicitation texts: requests for a model's hidden reasoning and what looks like one, out of grammars.

One file a language under ``data/elicitation``: families of requests, kinds of benign look-alikes, and the slots that
both are filled from, so that a word alone tells nothing: the same tags, encodings and verbs stand on either side.

References
----------
[^1]: Anthropic, 2026. Detecting and preventing distillation attacks.
      https://www.anthropic.com/news/detecting-and-preventing-distillation-attacks
      (reasoning asked for behind a completed response)
[^2]: unmimic 0.1.0, https://github.com/Dobbyisus/Unmimic (names eleven families; none of its texts is used)

"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np
import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_INNERMOST = re.compile(r"\[([^\[\]]*)\]|\{([a-z_]+)\}")
_NAMES_IT = re.compile(
    r"\{(?:reasoning|hidden|noun|own)\}|reason|think|thought|CoT|scratchpad|monolog"
    r"|denk|gedank|überleg|raisonn|réfl|pens|razon|racioc|ragion|思|推|想|생각|추론|사고|мысл|рассужд|размыш|думай"
    r"|تفك|فكر|استدلال|तर्क|विचार|सोच|रीजनिंग|düşün|ak\u0131l",
    re.IGNORECASE,
)
_ONLY_OF_REASONING = frozenset({"continue_thinking", "reconstruct", "unsummarized", "persona"})
"""Families that name it in their own words, so that no slot can be filled with something else."""
FRAGMENTS = 0.25
"""Share of the benign lines that a fragment is taken of."""
_LITERAL = str.maketrans("⟦⟧⦃⦄", "[]{}")
_SPACING = re.compile(r"\s+([,.;?!])(?=\s|$)|\s{2,}")


@dataclass(frozen=True, slots=True)
class Line:
    """A sentence or two that the grammar said."""

    text: str
    family: str
    """Family of the request, or kind of the look-alike."""
    language: str
    elicits: bool


@dataclass(frozen=True, slots=True)
class Grammar:
    """What is said in one language."""

    language: str
    slots: Mapping[str, str]
    families: Mapping[str, Sequence[str]]
    benign: Mapping[str, Sequence[str]]

    def say(self, template: str, random: np.random.Generator) -> str:
        """One sentence of the template."""

        def chosen(found: re.Match[str]) -> str:
            if found[2]:
                return f"[{self.slots[found[2]]}]"
            options = found[1].split("|")
            return options[int(random.random() * len(options))]

        said = template
        while _INNERMOST.search(said):
            said = _INNERMOST.sub(chosen, said)
        return _SPACING.sub(lambda found: found[1] or " ", said.translate(_LITERAL)).strip()


@cache
def grammars() -> tuple[Grammar, ...]:
    """Every language that ships, by code."""
    folder = files("detectors.features").joinpath("data/elicitation")
    names = sorted(file.name.removesuffix(".yaml") for file in folder.iterdir() if file.name.endswith(".yaml"))
    documents: dict[str, dict[str, Any]] = {
        name: yaml.safe_load(folder.joinpath(f"{name}.yaml").read_text("utf-8")) for name in names
    }
    shared = documents.pop("shared")["slots"]
    return tuple(
        Grammar(name, shared | found["slots"], found["families"], found["benign"]) for name, found in documents.items()
    )


def digest() -> str:
    """Of the grammars: a model that was fitted on others says so."""
    spoken = repr([(g.language, g.slots, g.families, g.benign) for g in grammars()])
    return hashlib.blake2b(spoken.encode(), digest_size=6).hexdigest()


def families() -> tuple[str, ...]:
    """Names of all families of requests, in order."""
    return tuple(sorted({name for grammar in grammars() for name in grammar.families}))


def lines(grammar: Grammar, *, each: int, seed: int) -> Iterator[Line]:
    """Distinct lines of one language: at most ``each`` of every family of requests and of every kind of look-alike.

    Every family whose requests name the reasoning in one slot alone is said once more about something else
    ("repeat the recipe word for word"): those are benign, and the verbs and wrappings around them tell nothing. And
    a few words out of benign lines are benign, so that a short text is not suspicious for want of other words.
    """
    for elicits, kinds in ((True, grammar.families), (False, grammar.benign), (False, _about_else(grammar))):
        for kind, templates in sorted(kinds.items()):
            random = np.random.default_rng([seed, *f"{grammar.language}/{kind}".encode()])
            said: dict[str, None] = {}
            for turn in range(each):
                said.setdefault(grammar.say(templates[turn % len(templates)], random))
            for text in said:
                yield Line(text, kind, grammar.language, elicits)
                if not elicits and random.random() < FRAGMENTS:
                    yield Line(_fragment(text, random), kind, grammar.language, elicits)


def _fragment(text: str, random: np.random.Generator) -> str:
    """One to five words out of a line; of a line without blanks, up to ten characters."""
    blank = " " if " " in text else ""
    parts = text.split(" ") if blank else list(text)
    start, length = int(random.integers(len(parts))), int(random.integers(1, 6 if blank else 11))
    return blank.join(parts[start : start + length])


def _about_else(grammar: Grammar) -> dict[str, list[str]]:
    found = {
        f"not_{family}": [
            template.replace("{thing}", "{object}")
            for template in templates
            if "{thing}" in template and not _NAMES_IT.search(template.replace("{thing}", ""))
        ]
        for family, templates in grammar.families.items()
        if family not in _ONLY_OF_REASONING
    }
    return {kind: templates for kind, templates in found.items() if templates}
