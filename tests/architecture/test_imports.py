"""Imports point inward. Each rule says in its message why it is there."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

import pytest

from tests.architecture.source import PACKAGES, ROOT, Import, Module, modules, within

if TYPE_CHECKING:
    from collections.abc import Callable

STAGES = ("gateway", "pipeline", "review", "enforcement")
SHARED = ("model", "ports", "settings", "metrics", "logs", "secrets")
"""What a stage may import of ``service`` beside itself."""

CLOCKS_AND_IO = (
    *("aiohttp", "asyncio", "datetime", "glob", "http", "httpx", "importlib.resources", "io", "logging"),
    *("multiprocessing", "os", "pathlib", "random", "requests", "secrets", "shutil", "signal", "socket", "sqlite3"),
    *("ssl", "structlog", "subprocess", "sys", "tempfile", "threading", "time", "urllib", "uuid"),
)

READS_FILES = {
    "detectors/core/baseline.py": "the baseline that ships",
    "detectors/coordination/judge.py": "the judge of campaigns that ships",
    "detectors/core/combiner.py": "the weights that ship",
    "detectors/core/baseline_file.py": "a baseline that was fitted, written whole and read back",
    "detectors/features/codebook.py": "the codebook that ships",
    "detectors/features/elicitation.py": "the elicitation model that ships",
    "detectors/features/elicitation_fit.py": "the command that fits it, which only the bench imports",
    "detectors/features/elicitation_texts.py": "the grammars that it is fitted on",
    "detectors/features/embedding.py": "the embedding in its library's own package",
    "detectors/features/fit.py": "the command that fits the codebook, which nothing imports",
    "detectors/features/purpose.py": "the model of purpose that ships",
    "detectors/features/purpose_fit.py": "the phrases that it is fitted on",
    "detectors/features/spaces.py": "the spaces that ship",
}
"""Files of ``detectors`` that may touch a file, and which."""

JOINTS = ("service/bootstrap", "service/app.py", "service/cli")
"""Where stages and backends are joined."""


@dataclass(frozen=True, slots=True)
class Rule:
    """An import that a place in the house forbids, and why."""

    id: str
    why: str
    breaks: Callable[[str, Import], bool]
    """Takes the path of the importing file and what it imports."""

    def broken(self, module: Module) -> list[str]:
        """Every import of the module that breaks the rule."""
        return [
            f"{module.place}:{found.line} imports {found.name}: {self.why}"
            for found in module.imports()
            if self.breaks(module.place, found)
        ]


def _foreign_to_stage(place: str, found: Import) -> bool:
    own = next((stage for stage in STAGES if within(place, f"service/{stage}")), None)
    return own is not None and found.within("service") and not found.within(*(f"service.{s}" for s in (own, *SHARED)))


RULES = [
    Rule(
        "detectors-know-no-service",
        "a detector must load, run and be tested without the service around it",
        lambda place, found: within(place, "detectors") and found.within("service", "migrations"),
    ),
    Rule(
        "detectors-are-pure",
        "no I/O and no clock: the same observations give the same score, live and replayed",
        lambda place, found: within(place, "detectors") and place not in READS_FILES and found.within(*CLOCKS_AND_IO),
    ),
    Rule(
        "model-is-the-innermost",
        "the words of the product know no stage, port or store",
        lambda place, found: (
            within(place, "service/model")
            and found.within("service", "detectors")
            and not found.within("service.model", "detectors.core")
        ),
    ),
    Rule(
        "stages-meet-in-ports",
        "a stage asks for what it needs in ports.py, and bootstrap joins it to its neighbours",
        _foreign_to_stage,
    ),
    Rule(
        "sql-in-one-room",
        "SQL stays in service/backends/sql, so that no stage can tell one store from another",
        lambda place, found: (
            found.within("sqlalchemy", "alembic", "sqlite3") and not within(place, "service/backends/sql", "migrations")
        ),
    ),
    Rule(
        "redis-in-one-room",
        "Redis stays in service/backends/redis, so that no stage can tell one stream from another",
        lambda place, found: found.within("redis", "valkey") and not within(place, "service/backends/redis"),
    ),
    Rule(
        "backends-are-joined-outside",
        "only bootstrap, app.py and cli choose a backend",
        lambda place, found: (
            found.within("service.backends")
            and not within(place, "service/backends", "migrations")
            and not within(place, *JOINTS)
        ),
    ),
    Rule(
        "no-pickle",
        "a pickle runs code when it is read; states and fitted files are arrays or JSON",
        lambda _, found: found.within("pickle", "cloudpickle", "dill", "shelve", "marshal", "joblib"),
    ),
]


@pytest.mark.parametrize("rule", RULES, ids=[rule.id for rule in RULES])
def test_imports_point_inward(rule: Rule) -> None:
    """No module imports what its place in the house forbids."""
    broken = [line for module in modules(*PACKAGES) for line in rule.broken(module)]
    assert not broken, "\n" + "\n".join(broken)


def test_rules_bite() -> None:
    """Each rule finds the import that it forbids, so a rule that always passes is noticed."""
    forbidden = {
        "detectors-know-no-service": ("detectors/volume.py", "service.model.entity.Entity"),
        "detectors-are-pure": ("detectors/volume.py", "time.time"),
        "model-is-the-innermost": ("service/model/flag.py", "service.ports.Page"),
        "stages-meet-in-ports": ("service/pipeline/join.py", "service.gateway.dialects"),
        "sql-in-one-room": ("service/api/app.py", "sqlalchemy.select"),
        "redis-in-one-room": ("service/gateway/guard.py", "redis.asyncio"),
        "backends-are-joined-outside": ("service/api/app.py", "service.backends.sql"),
        "no-pickle": ("service/pipeline/states.py", "pickle.loads"),
    }
    assert {rule.id for rule in RULES if rule.breaks(forbidden[rule.id][0], Import(forbidden[rule.id][1], 1))} == set(
        forbidden
    )


def test_detectors_call_no_input_or_output() -> None:
    """No detector opens, prints or loads anything, but for the named loaders."""
    banned = {"open", "print", "input", "exec", "eval", "np.load", "np.save", "np.savez", "np.fromfile"}
    broken = [
        f"{module.place}:{line} calls {name}: a detector has no I/O, so that a replay scores as the live stream did"
        for module in modules("detectors")
        if module.place not in READS_FILES
        for name, line in module.calls()
        if name in banned
    ]
    assert not broken, "\n" + "\n".join(broken)


def test_loaders_exist() -> None:
    """Every exception to the purity of detectors is a file that is there and needs it."""
    pure = Rule("", "", lambda _, found: found.within(*CLOCKS_AND_IO))
    for place in READS_FILES:
        assert any(pure.broken(module) for module in modules("detectors") if module.place == place), place


GATEWAY = ("service.gateway", "service.backends.spool", "service.backends.decisions_file", "service.bootstrap.gateway")


def test_gateway_process_loads_no_sql() -> None:
    """Importing all of the gateway loads neither SQL nor a detector's libraries: it starts small and fast."""
    names = [module.name for module in modules("service") if module.name.startswith(GATEWAY)]
    forbidden = ("sqlalchemy", "alembic", "sqlite3", "sklearn", "wordllama")
    code = (
        f"import importlib, sys\nfor name in {names!r}: importlib.import_module(name)\n"
        f"print([name for name in {forbidden!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_nothing_leads_back_to_itself() -> None:
    """Not by types alone either: of two modules that name each other, one has a type that belongs further inward."""
    every = {module.name: module for module in modules(*PACKAGES)}

    def known(name: str) -> str:
        while name and name not in every:
            name = name.rpartition(".")[0]
        return name

    graph = {name: {known(found.name) for found in module.imports()} - {name, ""} for name, module in every.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"move what they share to where each may import it: {' is imported by '.join(error.args[1])}")
