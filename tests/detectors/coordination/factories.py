"""Footprints for tests."""

from __future__ import annotations

from typing import Any

import numpy as np

from detectors.coordination.footprints import KINDS, Footprints, salted

T0 = 1_790_000_000.0


def some(rows: int, *, seed: int = 1, accounts: int = 20, texts: int = 5, **fixed: Any) -> Footprints:
    """Random footprints in order of time; what is ``fixed`` is that in every row."""
    rng = np.random.default_rng(seed)
    account = rng.integers(1, accounts + 1, rows, dtype=np.uint64)
    made: dict[str, Any] = {
        "time": T0 + np.sort(rng.uniform(0, 3600, rows)),
        "account": account,
        "actor": account,
        "keys": salted(rng.integers(0, texts + 1, (rows, len(KINDS)), dtype=np.uint64)),
        "prompt": rng.integers(1, 1 << 60, rows, dtype=np.uint64),
        "cell": rng.integers(0, 256, rows).astype(np.uint16),
        "follows": rng.random(rows) < 0.3,
        "purpose": rng.normal(size=rows).astype(np.float32),
        "output_tokens": rng.integers(1, 900, rows).astype(np.float32),
        "network": rng.integers(0, 50, rows, dtype=np.uint64),
        "client": rng.integers(1, 9, rows, dtype=np.uint64),
    }
    for name, value in fixed.items():
        made[name] = np.broadcast_to(np.asarray(value, made[name].dtype), made[name].shape)
    return Footprints(**made)
