"""Declared jobs: one JSON file in the data folder, written whole and looked at again when it changes."""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from service.model.declaration import Declaration, Job

if TYPE_CHECKING:
    from collections.abc import Mapping

log = structlog.get_logger()

FILE = "declarations.json"


class Declarations:
    """The declarations of an installation.

    Parameters
    ----------
    folder
        The data folder.

    """

    def __init__(self, folder: Path) -> None:
        self._file = folder / FILE
        self._stamp: tuple[int, int] = (0, 0)
        self._held: dict[str, Declaration] = {}

    def all(self) -> Mapping[str, Declaration]:
        """Account -> its declaration. A file that cannot be read leaves the last one in force, and is told."""
        try:
            found = self._file.stat()
            stamp = (found.st_mtime_ns, found.st_ino)
            if stamp != self._stamp:
                self._stamp = stamp
                rows = json.loads(self._file.read_text(encoding="utf-8"))
                self._held = {row["account"]: Declaration(**{**row, "job": Job(row["job"])}) for row in rows}
        except FileNotFoundError:
            self._held = {}
        except (OSError, ValueError, TypeError, KeyError) as error:
            log.warning("declarations.unreadable", file=str(self._file), error=type(error).__name__)
        return self._held

    def of(self, account: str) -> Declaration | None:
        """The account's declaration."""
        return self.all().get(account)

    def put(self, made: Declaration) -> None:
        """Add it, in the place of the account's earlier one."""
        self._write({**self.all(), made.account: made})

    def remove(self, account: str) -> bool:
        """Take the account's declaration back; whether there was one."""
        left = {name: held for name, held in self.all().items() if name != account}
        known = len(left) < len(self.all())
        if known:
            self._write(left)
        return known

    def _write(self, held: Mapping[str, Declaration]) -> None:
        self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        text = json.dumps([asdict(made) for _, made in sorted(held.items())], indent=1)
        with tempfile.NamedTemporaryFile("w", dir=self._file.parent, delete=False, encoding="utf-8") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        Path(out.name).replace(self._file)
