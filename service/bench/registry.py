"""Registry: the suites are the files of the folder that have a ``SUITE``. A new file is found, nothing else edited."""

from __future__ import annotations

import importlib
import pkgutil
from typing import TYPE_CHECKING

import service.bench
from service.bench.suite import BenchError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.bench.suite import Suite


def suites() -> dict[str, Suite]:
    """Every suite by name, in order of name.

    Raises
    ------
    RuntimeError
        Two files give the same name.

    """
    found: dict[str, Suite] = {}
    for module in pkgutil.iter_modules(service.bench.__path__):
        suite = getattr(importlib.import_module(f"service.bench.{module.name}"), "SUITE", None)
        if suite is None:
            continue
        if suite.name in found:
            raise RuntimeError(f"two suites have the same name: {suite.name}")
        found[suite.name] = suite
    return dict(sorted(found.items()))


def chosen(names: Sequence[str]) -> list[Suite]:
    """The suites of these names, in their order; all of none.

    Raises
    ------
    BenchError
        There is no suite of that name.

    """
    known = suites()
    unknown = [name for name in names if name not in known]
    if unknown:
        raise BenchError(f"no suite '{unknown[0]}'; there are {', '.join(known)}")
    return [known[name] for name in dict.fromkeys(names)] if names else list(known.values())
