"""Library: the texts of the bench, cut into folds by where they come from."""

from __future__ import annotations

import gzip
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import msgspec

from service.bench.episodes.folds import FOLDS
from service.bench.suite import BenchError
from service.simulate.texts import LENGTH, ROWS, Corpus, Texts, own

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from service.simulate.dice import Dice

OWN = "own"
"""Source of the texts that ship with the project."""
HARVEST, HONEST, HARD = "A", "B", "C"
"""Classes of a corpus: prompts that a distiller sends, benign traffic, benign mass querying."""
BATCH = 60
"""Rows of one template from which they are a batch of their own."""
BORROWED = 0.85
"""Share of an honest account's topics that are its corpus; the rest are words of the project."""


class _Extra(msgspec.Struct):
    template: Any = ""


class _Row(msgspec.Struct):
    text: str = ""
    cls: str = ""
    source: str = ""
    extra: _Extra = msgspec.field(default_factory=_Extra)
    rate_rps: float = -1.0
    client: str = ""
    t: float = 0.0


@dataclass(frozen=True, slots=True)
class Shelf:
    """A corpus with what it stands for."""

    corpus: Corpus
    cls: str
    owner: str
    """Who made it: corpora of one owner are never on both sides of a fit."""
    batches: Sequence[Sequence[str]] = ()
    """Rows of one template each, where the corpus has templates."""


@dataclass(frozen=True)
class Library:
    """Texts and hours of arrival; loaded from a folder, or the project's own where none is given.

    Parameters
    ----------
    folder
        ``*.jsonl(.gz)`` of ``{"text", "cls", "source"}`` with class A, B or C, and of arrivals
        ``{"client", "t", "rate_rps"}``; None for the project's own texts.

    """

    folder: Path | None = None

    @cached_property
    def shelves(self) -> Sequence[Shelf]:
        """The corpora, by name.

        Raises
        ------
        BenchError
            The folder has none, or a file cannot be read.

        """
        if self.folder is None:
            return ()
        found = [shelf for file in _files(self.folder) if (shelf := _shelf(file)) is not None]
        missing = {HARVEST, HONEST, HARD} - {shelf.cls for shelf in found}
        if missing:
            raise BenchError(
                f'{self.folder}: no corpus of class {", ".join(sorted(missing))}; rows need a "cls" of A, B or C'
            )
        return found

    @cached_property
    def rhythms(self) -> Sequence[tuple[float, ...]]:
        """Weight of each hour of the day, for every client whose arrivals are known."""
        return [] if self.folder is None else [r for file in _files(self.folder) for r in _rhythms(file)]

    @cached_property
    def _folds(self) -> Mapping[str, int]:
        """Owner -> fold, so that each fold gets about as many corpora of each class."""
        classes: dict[str, list[str]] = {}
        for shelf in self.shelves:
            classes.setdefault(shelf.owner, []).append(shelf.cls)
        held = [Counter[str]() for _ in range(FOLDS)]
        dealt = {}
        for owner in sorted(classes, key=lambda name: (-len(classes[name]), name)):
            fold = min(range(FOLDS), key=lambda i: (sum(held[i][cls] for cls in classes[owner]), held[i].total(), i))
            held[fold].update(classes[owner])
            dealt[owner] = fold
        return dealt

    def fold(self, shelf: Shelf) -> int:
        """Where the corpus belongs."""
        return self._folds[shelf.owner]

    def texts(self, fold: int, dice: Dice, *, attack: bool, hard: bool = False) -> tuple[str, Texts]:
        """The texts of one account of a fold, and the name of their source."""
        words = own()
        domains = words.domains[fold::FOLDS]
        wanted = {HARVEST} if attack else {HARD, HONEST} if hard else {HONEST}
        shelves = [shelf for shelf in self.shelves if shelf.cls in wanted and self.fold(shelf) == fold]
        if not shelves:
            return OWN, Texts(domains, words.languages)
        shelf = dice.pick(shelves)
        rows = dice.pick(shelf.batches) if shelf.batches else shelf.corpus.rows
        corpus = Corpus(shelf.corpus.name, rows, dice.pick(domains))
        return corpus.name, Texts(domains, words.languages, (corpus,), 1.0 if attack else BORROWED)

    @property
    def words(self) -> str:
        """What it holds, for the head of a report."""
        if not self.shelves:
            return f"texts of the project's own ({len(own().domains)} domains)"
        return "corpora " + ", ".join(f"{s.corpus.name} ({s.cls}, {len(s.corpus.rows):,})" for s in self.shelves)


def _files(folder: Path) -> Sequence[Path]:
    return sorted([*folder.glob("*.jsonl"), *folder.glob("*.jsonl.gz")])


def _read(file: Path) -> Iterator[_Row]:
    decode = msgspec.json.Decoder(_Row).decode
    number = 0
    try:
        with gzip.open(file) if file.suffix == ".gz" else file.open("rb") as lines:
            for line in lines:
                number += 1
                yield decode(line)
    except (OSError, EOFError) as error:
        raise BenchError(f"{file}: {error}") from None
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BenchError(f"{file}:{number}: {error}") from None


def _shelf(file: Path) -> Shelf | None:
    """The corpus in a file; None where its rows are no texts of a known class."""
    name = file.name.partition(".")[0]
    rows: list[str] = []
    batches: dict[str, list[str]] = {}
    first = None
    for row in _read(file):
        first = first or row
        if first.cls not in (HARVEST, HONEST, HARD) or len(rows) >= ROWS:
            break
        if text := row.text.strip()[:LENGTH]:
            rows.append(text)
            if row.extra.template:
                batches.setdefault(str(row.extra.template), []).append(text)
    if first is None or not rows:
        return None
    large = [batch for batch in batches.values() if len(batch) >= BATCH]
    owner = first.source.partition("/")[0] or name
    # Its words are chosen with its texts; an account brings its own domain.
    return Shelf(Corpus(name, rows, own().domains[0]), first.cls, owner, large if first.cls == HARD else ())


def _rhythms(file: Path) -> Iterator[tuple[float, ...]]:
    hours: dict[str, list[float]] = {}
    for row in _read(file):
        if row.rate_rps < 0 or not row.client:
            return
        hours.setdefault(row.client, [0.0] * 24)[int(row.t // 3600) % 24] += row.rate_rps
    for weights in hours.values():
        total = sum(weights)
        if total:
            # No hour is quite without: an account that is cut off at midnight would be a trace of the file.
            yield tuple(weight / total + 0.002 for weight in weights)
