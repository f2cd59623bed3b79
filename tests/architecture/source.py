"""The source tree as the rules read it: modules, their syntax trees and what they import."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
PACKAGES = ("detectors", "service", "migrations")


@dataclass(frozen=True, slots=True)
class Import:
    """One imported name, absolute and dotted: ``service.model.query.Query``."""

    name: str
    line: int

    def within(self, *packages: str) -> bool:
        """Whether it is one of the packages or lies in one."""
        return any(self.name == package or self.name.startswith(f"{package}.") for package in packages)


@dataclass(frozen=True, slots=True)
class Module:
    """A Python file of the product."""

    path: Path
    tree: ast.Module

    @property
    def place(self) -> str:
        """Path from the root of the repository, with slashes."""
        return self.path.relative_to(ROOT).as_posix()

    @property
    def name(self) -> str:
        """Dotted name."""
        return self.place.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    def imports(self) -> Iterator[Import]:
        """Everything imported anywhere in the file, for typing only or not."""
        package = self.name if self.path.name == "__init__.py" else self.name.rpartition(".")[0]
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from (Import(alias.name, node.lineno) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                above = package.split(".")[: 1 - node.level or None] if node.level else []
                base = ".".join([*above, *([node.module] if node.module else [])])
                yield from (Import(f"{base}.{alias.name}", node.lineno) for alias in node.names)

    def calls(self) -> Iterator[tuple[str, int]]:
        """Dotted name and line of every call whose function is a plain name or attribute."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
                yield ast.unparse(node.func), node.lineno


@cache
def parse(path: Path) -> Module:
    """The file as a module."""
    return Module(path, ast.parse(path.read_text(encoding="utf-8"), str(path)))


def files(*packages: str) -> tuple[Path, ...]:
    """Every file of Python of the packages, by path."""
    return tuple(path for package in packages for path in sorted((ROOT / package).rglob("*.py")))


@cache
def modules(*packages: str) -> tuple[Module, ...]:
    """Every module of the packages, by path."""
    return tuple(map(parse, files(*packages)))


def within(place: str, *folders: str) -> bool:
    """Whether the place is one of the files or lies in one of the folders."""
    return any(place == folder or place.startswith(f"{folder.rstrip('/')}/") for folder in folders)
