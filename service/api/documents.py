"""Every word of the model as a JSON document: one way for the API, for JSON Lines and for ``explain``."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from service.model.proposal import ProposalState

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from detectors.core.detector import Signal
    from service.model.alert import Alert, Note
    from service.model.audit import Entry
    from service.model.campaign import Campaign, Member
    from service.model.decision import Decision
    from service.model.entity import Entity
    from service.model.flag import Evaluation, Flag
    from service.model.link import Link, Odometer
    from service.model.proposal import Proposal
    from service.ports import Account, PartitionStatus

Document = dict[str, Any]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def rfc3339(at: int) -> str:
    """A time in microseconds since the epoch as RFC 3339 in UTC, always with six decimals."""
    return (EPOCH + at * MICROSECOND).isoformat(timespec="microseconds").replace("+00:00", "Z")


def ingest_document(partitions: Sequence[PartitionStatus], counts: Mapping[str, int]) -> Document:
    """How far the way from the gateways to the log is, as the API and ``status --json`` show it."""
    return {
        "stream": "up" if all(status.heard for status in partitions) else "down",
        "partitions": [partition_document(status) for status in partitions],
        "not_logged": counts["not_logged"],
        "gaps": counts["gaps"],
        "duplicates": counts["duplicates"],
    }


def partition_document(status: PartitionStatus) -> Document:
    """One partition."""
    return {
        "number": status.number,
        "owner": status.owner or None,
        "epoch": status.epoch,
        "entries": status.entries if status.heard else None,
        "lag_seconds": round(status.lag, 3) if status.heard else None,
        "bytes": status.bytes if status.heard else None,
    }


def entity_document(entity: Entity) -> Document:
    """``{scope, value}``."""
    return {"scope": str(entity.scope), "value": entity.value}


def signal_document(signal: Signal) -> Document:
    """One reason: the measured quantity beside what is benign for it."""
    return {
        "signal": signal.name,
        "value": _finite(signal.value),
        "unit": signal.unit,
        "baseline": {"median": _finite(signal.median), "p99": _finite(signal.p99), "n": signal.n},
        "p_value": _finite(signal.p_value),
        "text": signal.text,
    }


def flag_document(flag: Flag) -> Document:
    """A flag as the API, the JSON Lines of replay and ``explain --json`` show it. Times are event time."""
    rate = flag.false_positive_rate
    return {
        "id": flag.id,
        "entity": entity_document(flag.entity),
        "severity": str(flag.severity),
        "score": _finite(flag.score),
        "flagged_at": rfc3339(flag.flagged_at),
        "first_seen": rfc3339(flag.first_seen),
        "last_seen": rfc3339(flag.last_seen),
        "queries": flag.queries,
        "window": rfc3339(flag.window * 1_000_000),
        "reasons": [signal_document(signal) for signal in flag.reasons],
        "against": _against(flag.against),
        "false_positive_rate": {
            "estimate": _finite(rate.estimate),
            "low": _finite(rate.low),
            "high": _finite(rate.high),
            "n": rate.n,
        },
        "techniques": list(flag.techniques),
        "versions": dict(flag.versions),
        "events": list(flag.events),
        "members": list(flag.members),
        "links": [link_document(link) for link in flag.links],
        "odometer": None if flag.odometer is None else odometer_document(flag.odometer),
        "joined": list(flag.joined),
    }


def link_document(link: Link) -> Document:
    """Why accounts belong together."""
    return {
        "kind": str(link.kind),
        "accounts": list(link.accounts),
        "strength": _finite(link.strength),
        "benign": _finite(link.benign),
        "n": link.n,
        "evidence": link.evidence,
    }


def odometer_document(odometer: Odometer) -> Document:
    """What a campaign has taken."""
    return {
        "queries": odometer.queries,
        "output_tokens": odometer.output_tokens,
        "topics": _finite(odometer.topics),
    }


def campaign_document(campaign: Campaign) -> Document:
    """A campaign as the listing shows it. Times are event time."""
    reasons = sorted(campaign.flag.reasons, key=lambda signal: (signal.p_value, signal.name))
    return {
        "id": campaign.id,
        "severity": str(campaign.severity),
        "first_seen": rfc3339(campaign.first_seen),
        "last_seen": rfc3339(campaign.last_seen),
        "accounts": len(campaign.members),
        "odometer": None if campaign.odometer is None else odometer_document(campaign.odometer),
        "pace": _finite(campaign.pace),
        "kinds": sorted({str(link.kind) for link in campaign.links}),
        "reason": reasons[0].text if reasons else "",
        "merged": list(campaign.merged),
        "joined": list(campaign.joined),
        "split_from": campaign.split_from or None,
    }


def campaign_detail(
    campaign: Campaign, *, members: Sequence[Member], models: Sequence[str], decisions: Sequence[Decision]
) -> Document:
    """A campaign with why it is one."""
    return campaign_document(campaign) | {
        "links": [link_document(link) for link in campaign.links],
        "models": list(models),
        "members": [member_document(member) for member in members],
        "excluded": list(campaign.excluded),
        "evidence": flag_document(campaign.flag),
        "decisions": [decision_document(decision) for decision in decisions],
    }


def member_document(member: Member) -> Document:
    """An account of a campaign."""
    return {
        "account": member.account,
        "queries": member.queries,
        "first_seen": rfc3339(member.first_seen),
        "last_seen": rfc3339(member.last_seen),
    }


def evaluation_document(evaluation: Evaluation) -> Document:
    """One scoring of an entity, a point of its curve over time."""
    return {
        "at": rfc3339(evaluation.at),
        "window": rfc3339(evaluation.window * 1_000_000),
        "trigger": evaluation.trigger,
        "queries": evaluation.queries,
        "score": _finite(evaluation.score),
        "p_value": _finite(evaluation.p_value),
        "severity": None if evaluation.severity is None else str(evaluation.severity),
        "groups": {name: _finite(p) for name, p in evaluation.groups.items()},
    }


def score_document(entity: Entity, score: float | None, at: int | None) -> Document:
    """One line of ``replay --scores``: the entity's highest combined score and when it had it."""
    return {
        "entity": entity_document(entity),
        "score": _finite(score),
        "at": None if at is None else rfc3339(at),
    }


def account_document(account: Account) -> Document:
    """An entity as the listing shows it."""
    return {
        "entity": entity_document(account.entity),
        "queries": account.queries,
        "first_seen": rfc3339(account.first_seen),
        "last_seen": rfc3339(account.last_seen),
        "score": _finite(account.score),
        "severity": None if account.severity is None else str(account.severity),
    }


def account_detail(account: Account, evaluations: list[Evaluation], flags: list[Flag]) -> Document:
    """An entity with its curve (newest first), the signals of its latest scoring, and its flags."""
    latest = evaluations[0] if evaluations else None
    return {
        **account_document(account),
        "scores": [evaluation_document(evaluation) for evaluation in evaluations],
        "signals": [signal_document(signal) for signal in latest.signals] if latest else [],
        "against": _against(latest.against) if latest else [],
        "flags": [flag_document(flag) for flag in flags],
    }


def alert_document(alert: Alert) -> Document:
    """An alert as the queue shows it. ``opened`` and ``updated`` are event time, the rest is the wall's."""
    return {
        "id": alert.id,
        "entity": entity_document(alert.entity),
        "status": str(alert.status),
        "severity": str(alert.severity),
        "priority": round(alert.priority, 3),
        "opened": rfc3339(alert.opened),
        "updated": rfc3339(alert.updated),
        "flags": alert.flags,
        "queries": alert.queries,
        "models": list(alert.models),
        "members": alert.members,
        "assignee": alert.assignee or None,
        "claimed_until": None if alert.lease_until is None else rfc3339(alert.lease_until),
        "verdict": None if alert.verdict is None else str(alert.verdict),
        "closed": None if alert.closed is None else rfc3339(alert.closed),
        "reopened": alert.reopened or None,
        "version": alert.version,
    }


def alert_detail(
    alert: Alert, *, flags: Sequence[Flag], notes: Sequence[Note], decisions: Sequence[Decision]
) -> Document:
    """An alert with all that belongs to it."""
    return alert_document(alert) | {
        "evidence": [flag_document(flag) for flag in flags],
        "notes": [note_document(note) for note in notes],
        "decisions": [decision_document(decision) for decision in decisions],
    }


def note_document(note: Note) -> Document:
    """A note beside an alert."""
    return {"id": note.id, "at": rfc3339(note.at), "by": note.by, "kind": note.kind, "text": note.text}


def entry_document(entry: Entry) -> Document:
    """An entry of the audit log."""
    act = entry.act
    return {
        "number": entry.number,
        "at": rfc3339(act.at),
        "actor": act.actor,
        "origin": act.origin,
        "action": act.action,
        "subject": act.subject,
        "detail": act.detail,
        "digest": entry.digest.hex(),
    }


def decision_document(decision: Decision) -> Document:
    """A decision; ``until`` is null where it holds until it is removed."""
    return {
        "id": decision.id,
        "entity": entity_document(decision.entity),
        "kind": str(decision.kind),
        "until": None if decision.until is None else rfc3339(decision.until),
        "origin": str(decision.origin),
        "reason": decision.reason,
        "simulated": decision.simulated,
        "created": rfc3339(decision.created),
        "since": rfc3339(decision.since or decision.created),
    }


def proposal_document(proposal: Proposal) -> Document:
    """A decision that waits for a second person, or did."""
    made = proposal.state is ProposalState.APPROVED
    return {
        "id": proposal.id,
        "decision": decision_document(proposal.decision) | {"state": "made" if made else "proposed"},
        "by": proposal.by,
        "created": rfc3339(proposal.created),
        "state": str(proposal.state),
        "settled_by": proposal.settled_by or None,
        "settled": None if proposal.settled is None else rfc3339(proposal.settled),
    }


def _against(against: dict[str, str]) -> list[Document]:
    return [{"name": name, "text": text} for name, text in against.items()]


def _finite(value: float | None) -> float | None:
    """JSON has no NaN and no infinity; a quantity that is neither measured nor finite is null."""
    return value if value is not None and math.isfinite(value) else None
