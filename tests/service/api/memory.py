"""The control plane's ports in memory, by the same rules as the store's: newest first, paged by keyset."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from service.model.ids import text_id
from service.ports import Account, FlagFilter, Page, StoreUnavailable, Token

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from service.model.decision import Decision
    from service.model.entity import Entity, Scope
    from service.model.flag import Evaluation, Flag
    from service.model.query import QueryEvent


@dataclass
class MemoryRecords:
    """Records; ``down`` makes every call fail as a store does that is gone."""

    stored: list[Flag] = field(default_factory=list)
    known: list[Account] = field(default_factory=list)
    scored: list[Evaluation] = field(default_factory=list)
    logged: list[QueryEvent] = field(default_factory=list)
    problem: str | None = None
    down: bool = False

    def flags(self, where: FlagFilter, after: str | None, limit: int) -> Page[Flag]:
        self._answer()
        newest = sorted((f for f in self.stored if _matches(f, where)), key=_flag_place, reverse=True)
        rest = [flag for flag in newest if after is None or _flag_place(flag) < after]
        return Page(rest[:limit], _flag_place(rest[limit - 1]) if len(rest) > limit else None)

    def flag(self, flag_id: str) -> Flag | None:
        self._answer()
        return next((flag for flag in self.stored if flag.id == flag_id), None)

    def accounts(self, scope: Scope, after: str | None, limit: int) -> Page[Account]:
        self._answer()
        newest = sorted((a for a in self.known if a.entity.scope is scope), key=_account_place, reverse=True)
        rest = [account for account in newest if after is None or _account_place(account) < after]
        return Page(rest[:limit], _account_place(rest[limit - 1]) if len(rest) > limit else None)

    def account(self, entity: Entity) -> Account | None:
        self._answer()
        return next((account for account in self.known if account.entity == entity), None)

    def evaluations(self, entity: Entity, limit: int) -> Sequence[Evaluation]:
        self._answer()
        own = [evaluation for evaluation in self.scored if evaluation.entity == entity]
        return sorted(own, key=lambda evaluation: evaluation.at, reverse=True)[:limit]

    def benign(self, period: int) -> Iterable[Evaluation]:
        self._answer()
        newest = max((evaluation.at for evaluation in self.scored), default=0)
        return [evaluation for evaluation in self.scored if evaluation.at > newest - period]

    def events(self, ids: Sequence[str]) -> Sequence[QueryEvent]:
        self._answer()
        return [event for event in self.logged if text_id(event.id) in ids]

    def export(self) -> Iterable[QueryEvent]:
        self._answer()
        return self.logged

    def counts(self) -> Mapping[str, int]:
        self._answer()
        return {"flags": len(self.stored), "accounts": len(self.known)}

    def ready(self) -> str | None:
        return "the store is gone" if self.down else self.problem

    def _answer(self) -> None:
        if self.down:
            raise StoreUnavailable("disk I/O error")


@dataclass
class MemoryDecisions:
    made: dict[str, Decision] = field(default_factory=dict)

    def add(self, decision: Decision) -> None:
        self.made[decision.id] = decision

    def remove(self, decision_id: str) -> bool:
        return self.made.pop(decision_id, None) is not None

    def all(self) -> Sequence[Decision]:
        return list(self.made.values())

    def republish(self) -> None:
        """There is no gateway to tell."""


@dataclass
class MemoryTokens:
    stored: dict[str, Token] = field(default_factory=dict)

    def add(self, token: Token) -> None:
        self.stored[token.id] = token

    def find(self, token_id: str) -> Token | None:
        return self.stored.get(token_id)

    def revoke(self, token_id: str) -> bool:
        return self.stored.pop(token_id, None) is not None

    def all(self) -> Sequence[Token]:
        return list(self.stored.values())


def _matches(flag: Flag, where: FlagFilter) -> bool:
    return (
        (where.scope is None or flag.entity.scope is where.scope)
        and (where.entity is None or flag.entity.value == where.entity)
        and (where.severity is None or flag.severity.rank >= where.severity.rank)
        and (where.since is None or flag.flagged_at >= where.since)
        and (where.until is None or flag.flagged_at < where.until)
    )


def _flag_place(flag: Flag) -> str:
    return f"{flag.flagged_at:020d} {flag.id}"


def _account_place(account: Account) -> str:
    return f"{account.last_seen:020d} {account.entity.value}"
