"""Acts: what a command did, for the audit log."""

from __future__ import annotations

import getpass
import os

from service.api.control import clock
from service.model.audit import Act


def user() -> str:
    """The user of the operating system who runs this command."""
    try:
        return f"system:{getpass.getuser()}"
    except (KeyError, OSError):
        return f"system:{os.getuid()}"  # a container's user that no passwd line names


def by_user(action: str, subject: str, **detail: str) -> Act:
    """What the user who runs this command did."""
    return Act(at=clock(), actor=user(), origin="cli", action=action, subject=subject, detail=detail)
