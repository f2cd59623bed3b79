"""The desk: gathers flags into alerts, and makes reviewers' changes, each against the version that was seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from service.model.alert import Note
from service.model.entity import Scope
from service.model.ids import event_id, text_id
from service.review import alerts as rules
from service.review.campaigns import corrected

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from service.model.alert import Alert
    from service.model.audit import Act
    from service.model.campaign import Correction
    from service.model.flag import Flag
    from service.ports import Alerts, Records, Register
    from service.review.suppressions import Suppressions

log = structlog.get_logger(__name__)

BATCH = 200
"""Flags gathered at once."""
DECLARED = "declared"
"""What speaks against a flag that a declared job eased."""
ASKED = 2_000
"""Newest queries of a campaign's members of which the models are told."""


class Stale(Exception):
    """The alert was changed since it was read: read it again."""


class Desk:
    """Alerts over their store."""

    def __init__(
        self,
        alerts: Alerts,
        records: Records,
        on_flag: Callable[[Flag], None] = lambda _: None,
        suppressions: Suppressions | None = None,
        on_opened: Callable[[Alert], None] = lambda _: None,
        *,
        corrections: Register[Correction] | None = None,
    ) -> None:
        """``on_flag`` is called for each flag before it is gathered; again, where it could not be gathered then.

        ``on_opened`` is called for each alert that opens, or opens again. What a suppression hides is neither told to
        ``on_flag`` nor put to an alert.
        """
        self._corrections = corrections
        self._suppressions = suppressions
        self._on_opened = on_opened
        self._alerts = alerts
        self._records = records
        self._on_flag = on_flag

    def gather(self) -> int:
        """Put flags that belong to no alert yet to the alert of their entity; how many there were.

        Safe to be done by several processes at once: a flag is gathered once, and an alert that another
        process changed in between is left for the next time.
        """
        flags = self._alerts.loose(BATCH)
        for found in flags:
            flag = self._corrected(found)
            if flag is None:
                self._alerts.join(found, None)
                continue
            if self._hidden(flag):
                continue
            self._on_flag(flag)
            before = self._alerts.alert(rules.alert_id(flag.entity))
            after = rules.flagged(before, flag, self._models(flag), _accounts(flag))
            if not self._alerts.join(flag, after):
                continue
            if self._suppressions and DECLARED in flag.against:
                self._suppressions.eased(flag)
            if after is not None and (before is None or _opened(before, after)):
                log.info("alert.opened", alert=after.id, entity=str(after.entity), severity=str(after.severity))
                self._on_opened(after)
        return len(flags)

    def _corrected(self, flag: Flag) -> Flag | None:
        """The flag under what reviewers corrected of its campaign; None where it is about nobody any more."""
        if self._corrections is None or flag.entity.scope is not Scope.CAMPAIGN:
            return flag
        return corrected(flag, {correction.id: correction for correction in self._corrections.all()})

    def _hidden(self, flag: Flag) -> bool:
        """Put aside a flag that a suppression hides, and count it once."""
        hiding = self._suppressions.hiding(flag) if self._suppressions else None
        if hiding is None or self._suppressions is None:
            return False
        if self._alerts.join(flag, None):
            self._suppressions.hit(hiding)
            log.info("flag.suppressed", flag=flag.id, suppression=hiding.id)
        return True

    def change(self, alert: Alert, change: Callable[[Alert], Alert], *, act: Act, text: str = "") -> Alert:
        """Store what ``change`` makes of the alert, with a note of it and its act in the audit log.

        Raises
        ------
        NotAllowed
            ``change`` refuses.
        Stale
            Somebody else changed it in between.

        """
        after = change(alert)
        note = Note(text_id(event_id(act.at)), alert.id, act.at, act.actor, act.action, text)
        if not self._alerts.change(after, note, act):
            raise Stale(f"alert {alert.id} was changed by somebody else; read it again")
        return after

    def _models(self, flag: Flag) -> Sequence[str]:
        if flag.entity.scope is Scope.CAMPAIGN:
            return self._records.models(flag.members, ASKED)
        return sorted({event.query.model for event in self._records.events(flag.events) if event.query.model})


def _accounts(flag: Flag) -> int:
    """Accounts behind its entity."""
    return max(len(flag.members), 1) if flag.entity.scope is Scope.CAMPAIGN else 1


def _opened(before: Alert, after: Alert) -> bool:
    return before.status != after.status
