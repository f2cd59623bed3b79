"""Fit the purpose: ``python -m service.fitting.purpose --texts FILE... --seed N --out purpose.npz``.

The first model takes words alone: phrases with corpora between them, and the fresh queries of simulated accounts, half
of them on texts of those corpora. The second adds the answer, on the simulated queries. Every family of either side
counts alike, however many queries it has. ``--without`` leaves kinds out whole, for figures about them.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from detectors.core.combiner_fit import bounded
from detectors.core.observation import EMBEDDING, SURFACE
from detectors.features.embedding import VERSION, default
from detectors.features.fit import texts_of
from detectors.features.purpose import FORMAT, behaviour
from detectors.features.purpose_fit import features, phrases, prompts
from detectors.features.surface import LENGTH, NAMES
from service.fitting.samples import samples
from service.simulate.kinds import ALL
from service.simulate.population import Mix
from service.simulate.texts import load

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

BENIGN, ATTACKERS = 700, 350
"""Accounts of each of the two populations, on own texts and on the corpora's."""
QUERIES = 25
"""Of an account, so that a heavy one does not own the model."""
TRAFFIC = 0.35
"""Weight of the simulated traffic against the phrases. Of 0.3 and 0.6 the one carried further to other
tools, the other to other families."""
STRENGTH = 0.01
"""Inverse of the ridge penalty; between 0.003 and 0.02 it makes no difference on families left out."""
UNFIT = frozenset({"covered", "logits"})
"""Kinds whose single queries are not what their account is, or have no words to speak of."""
WORDS = 4.0
"""Scale of embeddings, so that the penalty bears on them as on the surface."""
WRITTEN = np.array([1, 1, 1, 0.05, 0.05, 0.05, 0.05, 0.1, 0.1, 0.05, 1, 0.2, 1, 1], np.float32)
"""Scale of each surface feature, likewise: about its spread."""

LONG = [NAMES.index("log_characters"), NAMES.index("log_words")]
"""Surface features that are left out: how long a template is, its owner chooses."""


def scales() -> NDArray[np.float32]:
    """What every column of ``features`` is multiplied with before the fit."""
    words = np.full(EMBEDDING, WORDS, np.float32)
    written = 1.0 / WRITTEN
    written[LONG] = 0.0
    return np.concatenate([words, written, words, np.ones(1, np.float32)])


def balanced(families: NDArray[np.str_], truth: NDArray[np.int64]) -> NDArray[np.float64]:
    """Weights under which every family of a side, and either side, counts alike; their mean is 1."""
    _, index, counts = np.unique(families, return_inverse=True, return_counts=True)
    weights = 1.0 / counts[index]
    for side in (0, 1):
        weights[truth == side] /= weights[truth == side].sum()
    return np.asarray(weights * len(truth) / 2)


def fit(files: Sequence[Path], *, seed: int, without: frozenset[str] = frozenset()) -> dict[str, Any]:
    """Arrays of both models, and how they came about."""
    random = np.random.default_rng(seed)
    read = {path.name.partition(".")[0]: texts_of(path) for path in files}
    corpora = {name: texts for name, (texts, _) in read.items()}
    listed = [(family, label, asked) for family, label, p in phrases() for asked in prompts(p, corpora, random)]
    drawn = [
        sample
        for number, texts in enumerate((load(), load(*files)))
        for sample in samples(
            seed + number,
            Mix(
                benign=BENIGN,
                attackers=ATTACKERS,
                days=1,
                ceiling=300,
                archetypes={name: kind for name, kind in ALL.items() if name not in UNFIT | without},
            ),
            texts,
            most=QUERIES,
        )
    ]
    embedder, scale = default(), scales()
    said = features([asked for _, _, asked in listed], embedder) * scale
    plain = features([(sample.system, sample.user) for sample in drawn], embedder)
    sent = plain * scale
    told, truth = np.array([label for _, label, _ in listed]), np.array([int(s.attack) for s in drawn])
    weight_said = balanced(np.array([family for family, _, _ in listed]), told) / len(told) * (1 - TRAFFIC)
    families = np.array([s.kind for s in drawn])
    weight_sent = balanced(families, truth) / len(truth) * TRAFFIC
    words = LogisticRegression(C=STRENGTH, solver="newton-cholesky", max_iter=60).fit(
        np.concatenate([said, sent]),
        np.concatenate([told, truth]),
        sample_weight=np.concatenate([weight_said, weight_sent]) * (len(told) + len(truth)),
    )
    odds = words.decision_function(sent)
    extra = behaviour(
        np.array([s.answer for s in drawn]), np.array([s.asked for s in drawn]), plain[:, EMBEDDING + LENGTH]
    )
    whole = np.column_stack([odds, extra])
    both = bounded(whole, truth.astype(np.bool_), balanced(families, truth), penalty=1.0)
    weights = (words.coef_[0] * scale).astype(np.float32)
    about = {
        "format": FORMAT,
        "command": f"python -m service.fitting.purpose --texts {' '.join(p.name for p in files)} --seed {seed}"
        + "".join(f" --without {kind}" for kind in sorted(without))
        + " --out purpose.npz",
        "seed": seed,
        "licences": sorted({"Apache-2.0 (the project's own phrases)", *(licence for _, licence in read.values())}),
        "embedding": VERSION,
        "phrases": len(listed),
        "queries": len(drawn),
        "auc_in_sample": {
            "words": round(float(roc_auc_score(truth, odds)), 3),
            "with_answers": round(float(roc_auc_score(truth, whole @ both[1:])), 3),
        },
    }
    return {
        "embedding": weights[:EMBEDDING],
        "surface": weights[EMBEDDING : EMBEDDING + SURFACE],
        "instruction": weights[EMBEDDING + SURFACE : -1],
        "bias": np.array([words.intercept_[0], weights[-1]], np.float32),
        "behaviour": np.array([*both[1:], both[0]], np.float32),
        "about": np.array(json.dumps(about)),
    }


@click.command()
@click.option("--texts", "files", multiple=True, required=True, type=click.Path(path_type=Path, exists=True))
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True)
@click.option("--without", multiple=True, metavar="KIND", help="Leave this kind of account out.")
@click.option("--out", required=True, type=click.Path(path_type=Path, dir_okay=False))
def main(*, files: tuple[Path, ...], seed: int, without: tuple[str, ...], out: Path) -> None:
    """Fit the model of single queries."""
    arrays = fit(files, seed=seed, without=frozenset(without))
    np.savez_compressed(out, allow_pickle=False, **arrays)
    click.echo(str(arrays["about"]))


if __name__ == "__main__":
    main()
