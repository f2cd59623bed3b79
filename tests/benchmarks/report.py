"""What was measured, beside what was promised."""

from __future__ import annotations

import json
import platform
import subprocess
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from tests.architecture.source import ROOT

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Line:
    """One figure; ``value`` is None where it was not measured."""

    what: str
    value: float | None
    unit: str
    most: float | None = None
    """Promise: no more than this."""
    least: float | None = None
    """Promise: no less than this."""
    note: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the promise holds; None where there is none or nothing was measured."""
        if self.value is None or (self.most is None and self.least is None):
            return None
        return (self.most is None or self.value <= self.most) and (self.least is None or self.value >= self.least)

    def row(self) -> str:
        """As a row of the table."""
        value = "not measured" if self.value is None else f"{self.value:,.{_digits(self.value)}f} {self.unit}".strip()
        promise = f"≤ {self.most:g}" if self.most is not None else f"≥ {self.least:g}" if self.least is not None else ""
        verdict = {True: "met", False: "**not met**", None: ""}[self.met]
        return f"| {self.what} | {value} | {promise} | {verdict} | {self.note} |"


def _digits(value: float) -> int:
    return 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2


@dataclass(slots=True)
class Report:
    """All lines, and the raw figures behind them."""

    lines: list[Line] = field(default_factory=list)
    raw: dict[str, Any] = field(default_factory=dict)

    def add(self, *lines: Line) -> None:
        """Add lines, and show them at once: a run takes minutes."""
        self.lines.extend(lines)
        for line in lines:
            print(line.row(), flush=True)

    def markdown(self) -> str:
        """The table, under what it was measured on."""
        about = ", ".join(f"{name} {value}" for name, value in machine().items())
        head = "| what | measured | promise | | |\n|---|---|---|---|---|"
        return "\n".join([f"`make bench` on {about}", "", head, *(line.row() for line in self.lines), ""])

    def write(self, folder: Path) -> None:
        """``bench.md`` and ``bench.json``."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "bench.md").write_text(self.markdown())
        lines = [{**asdict(line), "met": line.met} for line in self.lines]
        (folder / "bench.json").write_text(
            json.dumps({"machine": machine(), "lines": lines, "raw": self.raw}, indent=1)
        )


def machine() -> dict[str, str]:
    """What the figures depend on."""
    return {
        "CPU": _cpu(),
        "kernel": platform.release(),
        "Python": platform.python_version(),
        "commit": _git("rev-parse", "--short", "HEAD"),
    }


def _cpu() -> str:
    try:
        lines = open("/proc/cpuinfo").read().splitlines()  # noqa: PTH123, SIM115 - a file of the kernel
    except OSError:
        return platform.processor()
    models = [line.partition(": ")[2] for line in lines if line.startswith("model name")]
    return f"{len(models)} x {models[0]}" if models else platform.processor()


def _git(*arguments: str) -> str:
    try:
        return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
