"""Registry: the detectors are the files of the folder. A new file is found; nothing else is edited."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from functools import cache
from typing import TYPE_CHECKING, cast

import detectors

if TYPE_CHECKING:
    from collections.abc import Iterator

    from detectors.core.detector import Detector


@cache
def all_detectors() -> tuple[Detector, ...]:
    """One of each detector with its default parameters, sorted by name.

    Raises
    ------
    RuntimeError
        Two files of the folder give the same name.

    """
    found = sorted((kind() for kind in _classes()), key=lambda detector: detector.name)
    names = [detector.name for detector in found]
    if len(set(names)) < len(names):
        raise RuntimeError(f"two detectors have the same name: {', '.join(names)}")
    return tuple(found)


def by_scope(scope: str) -> tuple[Detector, ...]:
    """Those that follow entities of this scope, sorted by name."""
    return tuple(detector for detector in all_detectors() if scope in detector.scopes)


def _classes() -> Iterator[type[Detector]]:
    for module in pkgutil.iter_modules(detectors.__path__):
        if module.ispkg:
            continue
        room = importlib.import_module(f"detectors.{module.name}")
        for _, kind in inspect.getmembers(room, inspect.isclass):
            if kind.__module__ == room.__name__ and hasattr(kind, "group") and hasattr(kind, "merge"):
                yield cast("type[Detector]", kind)
