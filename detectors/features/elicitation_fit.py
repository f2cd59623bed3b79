"""Fit the elicitation model: ``python -m detectors.features.elicitation_fit --texts FILE... --quiet FILE... --seed N``.

Requests for hidden reasoning are the project's own (``elicitation_texts``), and so are most of what looks like them.
``--texts`` are corpora of ordinary requests to fit on besides; ``--quiet`` are corpora that are not fitted on, of which
the share ``--rate`` may lie above the threshold. Each is JSON Lines of ``{"text", "license", "cls"}``, a folder stands
for all of its files, and evaluation sets (``cls`` C) are refused. Without them the threshold is set on texts of the
project that were said anew. ``--without FAMILY`` leaves a family out, so that it can be tested as one never seen.

What is written is numbers: weights of hashed buckets, no text.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse  # type: ignore[import-untyped]
from sklearn.linear_model import LogisticRegression

from detectors.features.elicitation import FOLDED, FORMAT, restored
from detectors.features.elicitation_texts import digest, grammars, lines
from detectors.features.elicitation_tokens import BUCKETS, MOST, VERSION, WORDS, buckets, sentences
from detectors.features.extractor import _clean, _ends
from detectors.features.fit import _files, texts_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

PER_SOURCE = 1500
"""Texts taken of one corpus, so that one narrow product does not outweigh the others."""
READ = 512
"""Characters read of a text, as the extractor does."""
INVERSE_PENALTY = 0.3
"""Of the log-odds. Strong: with each family left out in turn, weaker penalties found fewer of its requests."""
ORDINARY, ABOUT_ELSE = 3.0, 2.0
"""Weights of a sentence of a corpus, and of a request that is about something else."""
NAMING_PENALTY = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What a fit is made of."""

    seed: int = 1
    each: int = 800
    """Lines of every family and kind in English; a third of that in every other language."""
    rate: float = 0.014
    """Share of the quiet texts above the threshold: the share of chats at which the published peer was measured."""
    without: tuple[str, ...] = ()


USUAL = Recipe()


def fit(recipe: Recipe, ordinary: Sequence[str] = (), quiet: Sequence[str] = ()) -> dict[str, NDArray[Any]]:
    """Arrays of a model, without ``about``.

    Parameters
    ----------
    recipe
        Seed, sizes, families left out.
    ordinary
        Texts that ask for nothing of the kind, to fit on.
    quiet
        Such texts that are not fitted on: the threshold is set on them.

    """
    said = [line for line in _lines(recipe) if line.family.removeprefix("not_") not in recipe.without]
    asks = np.array([line.elicits for line in said])
    own = _units([line.text for line in said], whole=True)
    rows = sparse.vstack([own, _units(ordinary)]) if ordinary else own
    others = rows.shape[0] - len(asks)
    heavy = [ABOUT_ELSE if line.family.startswith("not_") else 1.0 for line in said]
    line = LogisticRegression(C=INVERSE_PENALTY, max_iter=200, tol=1e-4)
    line.fit(rows.tocsr(), np.append(asks, np.zeros(others, np.bool_)), np.append(heavy, np.full(others, ORDINARY)))
    weights, scale = _integers(line.coef_[0], np.int16)
    families = sorted({each.family for each in said if each.elicits})
    naming, naming_bias = _naming(own[asks], [each.family for each in said if each.elicits])
    arrays = {
        "weights": weights,
        "line": np.array([scale, line.intercept_[0], 0.0]),
        "naming": naming,
        "naming_bias": naming_bias,
    }
    read = restored(arrays, {"format": FORMAT, "families": families}).read(list(quiet) or _anew(recipe))
    odds = np.sort([reading.log_odds for reading in read])
    arrays["line"][2] = round(float(odds[len(odds) - 1 - int(recipe.rate * len(odds))]), 4)
    return arrays


def as_read(text: str) -> str:
    """The part of a user turn that the extractor reads."""
    return _clean(_ends(text.strip(), READ))


def _lines(recipe: Recipe) -> list[Any]:
    return [
        line
        for grammar in grammars()
        for line in lines(grammar, each=recipe.each if grammar.language == "en" else recipe.each // 3, seed=recipe.seed)
    ]


def _anew(recipe: Recipe) -> list[str]:
    """Benign texts of the project that another seed says and that were not fitted on."""
    fitted = {line.text for line in _lines(recipe)}
    other = Recipe(seed=recipe.seed + 1, each=recipe.each)
    return [line.text for line in _lines(other) if not line.elicits and line.text not in fitted]


def _units(texts: Sequence[str], *, whole: bool = False) -> Any:
    """A row of features for each sentence and pair of neighbours, or for each text as a ``whole``."""
    parts = [sentences(as_read(text)) for text in texts]
    flat = [sentence for part in parts for sentence in part]
    spans: list[tuple[int, int]] = []
    start = 0
    for part in parts:
        end = start + len(part)
        if whole:
            spans += [(start, end)] if part else []
        else:
            spans += [(i, i + width) for width in (1, 2) for i in range(start, end - width + 1)]
        start = end
    row = np.repeat(np.arange(len(spans)), [end - start for start, end in spans])
    column = np.array([i for start, end in spans for i in range(start, end)])
    joined = sparse.csr_matrix((np.ones(len(row)), (row, column)), (len(spans), len(flat)))
    return _normed(joined @ _counts(flat))


def _counts(said: Sequence[str]) -> Any:
    parts = []
    for start in range(0, len(said), MOST):
        part = said[start : start + MOST]
        sentence, bucket = buckets(part)
        parts.append(sparse.csr_matrix((np.ones(len(bucket)), (sentence, bucket)), (len(part), BUCKETS)))
    return sparse.vstack(parts).tocsr()


def _normed(counts: Any) -> Any:
    """Character buckets and word buckets, each divided by the root of their number, as the model divides them."""
    halves = []
    for half in (counts[:, :WORDS], counts[:, WORDS:]):
        number = np.maximum(np.asarray(half.sum(axis=1)).ravel(), 1)
        halves.append(sparse.diags(1 / np.sqrt(number)) @ half)
    return sparse.hstack(halves, format="csr")


def _naming(rows: Any, families: Sequence[str]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    folds = sparse.csr_matrix((np.ones(BUCKETS), (np.arange(BUCKETS), np.arange(BUCKETS) % FOLDED)))
    folded = (rows > 0).astype(np.float64) @ folds
    number = np.maximum(np.asarray(folded.sum(axis=1)).ravel(), 1)
    model = LogisticRegression(C=NAMING_PENALTY, max_iter=60, tol=1e-3)
    model.fit(sparse.diags(1 / np.sqrt(number)) @ folded, list(families))
    weights, scale = _integers(model.coef_, np.int8)
    return weights, (model.intercept_ / scale).astype(np.float32)


def _integers(weights: NDArray[np.float64], kind: type[np.int8 | np.int16]) -> tuple[NDArray[Any], float]:
    """The weights in whole multiples of a scale."""
    scale = float(np.abs(weights).max()) / np.iinfo(kind).max
    return np.round(weights / scale).astype(kind), scale


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; 0 when the model was written."""
    parser = argparse.ArgumentParser(
        prog="python -m detectors.features.elicitation_fit", description="Fit the elicitation model."
    )
    parser.add_argument("--texts", nargs="*", type=Path, default=[], help="corpora of ordinary requests to fit on")
    parser.add_argument("--quiet", nargs="*", type=Path, default=[], help="corpora to set the threshold on")
    parser.add_argument("--rate", type=float, default=USUAL.rate, help="share of those above the threshold")
    parser.add_argument("--seed", type=int, default=USUAL.seed)
    parser.add_argument("--each", type=int, default=USUAL.each, help="lines of every family and kind in English")
    parser.add_argument("--without", nargs="*", default=[], help="families left out")
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args(arguments)
    recipe = Recipe(seed=given.seed, each=given.each, rate=given.rate, without=tuple(given.without))
    try:
        ordinary, quiet = (_sources(paths, recipe.seed) for paths in (given.texts, given.quiet))
        arrays = fit(recipe, [t for s in ordinary for t in s.texts], [t for s in quiet for t in s.texts])
    except (OSError, ValueError, KeyError) as error:
        sys.stderr.write(f"cannot fit an elicitation model: {error}\n")
        return 1
    np.savez_compressed(
        given.out, allow_pickle=False, **arrays, about=np.array(json.dumps(_about(recipe, ordinary, quiet)))
    )
    return 0


@dataclass(frozen=True, slots=True)
class _Source:
    name: str
    licence: str
    texts: Sequence[str]


def _sources(paths: Sequence[Path], seed: int) -> list[_Source]:
    found = []
    for path in _files(paths):
        texts, licence = texts_of(path)
        chosen = np.sort(np.random.default_rng(seed).permutation(len(texts))[:PER_SOURCE])
        found.append(_Source(path.name, licence, [texts[i] for i in chosen]))
    return found


def _about(recipe: Recipe, ordinary: Sequence[_Source], quiet: Sequence[_Source]) -> dict[str, Any]:
    options = [f"--seed {recipe.seed}", f"--each {recipe.each}", f"--rate {recipe.rate}"]
    for name, values in (("texts", ordinary), ("quiet", quiet), ("without", recipe.without)):
        if values:
            options.append(f"--{name} " + " ".join(v if isinstance(v, str) else v.name for v in values))
    said = [line for line in _lines(recipe) if line.elicits and line.family not in recipe.without]
    return {
        "format": FORMAT,
        "command": f"python -m detectors.features.elicitation_fit {' '.join(options)} --out elicitation.npz",
        "seed": recipe.seed,
        "each": recipe.each,
        "rate": recipe.rate,
        "licences": sorted({"Apache-2.0 (the project's own texts)", *(s.licence for s in (*ordinary, *quiet))}),
        "families": sorted({line.family for line in said}),
        "without": list(recipe.without),
        "grammars": digest(),
        "tokens": VERSION,
        "fitted_on": [{"corpus": s.name, "license": s.licence, "texts": len(s.texts)} for s in ordinary],
        "threshold_from": [{"corpus": s.name, "license": s.licence, "texts": len(s.texts)} for s in quiet],
    }


if __name__ == "__main__":
    sys.exit(main())
