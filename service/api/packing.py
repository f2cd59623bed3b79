"""Packing: a flag's evidence handed out, for the API and the pages alike, once the audit log has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import Response

from service.api.errors import Unprocessable
from service.model.audit import Act
from service.review.evidence import LEVELS, above

if TYPE_CHECKING:
    from service.api.control import Control
    from service.api.identity import Identity
    from service.model.flag import Flag

EVENTS = 1_000
"""Latest queries that go in; the command line takes more."""
ZIP = "application/zip"


def packed(control: Control, identity: Identity, flag: Flag, *, content: str, reason: str, origin: str) -> Response:
    """The archive as a download.

    Parameters
    ----------
    content
        What of the texts goes in, ``none``, ``redacted`` or ``full``; empty: what the log keeps.
    origin
        By which way, for the audit log: ``api`` or ``console``.

    Raises
    ------
    Unprocessable
        The log does not keep so much, or there is no reason.

    """
    kept = control.settings.content
    level = content or kept
    if level not in LEVELS or above(level, kept):
        raise Unprocessable(f"content: the log keeps '{kept}' of texts and no '{level[:16]}'", param="content")
    if not reason:
        raise Unprocessable("reason: it is handed out for one, which goes into the audit log", param="reason")
    detail = {"flag": flag.id, "content": level, "reason": reason}
    act = Act(
        at=control.clock(), actor=identity.name, origin=origin, action="evidence.packed", subject=str(flag.entity),
        detail=detail,
    )  # fmt: skip
    # Before anything is read: what cannot be audited is not done.
    control.audit.append(act)
    name = "".join(c for c in flag.id if c.isascii() and (c.isalnum() or c == "-"))
    headers = {"Content-Disposition": f'attachment; filename="{name}.zip"', "Cache-Control": "no-store"}
    return Response(control.pack(flag, level, EVENTS), media_type=ZIP, headers=headers)
