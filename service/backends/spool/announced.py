"""Announcements: a boot whose gateway takes no queries yet, until everybody who reads the shared stream knows of it.

The shipper writes the name of the newest boot that every partition knows into a file beside the spool's segments; the
gateway of that boot waits for it. Neither relies on the other: without a shipper the wait ends by itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

FILE = "announced"


def announce(folder: Path, boot: str) -> None:
    """Say that every partition knows the boot. Raises OSError."""
    made = folder / f"{FILE}.new"
    made.write_text(boot)
    # Not synced: who waits for it is a process that would be gone with the machine.
    made.replace(folder / FILE)


def is_announced(folder: Path, boot: str) -> bool:
    """Whether that was said of this boot."""
    try:
        return (folder / FILE).read_text() == boot
    except OSError:
        return False
