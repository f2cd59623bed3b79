"""The desk: gathers flags into alerts, and makes reviewers' changes, each against the version that was seen."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import structlog

from service.model.alert import Note, Status
from service.model.entity import Scope
from service.model.ids import event_id, text_id
from service.ports import AlertFilter
from service.review import alerts as rules
from service.review import joining
from service.review.campaigns import corrected
from service.review.standing import Standing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from service.model.alert import Alert
    from service.model.audit import Act
    from service.model.campaign import Correction
    from service.model.flag import Flag
    from service.ports import Alerts, Changed, Records, Register
    from service.review.suppressions import Suppressions

log = structlog.get_logger(__name__)

BATCH = 200
"""Flags gathered at once."""
DECLARED = "declared"
"""What speaks against a flag that a declared job eased."""
MOST = 500
"""Campaigns that are read: those flagged last."""
_OPEN = AlertFilter(frozenset(Status) - {Status.CLOSED}, scope=Scope.CAMPAIGN)
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
        clock: Callable[[], int] = lambda: time.time_ns() // 1000,
    ) -> None:
        """``on_flag`` is called for each flag before it is gathered; again, where it could not be gathered then.

        ``on_opened`` is called for each alert that opens, or opens again. What a suppression hides is neither told to
        ``on_flag`` nor put to an alert. ``clock`` gives microseconds since the epoch.
        """
        self._clock = clock
        self._corrections = corrections
        self._suppressions = suppressions
        self._on_opened = on_opened
        self._alerts = alerts
        self._records = records
        self._on_flag = on_flag

    def gather(self) -> int:
        """Put flags that belong to no alert yet to the alert of their entity; how many there were.

        Safe to be done by several processes at once: a flag is gathered once, and an alert that another
        process changed in between is left for the next time. A campaign's flag closes the alerts of campaigns that
        were seen to be it.
        """
        flags = self._alerts.loose(BATCH)
        standing = self._standing(flags)
        for found in flags:
            flag = corrected(found, standing)
            if flag is None:
                self._alerts.join(found, None)
                continue
            if self._hidden(flag):
                continue
            self._on_flag(flag)
            before = self._alerts.alert(rules.alert_id(flag.entity))
            after = rules.flagged(before, flag, self._models(flag), _accounts(flag))
            after, others = self._brought(after, standing)
            if not self._alerts.join(flag, after, others=others):
                continue
            if self._suppressions and DECLARED in flag.against:
                self._suppressions.eased(flag)
            if after is not None and (before is None or _opened(before, after)):
                log.info("alert.opened", alert=after.id, entity=str(after.entity), severity=str(after.severity))
                self._on_opened(after)
        return len(flags)

    def _standing(self, flags: Sequence[Flag]) -> Standing:
        """Which campaigns are one, as far as the flags are of campaigns."""
        if not any(flag.entity.scope is Scope.CAMPAIGN for flag in flags):
            return Standing({})
        corrections = {} if self._corrections is None else {made.id: made for made in self._corrections.all()}
        known = [found.flag for found in self._records.campaigns(MOST)]
        return Standing.of((*flags, *known), corrections)

    def _brought(self, alert: Alert | None, standing: Standing) -> tuple[Alert | None, Sequence[Changed]]:
        """The alert with what it takes over from those of campaigns that were seen to be its own, and these closed."""
        if alert is None or alert.entity.scope is not Scope.CAMPAIGN:
            return alert, ()
        found = self._open_of({*standing.ones.get(alert.entity.value, ())} - {alert.entity.value})
        notes = {one.id: self._alerts.notes(one.id) for one in found}
        others = joining.closable([one for one in found if not joining.was_joined(notes[one.id])], alert)
        now = self._clock()
        return joining.taken_over(alert, others), [joining.brought(one, alert, notes[one.id], now) for one in others]

    def _open_of(self, campaigns: set[str]) -> Sequence[Alert]:
        """The open alerts of these campaigns, most urgent first."""
        found: list[Alert] = []
        after: str | None = None
        while campaigns:
            page = self._alerts.alerts(_OPEN, after, BATCH)
            found += [alert for alert in page.items if alert.entity.value in campaigns]
            after = page.next
            if after is None:
                break
        return found

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
    return before.status is Status.CLOSED and after.status is not Status.CLOSED
