"""Appeals: a customer's word against a decision, and what becomes of it.

:func:`decided` and :func:`withdrawn` are pure; :class:`Appeals` keeps what they give in the stores, for the API, the
pages and the command line alike.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from service.model.appeal import Appeal, AppealState
from service.model.ids import event_id, text_id

if TYPE_CHECKING:
    from collections.abc import Callable

    from service.model.audit import Act
    from service.model.decision import Decision
    from service.ports import Audit, Decisions, Registers, Tokens

    Doing = Callable[..., Act]
    """From what was done, to whom, with which details, to the act of whoever does it."""

MADE = frozenset({"decision.made", "decision.proposed", "proposal.approved"})
"""Acts by which somebody stands for a decision."""
PAGE = 1_000


class NotDecided(Exception):
    """The appeal cannot be filed or decided in that way; the message says why."""


def decided(appeal: Appeal, state: AppealState, *, by: str, answer: str, now: int) -> Appeal:
    """The appeal, decided by somebody who neither filed it nor made what it is against.

    Raises
    ------
    NotDecided
        It is decided already, or ``by`` has had a part in it.

    """
    _filed(appeal)
    if by == appeal.filed_by or by in appeal.decided_before:
        raise NotDecided("a second reviewer decides: neither who filed it nor who made the decision")
    return replace(appeal, state=state, decided_by=by, decided=now, answer=answer, version=appeal.version + 1)


def withdrawn(appeal: Appeal, by: str, now: int) -> Appeal:
    """The appeal, taken back."""
    _filed(appeal)
    return replace(appeal, state=AppealState.WITHDRAWN, decided_by=by, decided=now, version=appeal.version + 1)


@dataclass(frozen=True, slots=True)
class Appeals:
    """Appeals over the stores."""

    registers: Registers
    decisions: Decisions
    audit: Audit
    tokens: Tokens

    def against(self, decision_id: str) -> Decision | None:
        """The decision of that id; None where it was taken back, or never was."""
        return next((made for made in self.decisions.all() if made.id == decision_id), None)

    def file(self, against: Decision, statement: str, *, by: str, now: int, act: Doing) -> Appeal:
        """A new appeal against a decision.

        Parameters
        ----------
        by
            The person who files it for the customer.

        Raises
        ------
        NotDecided
            One is filed already.

        """
        if any(a.decision == against.id and a.state is AppealState.FILED for a in self.registers.appeals.all()):
            raise NotDecided("an appeal against this decision is filed already")
        appeal = Appeal(
            id=text_id(event_id(now)), entity=against.entity, decision=against.id, statement=statement, filed_by=by,
            decided_before=self._deciders(against.id), created=now,
        )  # fmt: skip
        self.registers.appeals.put(
            appeal, act("appeal.filed", str(appeal.entity), id=appeal.id, decision=appeal.decision)
        )
        return appeal

    def settle(self, before: Appeal, after: Appeal, act: Doing) -> bool:
        """Store what became of it; False, and nothing stored, where somebody else changed it meanwhile."""
        detail = {"id": before.id, "decision": before.decision, "answer": after.answer}
        return self.registers.appeals.put(after, act(f"appeal.{after.state}", str(before.entity), **detail))

    def _deciders(self, decision_id: str) -> tuple[str, ...]:
        """Everybody who stands for the decision, as the audit log and the proposals have it."""
        proposal = self.registers.proposals.find(decision_id)
        found = {proposal.by, proposal.settled_by} if proposal else set()
        after: int | None = None
        while entries := self.audit.entries(after, PAGE):
            for entry in entries:
                if entry.act.action in MADE and entry.act.detail.get("id") == decision_id:
                    return tuple(sorted({*found, self._person(entry.act.actor)} - {""}))
            after = entries[-1].number
        return tuple(sorted(found - {""}))

    def _person(self, actor: str) -> str:
        token = self.tokens.find(actor.removeprefix("token:")) if actor.startswith("token:") else None
        return token.owner or actor if token else actor


def _filed(appeal: Appeal) -> None:
    if appeal.state is not AppealState.FILED:
        raise NotDecided(f"it is {appeal.state} already")
