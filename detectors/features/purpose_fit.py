"""Fit the model of purpose: ``python -m detectors.features.purpose_fit --texts FILE... --seed N --out purpose.npz``.

The phrases are those of ``data/purposes.yaml``, by family; the texts between them come from corpora, JSON Lines of
``{"text", "license", "cls"}``: the same on both sides, so that what is asked about does not count. Only a phrase
that is nothing but its text takes it from ordinary use (``cls`` B). Evaluation sets (``cls`` C) are refused. For
every family the file states the area under the ROC curve of a model that never saw it.
"""

from __future__ import annotations

import argparse
import json
import sys
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import yaml
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from detectors.core.observation import EMBEDDING, SURFACE
from detectors.features.embedding import VERSION, Embedder, default
from detectors.features.extractor import _clean, _ends
from detectors.features.fit import texts_of
from detectors.features.purpose import FORMAT
from detectors.features.surface import surface

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

DRAWS = 40
"""Prompts made of each phrase."""
PAYLOAD = 400
"""Characters of a text that is put into a phrase."""
STRENGTH = 0.3
"""Inverse of the ridge penalty: of 0.03, 0.1, 0.3, 1 and 3 the best on families left out."""
SIDES = ("honest", "harvest")
BOUND = 768
"""As ``Extractor`` reads by default: two thirds of the user turn, a third of the system prompt."""
Topics = tuple[str, ...]
TOPICS: Topics = (
    *("garden tools", "tax law", "photosynthesis", "bicycle repair", "contract terms", "sea freight", "jazz harmony"),
    *("chess openings", "baking", "solar panels", "insurance claims", "machine learning", "Roman history", "pets"),
    *("skin care", "linear algebra", "home loans", "hiking boots", "network security", "poetry", "first aid"),
)


def prompts(phrase: str, corpora: Mapping[str, Sequence[str]], random: np.random.Generator) -> list[tuple[str, str]]:
    """System prompt and user turn, as the phrase makes them with texts drawn from the corpora."""
    bare = phrase.partition("|||")[2].strip() or phrase
    sources = [name for name in corpora if bare != "{0}" or "|||" in phrase or name.startswith("b_")]
    made = []
    for _ in range(DRAWS):
        drawn = [corpora[sources[random.integers(len(sources))]] for _ in range(3)]
        texts = [rows[random.integers(len(rows))][:PAYLOAD] for rows in drawn]
        topic = TOPICS[random.integers(len(TOPICS))]
        filled = phrase.replace("{n}", str(random.integers(2, 21))).replace("{t}", topic)
        for i, text in enumerate(texts):
            filled = filled.replace(f"{{{i}}}", text)
        system, bar, user = filled.partition("|||")
        made.append((system.strip(), user.strip()) if bar else ("", filled.strip()))
    return made


def features(asked: Sequence[tuple[str, str]], embedder: Embedder) -> NDArray[np.float32]:
    """Rows of user embedding, surface, system embedding and whether there is a system prompt."""
    bound = BOUND // 3
    users = [_clean(_ends(user, BOUND - bound)) for _, user in asked]
    systems = [_clean(_ends(system, bound)) for system, _ in asked]
    out = np.zeros((len(asked), 2 * EMBEDDING + SURFACE + 1), np.float32)
    out[:, :EMBEDDING] = embedder.embed(users)
    for row, (user, whole) in enumerate(zip(users, asked, strict=True)):
        out[row, EMBEDDING : EMBEDDING + SURFACE] = surface(user, user.encode(), len(whole[1]))
    out[:, EMBEDDING + SURFACE : -1] = embedder.embed(systems)
    out[:, -1] = [bool(system) for system, _ in asked]
    return out


def fit(phrases: Mapping[str, Mapping[str, Sequence[str]]], sources: Sequence[Path], *, seed: int) -> dict[str, Any]:
    """The model's arrays and how they came about."""
    random = np.random.default_rng(seed)
    read = {path.name.partition(".")[0]: texts_of(path) for path in sources}
    corpora = {name: texts for name, (texts, _) in read.items()}
    embedder = default()
    rows, labels, families = [], [], []
    for side, label in zip(SIDES, (0, 1), strict=True):
        for family, listed in phrases[side].items():
            made = features([p for phrase in listed for p in prompts(phrase, corpora, random)], embedder)
            rows.append(made)
            labels += [label] * len(made)
            families += [family] * len(made)
    points, truth, names = np.concatenate(rows), np.array(labels), np.array(families)
    scale = np.ones(points.shape[1], np.float32)
    written = slice(EMBEDDING, EMBEDDING + SURFACE)
    scale[written] = points[:, written].std(axis=0)
    unseen = {family: _left_out(points / scale, truth, names == family) for family in dict.fromkeys(families)}
    model = _model(points / scale, truth)
    weights = (model.coef_[0] / scale).astype(np.float32)
    about = {
        "format": FORMAT,
        "command": f"python -m detectors.features.purpose_fit --texts {' '.join(p.name for p in sources)} --seed {seed}"
        " --out purpose.npz",
        "seed": seed,
        "licences": sorted({"Apache-2.0 (the project's own phrases)", *(licence for _, licence in read.values())}),
        "embedding": VERSION,
        "prompts": len(points),
        "auc_of_families_left_out": unseen,
    }
    return {
        "embedding": weights[:EMBEDDING],
        "surface": weights[written],
        "instruction": weights[EMBEDDING + SURFACE : -1],
        "bias": np.array([model.intercept_[0], weights[-1]], np.float32),
        "about": np.array(json.dumps(about)),
    }


def _model(points: NDArray[np.float32], truth: NDArray[np.int64]) -> LogisticRegression:
    return LogisticRegression(C=STRENGTH, max_iter=2000, class_weight="balanced").fit(points, truth)


def _left_out(points: NDArray[np.float32], truth: NDArray[np.int64], family: NDArray[np.bool_]) -> float:
    """Of a family against all families of the other side, all of them unseen to half of their rows."""
    kept = ~family & (np.arange(len(truth)) % 2 == 0)
    judged = family | (~kept & (truth != truth[family][0]))
    scores = _model(points[kept], truth[kept]).decision_function(points[judged])
    return round(float(roc_auc_score(truth[judged], scores)), 4)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; 0 when the model was written."""
    parser = argparse.ArgumentParser(prog="python -m detectors.features.purpose_fit", description="Fit the purpose.")
    parser.add_argument("--texts", nargs="+", type=Path, required=True, help="corpora")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args(arguments)
    phrases = yaml.safe_load((files("detectors.features") / "data/purposes.yaml").read_text(encoding="utf-8"))
    try:
        arrays = fit(phrases, options.texts, seed=options.seed)
    except (OSError, ValueError, KeyError) as error:
        sys.stderr.write(f"cannot fit the purpose: {error}\n")
        return 1
    sys.stdout.write(f"{arrays['about']}\n")
    np.savez_compressed(options.out, allow_pickle=False, **arrays)
    return 0


if __name__ == "__main__":
    sys.exit(main())
