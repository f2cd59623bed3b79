"""Elicitation: of texts that ask for hidden reasoning, the share found at a stated share of benign texts.

Texts that were not written here come from ``--elicitation FOLDER``: YAML files with ``family`` and ``examples`` (those
bundled in the wheel of unmimic are of this form), YAML files with ``prompts``, which are benign look-alikes, and JSON
Lines of ``{"text", "family"}``. Benign texts are the corpora that the model was not fitted on; the threshold is set on
half of each and the figures are about the other half. Without such a folder, and beside it, each family of the
project's own is left out of a fit and looked for: those share an author with the fit, so they say less.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import yaml

from detectors.features import elicitation
from detectors.features.elicitation_fit import Recipe, as_read, fit
from detectors.features.elicitation_texts import families, grammars, lines
from service.bench import texts
from service.bench.figure import at_least, at_most, rate, row
from service.bench.peers import unmimic
from service.bench.statistics import threshold_at
from service.bench.suite import BenchError, Outcome, Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from service.bench.figure import Figure, Target
    from service.bench.suite import Given

RATE, FOUND = 0.01, 0.95
"""Share of benign texts that may be flagged, and of requests that must be."""
SET = 0.0075
"""Share of the first half that sets the threshold: below ``RATE``, since the second half differs by chance."""
EACH, QUICK_EACH = 150, 30
"""Lines of every family and kind in the fits that leave one out."""
MOST = 4000
"""Texts taken of a benign corpus."""


@dataclass(frozen=True, slots=True)
class Outside:
    """What others wrote."""

    families: Mapping[str, Sequence[str]]
    """Family -> requests."""
    benign: Sequence[str]
    """Look-alikes."""


@dataclass(frozen=True, slots=True)
class Halves:
    """Benign texts: those that set the threshold, and by corpus those that the figures are about."""

    setting: Sequence[str]
    tested: Mapping[str, Sequence[str]]


class Elicitation:
    """The suite."""

    name = "elicitation"
    summary = "requests for hidden reasoning: the share found at one benign text in a hundred"

    def run(self, given: Given) -> Outcome:
        """Set the threshold on one half, count on the other; leave families out in turn."""
        model = elicitation.default()
        halves, ordinary, data = _benign(given, model)
        outside = read(given.elicitation) if given.elicitation else Outside({}, ())
        threshold = threshold_at(_odds(model, halves.setting), SET)
        tested = {name: _odds(model, held) for name, held in halves.tested.items()}
        figures, tables = _at("one in a hundred", model, threshold, outside, tested, aim=True)
        shipped, shipped_tables = _at("threshold that ships", model, model.threshold, outside, tested, aim=False)
        left_out = list(_left_out(given, halves, ordinary))
        beside, notes = _beside(outside, halves)
        return Outcome(
            suite=self.name,
            about=ABOUT,
            data=f"{data}; {sum(map(len, outside.families.values()))} requests of {len(outside.families)} families and "
            f"{len(outside.benign)} look-alikes from {given.elicitation.name if given.elicitation else 'nowhere'}",
            figures=[*figures, *shipped, *left_out, *beside],
            tables=[*tables, *shipped_tables],
            notes=[*notes, *([] if outside.families else [NO_OUTSIDE])],
        )


def read(folder: Path) -> Outside:
    """Families and look-alikes of a folder.

    Raises
    ------
    BenchError
        It holds neither, or a file of it cannot be read.

    """
    found: dict[str, list[str]] = {}
    benign: list[str] = []
    for path in sorted(folder.rglob("*")):
        if path.suffix in {".yaml", ".yml"}:
            document = _yaml(path)
            found.setdefault(str(document.get("family", "")), []).extend(map(str, document.get("examples", ())))
            benign += [p if isinstance(p, str) else str(p.get("prompt", "")) for p in document.get("prompts", ())]
        elif path.suffix in {".jsonl", ".json"}:
            for text, family in _rows(path):
                found.setdefault(family, []).append(text)
    requests = {family: said for family, said in found.items() if said}
    if not requests:
        raise BenchError(f"{folder}: holds no requests; see the head of service/bench/elicitation.py for the forms")
    return Outside(requests, benign)


def _yaml(path: Path) -> Mapping[str, list[str | Mapping[str, str]]]:
    try:
        document = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise BenchError(f"{path}: cannot be read: {error}") from None
    return document if isinstance(document, dict) else {}


def _rows(path: Path) -> Iterator[tuple[str, str]]:
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        try:
            held = json.loads(line)
            yield held["text"], str(held.get("family", path.stem))
        except (ValueError, KeyError, TypeError, AttributeError):
            raise BenchError(f'{path}:{number}: is no JSON object with a "text"') from None


def _benign(given: Given, model: elicitation.Model) -> tuple[Halves, list[str], str]:
    """Benign texts in halves, those to fit on besides, and words for them."""
    if given.corpora is None:
        said = [line for g in grammars() for line in lines(g, each=60, seed=given.seed + 50) if not line.elicits]
        held = {f"own {language}": [line.text for line in said if line.language == language] for language in _spoken()}
        return _halved(held), [], f"{len(said):,} benign texts generated by the project itself"
    fitted = {str(source["corpus"]).partition(".")[0] for source in model.about["fitted_on"]}
    known = texts.corpora(given.corpora)
    held = {name: list(dict.fromkeys(rows))[:MOST] for name, rows in known.items() if name not in fitted}
    if not held:
        raise BenchError(f"{given.corpora}: the model was fitted on every corpus in it")
    ordinary = [text for name, rows in known.items() if name in fitted for text in dict.fromkeys(rows[:1500])]
    count = sum(map(len, held.values()))
    return _halved(held), ordinary, f"{count:,} benign texts of {len(held)} corpora that were not fitted on"


def _spoken() -> list[str]:
    return [grammar.language for grammar in grammars()]


def _halved(held: Mapping[str, Sequence[str]]) -> Halves:
    # By digest, so that a text that stands in two corpora is on one side in both.
    first = {name: [_side(text) for text in rows] for name, rows in held.items()}
    setting = [t for name, rows in held.items() for t, side in zip(rows, first[name], strict=True) if side]
    return Halves(
        setting, {n: [t for t, side in zip(rows, first[n], strict=True) if not side] for n, rows in held.items()}
    )


def _side(text: str) -> bool:
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=1).digest()[0] % 2 == 0


def _odds(model: elicitation.Model, said: Sequence[str]) -> NDArray[np.float64]:
    return np.array([reading.log_odds for reading in model.read([as_read(text) for text in said])])


def _at(
    point: str,
    model: elicitation.Model,
    threshold: float,
    outside: Outside,
    tested: Mapping[str, NDArray[np.float64]],
    *,
    aim: bool,
) -> tuple[list[Figure], list[Table]]:
    """Figures at a threshold, with tables by family and by corpus."""
    by_family = {family: _odds(model, said) > threshold for family, said in outside.families.items()}
    by_corpus = {name: odds > threshold for name, odds in tested.items()}
    look_alikes = _odds(model, outside.benign) > threshold
    figures = [_share(f"benign texts flagged, {point}", by_corpus.values(), at_most(RATE) if aim else None)]
    if by_family:
        figures.append(_share(f"requests found, {point}", by_family.values(), at_least(FOUND) if aim else None))
    if len(look_alikes):
        figures.append(_share(f"look-alikes flagged, {point}", [look_alikes]))
    parts = {f"Requests found by family, {point}": by_family, f"Benign texts flagged by corpus, {point}": by_corpus}
    return figures, [_table(title, part) for title, part in parts.items() if part]


def _table(title: str, part: Mapping[str, NDArray[np.bool_]]) -> Table:
    rows = [(*row(_share(name, [hits]))[:3], str(len(hits))) for name, hits in sorted(part.items())]
    return Table(title, ("name", "share", "interval", "#n"), rows)


def _share(name: str, hits: Iterable[NDArray[np.bool_]], target: Target | None = None) -> Figure:
    together = np.concatenate([*hits, np.empty(0, np.bool_)])
    return rate(name, int(together.sum()), len(together), target=target)


def _left_out(given: Given, halves: Halves, ordinary: Sequence[str]) -> Iterator[Figure]:
    """Each family of the project's own, found by a model that was fitted without it."""
    each = QUICK_EACH if given.quick else EACH
    for family in families()[: 2 if given.quick else None]:
        given.say(f"elicitation: without {family}")
        arrays = fit(Recipe(seed=given.seed, each=each, without=(family,)), ordinary)
        model = elicitation.restored(
            arrays, {"format": elicitation.FORMAT, "families": [other for other in families() if other != family]}
        )
        threshold = threshold_at(_odds(model, halves.setting), SET)
        anew = (line for grammar in grammars() for line in lines(grammar, each=20, seed=given.seed + 90))
        said = [line.text for line in anew if line.family == family]
        yield _share(f"own requests found by a model fitted without them: {family}", [_odds(model, said) > threshold])


def _beside(outside: Outside, halves: Halves) -> tuple[list[Figure], list[str]]:
    """Unmimic's guard, each family judged by a guard that was not given it."""
    try:
        found = unmimic.left_out(outside.families, halves.setting, [t for rows in halves.tested.values() for t in rows])
    except unmimic.UnavailableError as error:
        return [], [f"unmimic's guard does not run here ({error}). {PUBLISHED}"]
    return [
        _share("unmimic's guard: requests found, families left out", found.requests.values()),
        _share("unmimic's guard: benign texts flagged", [found.benign]),
    ], [PUBLISHED]


PUBLISHED = (
    "As published by unmimic 0.1.0: 92.1 % [88.2, 95.1] of 267 requests of families left out at 1.4 % of 10,000 benign"
    " prompts, other texts than these."
)
NO_OUTSIDE = "No texts from outside were given (--elicitation FOLDER): the figures are about families of the project."
ABOUT = (
    "The model that ships was fitted on the project's own requests and look-alikes and on other benign corpora. The"
    " threshold is set on half of every benign corpus that it was not fitted on, and the shares are about the other"
    " half and about requests that were not written here."
)
SUITE = Elicitation()
