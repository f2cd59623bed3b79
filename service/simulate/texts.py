"""Texts: what callers write, by topic and kind.

The kinds are those of ``data/phrases.yaml``: ``ask``, ``write``, ``task``, ``follow``, ``small``, ``ticket``,
``review``, ``post``, ``sentence``, ``problem``. A ``Topic`` is a domain with words of its own; a ``Corpus`` is a file
of texts given at run time, which says its texts for every kind of request and borrows a domain's words for the rest.
"""

from __future__ import annotations

import gzip
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

import msgspec
import yaml

from service.simulate.grammar import Phrase

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from service.simulate.dice import Dice

ROWS = 20_000
"""Texts taken of a corpus."""
LENGTH = 6000
"""Characters of a text taken."""
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
REQUESTS = frozenset({"ask", "write", "task", "ticket", "review", "post", "problem"})


class TextsError(Exception):
    """A corpus cannot be read; the message names file and line."""


@dataclass(frozen=True, slots=True)
class Topic:
    """A domain: its words, and the phrases they go into."""

    name: str
    words: Mapping[str, Sequence[str]]
    phrases: Mapping[str, Sequence[Phrase]]
    language: str = "en"

    def say(self, kind: str, dice: Dice) -> str:
        """A text of this kind."""
        said = dice.pick(self.phrases[kind]).say(dice, self.words).strip()
        return said[0].upper() + said[1:] if kind in {"sentence", "ticket", "problem"} else said

    def prose(self, sentences: int, dice: Dice) -> str:
        """Sentences in a row, a paragraph for every five or so."""
        said = []
        for i in range(sentences):
            said.append(self.say("sentence", dice))
            said.append("\n\n" if i % 5 == 4 and dice.chance(0.7) else " ")
        return "".join(said).strip()


@dataclass(frozen=True, slots=True)
class Corpus:
    """A file of texts."""

    name: str
    rows: Sequence[str]
    domain: Topic

    @property
    def words(self) -> Mapping[str, Sequence[str]]:
        """Of its domain."""
        return self.domain.words

    def say(self, kind: str, dice: Dice) -> str:
        """One of its texts, where the kind is a request."""
        return dice.pick(self.rows) if kind in REQUESTS else self.domain.say(kind, dice)

    def prose(self, sentences: int, dice: Dice) -> str:
        """Sentences of its domain."""
        return self.domain.prose(sentences, dice)


Source = Topic | Corpus


@dataclass(frozen=True, slots=True)
class Texts:
    """All there is to write about."""

    domains: Sequence[Topic]
    languages: Sequence[Topic]
    corpora: Sequence[Corpus] = field(default=())
    share: float = 0.6
    """Of the topics drawn, how many are corpora where there are any; at 1 nothing else is written about."""

    def topic(self, dice: Dice) -> Source:
        """A topic in English."""
        return dice.pick(self.corpora) if self.corpora and dice.chance(self.share) else dice.pick(self.domains)

    def some(self, n: int, dice: Dice) -> list[Source]:
        """``n`` topics, each drawn for itself."""
        return [self.topic(dice) for _ in range(n)]

    def fresh(self, kind: str, dice: Dice, among: Sequence[Source] | None = None) -> Iterator[str]:
        """Texts of ever-new topics that never repeat, as a list made for harvesting holds them; without end."""
        own: Sequence[Source] = self.domains if self.share < 1 or not self.corpora else ()
        sources: list[Source] = list(among) if among else [*own, *self.corpora]
        left = {c.name: dice.order(len(c.rows)) for c in sources if isinstance(c, Corpus)}
        seen: set[str] = set()
        while True:
            source = dice.pick(sources)
            if isinstance(source, Corpus):
                order = left[source.name]
                text = source.rows[order.pop()] if order else source.domain.say(kind, dice)
            else:
                text = source.say(kind, dice)
            if text not in seen:
                seen.add(text)
                yield text


@cache
def data(name: str) -> dict[str, Any]:
    """What a YAML file of the folder ``data`` holds."""
    text = (resources.files(__package__) / "data" / name).read_text(encoding="utf-8")
    return yaml.safe_load(text)  # type: ignore[no-any-return]


@cache
def own() -> Texts:
    """The project's own texts."""
    phrases: Mapping[str, Sequence[Phrase]] = {
        kind: [Phrase(template) for template in templates] for kind, templates in data("phrases.yaml").items()
    }
    domains = [Topic(name, _words(entry), phrases) for name, entry in data("lexicon.yaml").items()]
    languages = []
    for code, entry in data("languages.yaml").items():
        said = [Phrase(template) for template in entry["phrases"]]
        # Instructions around a text are often English whatever its language.
        words = {
            **_numbers(),
            "person": ["user", "client"],
            "trouble": ["something is missing"],
            "thing": entry["things"],
            "other": entry["things"],
            "does": entry["does"],
            "trait": entry["traits"],
        }
        languages.append(Topic(code, words, dict.fromkeys(phrases, said), code))
    return Texts(domains, languages)


def load(*paths: Path) -> Texts:
    """The project's own texts, with corpora: files of ``{"text": ...}`` a line, or folders of such files.

    A file of a folder whose lines have no ``text`` is none of them, and is left out.

    Raises
    ------
    TextsError
        There is no text, or a file cannot be read.

    """
    texts = own()
    corpora = []
    for path in paths:
        found = [(file, _rows(file)) for file in (_files(path) if path.is_dir() else [path])]
        if not any(rows for _, rows in found):
            raise TextsError(f'{path}: no lines of {{"text": ...}} in it; folders hold them as *.jsonl or *.jsonl.gz')
        corpora += [(file, rows) for file, rows in found if rows]
    return Texts(
        texts.domains,
        texts.languages,
        [
            Corpus(file.name.partition(".")[0], rows, texts.domains[index % len(texts.domains)])
            for index, (file, rows) in enumerate(corpora)
        ],
    )


def _files(folder: Path) -> list[Path]:
    return sorted([*folder.glob("*.jsonl"), *folder.glob("*.jsonl.gz")])


def _words(entry: dict[str, str]) -> dict[str, Sequence[str]]:
    lists = {name: [word.strip() for word in words.split(",")] for name, words in entry.items()}
    return {
        "thing": lists["things"],
        "other": lists["things"],
        "does": lists["does"],
        "trait": lists["traits"],
        "person": lists["people"],
        "trouble": lists["trouble"],
        **_numbers(),
    }


@cache
def _numbers() -> dict[str, Sequence[str]]:
    numbers = [str(n) for n in (2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 15, 20, 24, 25, 30, 40, 45, 50, 60, 75, 90, 120)]
    codes = [f"{LETTERS[i * 7 % 24]}{LETTERS[i * 5 % 24]}-{10_000 + i * 7919 % 90_000}" for i in range(500)]
    return {"n": numbers, "m": numbers[:12], "k": numbers[:6], "code": codes}


class _Row(msgspec.Struct):
    text: str = ""


def _rows(file: Path) -> list[str]:
    decode = msgspec.json.Decoder(_Row).decode
    rows: list[str] = []
    number = 0
    try:
        with gzip.open(file) if file.suffix == ".gz" else file.open("rb") as lines:
            for line in lines:
                number += 1
                if len(rows) >= ROWS:
                    break
                if text := decode(line).text.strip()[:LENGTH]:
                    rows.append(text)
    except (OSError, EOFError) as error:
        raise TextsError(f"{file}: {error}") from None
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise TextsError(f"{file}:{number}: {error}") from None
    return rows
