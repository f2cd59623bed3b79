"""An installation of revenuer as the product runs it: known key, loaded decisions, spool on disk."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from service.bootstrap.stores import secrets, stores, upgrade
from service.gateway.identity import digest
from service.model.audit import Act
from service.model.decision import Decision, Kind, Origin
from service.model.entity import Entity, Scope
from service.settings import Settings, load
from tests.benchmarks.request import KEY
from tests.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

DECISIONS = 100
"""Decisions in the guard's table, none of them about the caller of the benchmark."""


@dataclass(frozen=True, slots=True)
class Installation:
    """A data folder, ready to be served."""

    folder: Path
    settings: Settings

    @property
    def port(self) -> int:
        """Of the gateway."""
        return int(self.settings.listen.rpartition(":")[2])

    def command(self, role: str = "all") -> list[str]:
        """What starts it."""
        return [
            sys.executable,
            "-m",
            "service.cli",
            "serve",
            "--config",
            str(self.folder / "revenuer.yaml"),
            "--role",
            role,
        ]


def install(
    folder: Path, upstream: int, *, decisions: int = DECISIONS, options: Mapping[str, Any] | None = None
) -> Installation:
    """Make an installation in the folder, in front of the upstream's port; ``options`` are settings of its own."""
    folder.mkdir(parents=True)
    tree = {
        "listen": f"127.0.0.1:{free_port()}",
        "control": f"127.0.0.1:{free_port()}",
        "data": str(folder / "data"),
        "upstream": f"http://127.0.0.1:{upstream}",
        "identity": {"map": str(folder / "identity.yaml"), "unknown": "refuse"},
        **(options or {}),
    }
    file = folder / "revenuer.yaml"
    file.write_text(yaml.safe_dump(tree))
    settings = Settings.model_validate(tree)
    settings.data.mkdir(mode=0o700)
    caller = digest(secrets(settings).pepper, KEY.encode())
    names = {"keys": {caller: {"account": "acct-benchmark", "org": "org-1"}}}
    (folder / "identity.yaml").write_text(yaml.safe_dump(names))
    upgrade(settings)
    _decide(settings, decisions)
    return Installation(folder, load(file, environment={}))


def _decide(settings: Settings, count: int) -> None:
    table = stores(settings).decisions
    now = time.time_ns() // 1000
    act = Act(at=now, actor="system", origin="cli", action="decision.made", subject="benchmark")
    for number in range(count):
        table.add(
            Decision(
                id=f"decision-{number}",
                entity=Entity(Scope.ACCOUNT, f"acct-{number}"),
                kind=Kind.BLOCK,
                until=None,
                origin=Origin.CLI,
                reason="a full table for the benchmark",
                simulated=False,
                created=now,
            ),
            act,
        )
