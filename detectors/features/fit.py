"""Fit the codebook: ``python -m detectors.features.fit --texts FILE... --seed N --out codebook.npz``.

Each file is JSON Lines (``.jsonl``, ``.jsonl.gz``) of ``{"text", "license", "cls"}``; a folder stands for
all of its files. Evaluation sets (``cls`` C) are refused. What is written is numbers: no text, and no row
that is one text's own, since every centroid is the mean of at least ``SMALLEST`` distinct texts.

References
----------
[^1]: Arthur, D., Vassilvitskii, S., 2007. k-means++: The Advantages of
      Careful Seeding. SODA.

"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.cluster import KMeans

from detectors.features.codebook import CELLS, DIRECTIONS, FORMAT
from detectors.features.embedding import VERSION, default
from detectors.features.extractor import _clean, _ends

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

SMALLEST = 50
"""Texts behind each centroid, at least."""
PER_SOURCE = 6000
"""Texts taken of one file, so that one narrow product does not own the map."""
READ = 512


def texts_of(path: Path) -> tuple[list[str], str]:
    """Distinct texts of a corpus, in order, and its licence.

    Raises
    ------
    ValueError
        It is an evaluation set, or states no licence.

    """
    opener = gzip.open if path.suffix == ".gz" else open
    found: dict[str, None] = {}
    licence = ""
    with opener(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            if row.get("cls") == "C":
                raise ValueError(f"{path} is an evaluation set: nothing is fitted from those")
            licence = row.get("license", "")
            found.setdefault(_clean(_ends(row["text"].strip(), READ)))
    if not licence:
        raise ValueError(f"{path} states no licence")
    return [text for text in found if text], licence


def centroids(points: NDArray[np.float32], *, cells: int, smallest: int, seed: int) -> NDArray[np.float32]:
    """k-means centroids, each the mean of at least ``smallest`` points.

    Cells that are too small are given up and the largest ones are split in their stead, until none is.
    Points so far out that hardly any is near them (a cell of a fifth of ``smallest``) are left out.

    Raises
    ------
    ValueError
        There are too few points, or it does not settle.

    """
    if len(points) < cells * smallest:
        raise ValueError(f"{len(points)} texts are too few for {cells} cells of {smallest}")
    generator = np.random.default_rng(seed)
    start: NDArray[np.float32] | None = None
    for _ in range(40):
        model = KMeans(cells, init="k-means++" if start is None else start, n_init=1, max_iter=40, random_state=seed)
        labels = model.fit_predict(points)
        sizes = np.bincount(labels, minlength=cells)
        if sizes.min() >= smallest:
            return np.stack([points[labels == cell].mean(axis=0) for cell in range(cells)])
        start = model.cluster_centers_.copy()
        small = np.flatnonzero(sizes < smallest)
        kept = sizes[labels] >= smallest // 5
        points, labels = points[kept], labels[kept]
        for cell, large in zip(small, np.argsort(-sizes), strict=False):
            # A member pair of the large cell, averaged over many members so that no seed is one text.
            members = generator.permutation(np.flatnonzero(labels == large))
            half = max(len(members) // 2, 1)
            side = points[members] @ (points[members[0]] - start[large])
            start[cell] = points[members[np.argsort(-side)[:half]]].mean(axis=0)
    raise ValueError("k-means did not settle with cells of that size; use more texts or another seed")


def fit(sources: Sequence[Path], *, seed: int) -> dict[str, NDArray[Any]]:
    """Mean, directions, centroids and origin of these corpora."""
    generator = np.random.default_rng(seed)
    vectors: list[NDArray[np.float32]] = []
    listed: list[dict[str, Any]] = []
    for path in sources:
        texts, licence = texts_of(path)
        chosen = [texts[i] for i in np.sort(generator.permutation(len(texts))[:PER_SOURCE])]
        rows = [vector for vector in default().embed(chosen) if vector.any()]
        vectors += rows
        listed.append({"corpus": path.name.split(".")[0], "license": licence, "texts": len(rows)})
    points = np.stack(vectors)
    mean = points.mean(axis=0)
    _, _, directions = np.linalg.svd(points - mean, full_matrices=False)
    names = " ".join(path.name for path in sources)
    about = {
        "format": FORMAT,
        "command": f"python -m detectors.features.fit --texts {names} --seed {seed} --out codebook.npz",
        "seed": seed,
        "licences": sorted({source["license"] for source in listed}),
        "embedding": VERSION,
        "sources": listed,
        "texts": len(points),
        "smallest_cell": SMALLEST,
    }
    return {
        "mean": mean.astype(np.float16),
        "directions": directions[:DIRECTIONS].astype(np.float32),
        "centroids": centroids(points, cells=CELLS, smallest=SMALLEST, seed=seed).astype(np.float16),
        "about": np.array(json.dumps(about)),
    }


def _files(given: Sequence[Path]) -> Iterator[Path]:
    for path in given:
        if path.is_dir():
            yield from sorted(p for p in path.iterdir() if p.name.endswith((".jsonl", ".jsonl.gz")))
        else:
            yield path


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; 0 when the codebook was written."""
    parser = argparse.ArgumentParser(prog="python -m detectors.features.fit", description=__doc__.splitlines()[0])
    parser.add_argument("--texts", nargs="+", type=Path, required=True, help="corpora, or folders of them")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args(arguments)
    try:
        arrays = fit(list(_files(options.texts)), seed=options.seed)
    except (OSError, ValueError, KeyError) as error:
        sys.stderr.write(f"cannot fit a codebook: {error}\n")
        return 1
    np.savez_compressed(options.out, allow_pickle=False, **arrays)
    return 0


if __name__ == "__main__":
    sys.exit(main())
