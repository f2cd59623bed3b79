"""Pictures: tables and plots of the accounts suite."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np

from service.bench.episodes import plan
from service.bench.episodes.held import FPR, sample
from service.bench.episodes.resample import area, found
from service.bench.figure import shown
from service.bench.plot import Curve, cumulative, roc, roc_points, time_to_flag
from service.bench.suite import Table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from service.bench.episodes.held import Held
    from service.bench.plot import Plot


def tables(held: Held, peers: Sequence[str]) -> Iterator[Table]:
    """Beside the published detectors, by kind of harvest, by honest kind."""
    shares = sorted(plan.SHARES, reverse=True)
    if peers:
        rows = [_beside("revenuer", "", held, shares), *(_beside(peer, peer, held, shares) for peer in peers)]
        yield Table(
            "Beside the published detectors, found at 0.5 % FPR",
            ("detector", *(f"#{share:.0%}" for share in shares), "#AUROC ordinary", "#AUROC hard"),
            rows,
            "Each with its own threshold, set on the same benign accounts.",
        )
    threshold = held.threshold
    grouped: dict[str, dict[float, list[bool]]] = defaultdict(lambda: defaultdict(list))
    for verdict in held.attacks:
        grouped[verdict.measured.episode.kind][verdict.measured.episode.share].append(verdict.score > threshold)
    yield Table(
        "Harvests by kind, found at that threshold",
        ("kind", *(f"#{share:.0%}" for share in shares), "#n each"),
        [
            (kind, *(shown(float(np.mean(hits[share])), "%") for share in shares), str(len(hits[1.0])))
            for kind, hits in sorted(grouped.items())
        ],
    )
    kinds: dict[str, list[float]] = defaultdict(list)
    for verdict in held.benign:
        kinds[verdict.measured.episode.kind].append(verdict.score)
    worst = sorted(kinds.items(), key=lambda item: -max(item[1]))
    yield Table(
        "Benign kinds, highest scores first",
        ("kind", "#highest score", "#above the threshold", "#n"),
        [(kind, f"{max(s):.4f}", str(sum(x > threshold for x in s)), str(len(s))) for kind, s in worst],
    )


def _beside(name: str, peer: str, held: Held, shares: Sequence[float]) -> tuple[str, ...]:
    benign = sample(held.benign, peer)
    values = []
    for share in shares:
        attack = sample(held.at(share), peer)
        values.append(shown(found(attack, benign, FPR, np.ones(len(attack)), np.ones(len(benign))), "%"))
    full = sample(held.at(1.0), peer)
    for hard in (False, True):
        against = sample(held.against(hard=hard), peer)
        values.append(f"{area(full, against, np.ones(len(full)), np.ones(len(against))):.3f}")
    return (name, *values)


def plots(held: Held, peers: Sequence[str]) -> Iterator[Plot]:
    """ROC by share and beside the published detectors, and the queries that it takes."""
    benign = [v.score for v in held.benign]
    counted = f"{len(held.attacks):,} harvests, {len(benign):,} benign accounts"
    curves = [
        Curve(f"{share:.0%}", roc_points([v.score for v in held.at(share)], benign), emphasis=share == 1.0)
        for share in sorted(plan.SHARES, reverse=True)
    ]
    yield roc("Accounts, by share of the harvest", curves, counted)
    if peers:
        full = held.at(1.0)
        beside = [Curve("revenuer", roc_points([v.score for v in full], benign), emphasis=True)]
        beside += [
            Curve(p, roc_points([v.measured.peers[p] for v in full], [v.measured.peers[p] for v in held.benign]))
            for p in peers
        ]
        yield roc("Accounts at full share, beside the published detectors", beside, counted)
    threshold = held.threshold
    timed = [
        Curve(
            f"{share:.0%}",
            cumulative([q for v in at if (q := v.queries_to(threshold)) is not None], len(at)),
            steps=True,
            emphasis=share == 1.0,
        )
        for share in sorted(plan.SHARES, reverse=True)
        if (at := held.at(share))
    ]
    yield time_to_flag("Queries until an account is flagged", timed, counted, most=800)
