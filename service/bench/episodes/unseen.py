"""Unseen: the model of purpose for each fold, fitted without the fold's kinds and without corpora of its owners.

The model that ships has seen every kind of the simulator, so a figure about one of them that it took part in would say
nothing about new ones. These four were fitted in the same way, each without a fold:
``python -m service.fitting.purpose --without KIND ... --out service/bench/data/purpose-FOLD.npz``.
What they still know of a kind are the project's own phrases about published ways to make training data.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import as_file, files
from typing import TYPE_CHECKING

from detectors.core.registry import all_detectors
from detectors.features.purpose import Purpose, load
from detectors.training_value import TrainingValue

if TYPE_CHECKING:
    from collections.abc import Sequence

    from detectors.core.detector import Detector


@cache
def purpose(fold: int) -> Purpose:
    """The model that has not seen the fold."""
    with as_file(files("service.bench").joinpath(f"data/purpose-{fold}.npz")) as path:
        return load(path)


@cache
def detectors(fold: int) -> Sequence[Detector]:
    """All detectors, with that model where one has a model of purpose."""
    return [TrainingValue(model=purpose(fold)) if d.name == TrainingValue.name else d for d in all_detectors()]
