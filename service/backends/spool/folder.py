"""The spool's folder: names, owner and lock.

The lock is ``flock`` on the folder itself: it is gone with the process that held it, however that ended.
"""

from __future__ import annotations

import fcntl
import os
import re
import time
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

FINAL = 10**16 - 1
"""Sequence number of the last word on a dead boot: the records that its ledger says were not logged."""
LOCK_PATIENCE = 2.0
"""Seconds in which a predecessor may finish dying, or a reader its glance at the lock."""
QUARANTINE = "quarantine"
RESERVE = "reserve"
_SEGMENT = re.compile(r"^(\d{20})-(\d{16})(?:\.(\d+))?\.seg$")
_LEDGER = re.compile(r"^(\d{20})\.ledger$")


class SpoolError(Exception):
    """The spool cannot be used; the message says which folder, why, and what to do."""


class Segment(NamedTuple):
    """A segment's name, taken apart. A tuple, because thousands of them are put in the order of their writing."""

    first: int
    attempt: int
    """Above 0 where a segment of the same first number was given up before it held anything."""
    name: str


@dataclass(slots=True)
class Boot:
    """What the folder holds of one boot."""

    segments: list[Segment] = field(default_factory=list)


def segment_name(boot: str, first: int, attempt: int = 0) -> str:
    """Name of a segment file."""
    return f"{boot}-{first:016d}{f'.{attempt}' if attempt else ''}.seg"


def ledger_name(boot: str) -> str:
    """Name of a boot's ledger."""
    return f"{boot}.ledger"


def listing(folder: Path) -> dict[str, Boot]:
    """The boots in the folder by name, oldest first; none where there is no folder yet."""
    boots: dict[str, Boot] = {}
    try:
        names = os.listdir(folder)  # noqa: PTH208 - thousands of names, several times a second
    except FileNotFoundError:
        return boots
    for boot, segment in map(_parsed, names):
        if boot:
            held = boots.setdefault(boot, Boot())
            if segment:
                held.segments.append(segment)
    for held in boots.values():
        held.segments.sort()
    return dict(sorted(boots.items()))


@lru_cache(maxsize=65_536)
def _parsed(name: str) -> tuple[str, Segment | None]:
    """Boot and segment of a file's name; the boot is empty where it is neither segment nor ledger."""
    if match := _SEGMENT.match(name):
        return match[1], Segment(int(match[2]), int(match[3] or 0), name)
    match = _LEDGER.match(name)
    return (match[1] if match else ""), None


def new_boot(folder: Path) -> str:
    """A name that is fresh and above every boot in the folder, also where the clock was set back."""
    newest = max((int(name) for name in listing(folder)), default=0)
    return f"{max(time.time_ns(), newest + 1):020d}"


def claim(folder: Path) -> int:
    """Make the folder where it is missing and lock it; the descriptor holds the lock.

    Raises
    ------
    SpoolError
        Not ours, not writable, or in use by another gateway.

    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise SpoolError(f"{folder}: cannot open the spool folder as uid {os.geteuid()}: {error.strerror}") from None
    try:
        _check_owner(folder, descriptor)
        _lock(folder, descriptor)
    except SpoolError:
        os.close(descriptor)
        raise
    return descriptor


def in_use(folder: Path) -> bool:
    """Whether a gateway holds the folder's lock."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _check_owner(folder: Path, descriptor: int) -> None:
    status = os.fstat(descriptor)
    if status.st_uid != os.geteuid():
        raise SpoolError(
            f"{folder}: the spool folder belongs to uid {status.st_uid} but the gateway runs as uid {os.geteuid()}; "
            f"run it as that user or: chown -R {os.geteuid()} {folder}"
        )
    if status.st_mode & 0o777 != 0o700:
        os.fchmod(descriptor, 0o700)
    if not os.access(folder, os.W_OK | os.X_OK):
        raise SpoolError(f"{folder}: the spool folder is not writable for uid {os.geteuid()}; is it mounted read-only?")


def _lock(folder: Path, descriptor: int) -> None:
    deadline = time.monotonic() + LOCK_PATIENCE
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() < deadline:
                time.sleep(0.02)
                continue
            raise SpoolError(
                f"{folder}: another gateway is writing to this spool; stop it, or give this one its own data folder"
            ) from None
        except OSError as error:
            raise SpoolError(
                f"{folder}: the file system cannot lock the spool ({error.strerror}); use a local disk"
            ) from None
        return
