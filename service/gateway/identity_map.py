"""The operator's names for callers: key digest -> account and org, from YAML, read again when the file changes."""

from __future__ import annotations

import asyncio
import difflib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import structlog
import yaml

from service.settings import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

log = structlog.get_logger()

Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
DIGEST = re.compile(r"[0-9a-f]{32}")
FIELDS = ("account", "org")
POLL = 1.0
"""Seconds between two looks at the file."""


@dataclass(frozen=True, slots=True)
class Named:
    """What the map says about a key."""

    account: str
    org: str


def read(path: Path) -> dict[str, Named]:
    """The map in a file of the form ``keys: {<digest>: {account: NAME, org: NAME}}``.

    Raises
    ------
    SettingsError
        Unreadable or not of that form; the message says file, line and what to do.

    """
    try:
        root = yaml.compose(path.read_text(), Loader)
    except OSError as error:
        raise SettingsError(f"{path}: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        raise SettingsError(f"{path}:{line}: not YAML: {getattr(error, 'problem', 'unreadable')}") from None
    found: dict[str, Named] = {}
    for top, keys in _pairs(root, path):
        _known(top, ("keys",), path)
        for digest, entry in _pairs(keys, path):
            _add(found, digest, entry, path)
    return found


def _add(found: dict[str, Named], digest: yaml.Node, entry: yaml.Node, path: Path) -> None:
    if not DIGEST.fullmatch(digest.value):
        # Not quoted: someone may have put the key itself here.
        raise _error(path, digest, "not a key digest of 32 hex digits; 'revenuer key digest' prints a key's")
    if digest.value in found:
        raise _error(path, digest, f"'{digest.value}' is named twice")
    values = {"account": "", "org": ""}
    for name, value in _pairs(entry, path):
        _known(name, FIELDS, path)
        if not isinstance(value, yaml.ScalarNode) or not value.value:
            raise _error(path, value, f"'{name.value}' must be a name")
        values[name.value] = value.value
    if not values["account"]:
        raise _error(path, digest, "an entry needs an 'account'")
    found[digest.value] = Named(**values)


def _pairs(node: yaml.Node | None, path: Path) -> list[tuple[yaml.Node, yaml.Node]]:
    if node is None or (isinstance(node, yaml.ScalarNode) and not node.value):
        return []
    if not isinstance(node, yaml.MappingNode) or not all(isinstance(k, yaml.ScalarNode) for k, _ in node.value):
        raise _error(path, node, "expected a mapping of names to values")
    return list(node.value)


def _known(node: yaml.Node, names: tuple[str, ...], path: Path) -> None:
    if node.value not in names:
        meant = difflib.get_close_matches(node.value, names, n=1)
        hint = f"; did you mean '{meant[0]}'?" if meant else f"; known here: {', '.join(names)}"
        raise _error(path, node, f"unknown field '{node.value}'{hint}")


def _error(path: Path, node: yaml.Node, what: str) -> SettingsError:
    return SettingsError(f"{path}:{node.start_mark.line + 1}: {what}")


class IdentityMap:
    """The map in force. A file that cannot be read later on changes nothing and is logged."""

    def __init__(self, path: Path | None) -> None:
        """Reads the file. Raises ``SettingsError`` where it cannot be used."""
        self._path = path
        self._stamp = self._look()
        self.names: Mapping[str, Named] = read(path) if path else {}

    async def watch(self, changed: Callable[[], None]) -> None:
        """Follow the file until cancelled; ``changed`` is called after each new map."""
        while self._path is not None:
            await asyncio.sleep(POLL)
            if await asyncio.to_thread(self.refresh):
                changed()

    def refresh(self) -> bool:
        """Read the file again if it changed; whether a new map is in force."""
        stamp = self._look()
        if self._path is None or stamp == self._stamp:
            return False
        self._stamp = stamp
        try:
            self.names = read(self._path)
        except SettingsError as error:
            log.warning("identity.map_kept", problem=str(error))
            return False
        log.info("identity.map_read", keys=len(self.names))
        return True

    def _look(self) -> tuple[int, int, int] | None:
        try:
            stat = self._path.stat() if self._path else None
        except OSError:
            return None
        return (stat.st_mtime_ns, stat.st_size, stat.st_ino) if stat else None
