"""Population: many accounts at once, as one stream of query records in order of time."""

from __future__ import annotations

import heapq
import math
from dataclasses import dataclass, field, replace
from itertools import count
from typing import TYPE_CHECKING, Any

from service.simulate.account import Account
from service.simulate.client import Client, Draft
from service.simulate.dice import Dice
from service.simulate.kinds import ALL, ATTACKS, BENIGN

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from service.simulate.kinds import Archetype
    from service.simulate.texts import Texts

START = 1_793_577_600.0
"""2026-11-02, a Monday, 00:00 UTC."""
NEWEST = "large-3"
"""Model that appears on the day of a launch."""
ERRORS = {403: "this account is disabled", 503: "overloaded"}
SERVER_ERROR = 0.003
"""Share of requests that the upstream refuses for a moment; SDKs send them again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mix:
    """Whom a population holds."""

    benign: int = 0
    attackers: int = 0
    days: int = 2
    start: float = START
    ceiling: int = 8000
    """Queries that an account sends a day, about, at most."""
    floor: int = 1
    """Queries that an account sends on an active day, about, at least."""
    launch: int = 0
    """Day on which a new model appears, counted from 0; 0: none does."""
    rhythm: tuple[float, ...] = ()
    """Weight of each hour of the day, for all accounts; empty: each kind has its own."""
    archetypes: Mapping[str, Archetype] = field(default_factory=lambda: ALL)


@dataclass(frozen=True, slots=True)
class Member:
    """An account and its label."""

    account: Account
    family: str
    attack: bool
    campaign: str
    moves: float = math.inf
    """When it goes over to the new model, seconds since the epoch."""

    def drafts(self, archetype: Archetype) -> Iterator[Draft]:
        """Its requests, those of its days."""
        return self.limited(archetype.behave(self.account))

    def limited(self, drafts: Iterable[Draft]) -> Iterator[Draft]:
        """Those of its days, to the model that it asks by then."""
        end = self.account.start + self.account.days * 86_400
        return (self._moved(draft) for draft in drafts if draft.at < end)

    def _moved(self, draft: Draft) -> Draft:
        if draft.at >= self.moves and draft.path != "/v1/embeddings":
            draft.request["model"] = NEWEST
        return draft


def members(seed: int, mix: Mix, texts: Texts) -> Iterator[Member]:
    """The accounts of a population. Each depends on the seed and its own number alone."""
    for attack, wanted, known in ((False, mix.benign, BENIGN), (True, mix.attackers, ATTACKS)):
        # A group is drawn once for all its accounts.
        weights = {name: kind.weight / kind.group for name, kind in mix.archetypes.items() if name in known}
        dice = Dice(seed, int(attack), 1)
        made = groups = 0
        while made < wanted:
            family = dice.weighted(weights)
            group = mix.archetypes[family].group
            groups += 1
            size = max(1, round(group * (0.4 + dice.random() * 1.2))) if group > 1 else 1
            for _ in range(min(size, wanted - made)):
                yield drawn(
                    mix,
                    texts,
                    family,
                    attack=attack,
                    own=(seed, int(attack), 2, made),
                    group=(seed, int(attack), 3, groups),
                )
                made += 1


def population(seed: int, mix: Mix, texts: Texts) -> Iterator[dict[str, Any]]:
    """Query records of all accounts, in order of arrival, made as they are asked for.

    Parameters
    ----------
    seed
        The same seed, mix and texts give the same records.
    mix
        Whom it holds.
    texts
        What they write about.

    """
    return sent((member, member.drafts(mix.archetypes[member.family])) for member in members(seed, mix, texts))


def sent(streams: Iterable[tuple[Member, Iterator[Draft]]]) -> Iterator[dict[str, Any]]:
    """The records of accounts with their drafts, in order of arrival; what the upstream refuses is sent again."""
    numbers = count()
    due: list[tuple[float, int, Draft, Member, Iterator[Draft]]] = []

    def push(member: Member, drafts: Iterator[Draft]) -> None:
        draft = next(drafts, None)
        if draft is not None:
            heapq.heappush(due, (draft.at, next(numbers), draft, member, drafts))

    for member, drafts in streams:
        push(member, drafts)
    while due:
        _, _, draft, member, left = heapq.heappop(due)
        refused = draft.retry == 0 and member.account.dice.chance(SERVER_ERROR) and draft.status == 200
        yield record(draft, member, refused=refused)
        if refused:
            push(member, iter([replace(draft, at=draft.at + 0.5 + member.account.dice.exponential(0.5), retry=1)]))
        push(member, left)


def record(draft: Draft, member: Member, *, refused: bool = False) -> dict[str, Any]:
    """A draft as the query record that a gateway would have logged."""
    account = member.account
    headers = (
        {**account.client.headers, "x-stainless-retry-count": str(draft.retry)}
        if draft.retry
        else account.client.headers
    )
    status = 503 if refused else draft.status
    took = account.client.took(draft.output) if status == 200 else 0.06
    label: dict[str, Any] = {"attack": member.attack, "family": member.family}
    if member.campaign:
        label["campaign"] = member.campaign
    return {
        "v": 1,
        "ts": round(draft.at, 6),
        "account": account.name,
        **({"org": account.org} if account.org else {}),
        "ip": account.ip,
        "headers": headers,
        "method": "POST",
        "path": draft.path,
        "request": draft.request,
        "status": status,
        "response": _response(draft) if status == 200 else {"error": {"message": ERRORS[status]}},
        "latency_ms": round(took * 1000, 3),
        "ttft_ms": round(min(took, 0.25) * 1000, 3),
        "label": label,
    }


def _response(draft: Draft) -> dict[str, Any]:
    """The answer as its API writes it; without a text where none was made."""
    usage = {"usage": _usage(draft)}
    if not (draft.answer or draft.reasoning):
        return usage
    if draft.path == "/v1/messages":
        thought = [{"type": "thinking", "thinking": "", "signature": draft.reasoning}] if draft.reasoning else []
        return {"role": "assistant", "content": [*thought, {"type": "text", "text": draft.answer}], **usage}
    if draft.path == "/v1/responses":
        thought = [{"type": "reasoning", "encrypted_content": draft.reasoning}] if draft.reasoning else []
        part = {"type": "output_text", "text": draft.answer}
        return {"output": [*thought, {"type": "message", "role": "assistant", "content": [part]}], **usage}
    message = {"role": "assistant", "content": draft.answer}
    return {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}], **usage}


def _usage(draft: Draft) -> dict[str, int]:
    entered = draft.characters // 4 + 8
    if draft.path in {"/v1/messages", "/v1/responses"}:
        return {"input_tokens": entered, "output_tokens": draft.output}
    return {"prompt_tokens": entered, "completion_tokens": draft.output, "total_tokens": entered + draft.output}


def drawn(mix: Mix, texts: Texts, family: str, *, attack: bool, own: tuple[int, ...], group: tuple[int, ...]) -> Member:
    """One account of a kind; ``own`` and ``group`` are the seeds of what is its own and its group's."""
    dice = Dice(*own)
    # A course is one org. Keys of a campaign are bought one by one, so neither org nor address tells them.
    together = mix.archetypes[family].group > 1 and not attack
    named = together or dice.chance(0.3)
    org = f"org-{(Dice(*group, 0) if together else dice).below(10**6):06d}" if named else ""
    account = Account(
        name=f"acct-{dice.below(16**8):08x}",
        org=org,
        ip=f"10.{dice.below(256)}.{dice.below(256)}.{dice.below(256)}",
        client=Client.draw(dice, api=mix.archetypes[family].api),
        dice=dice,
        texts=texts,
        start=mix.start,
        days=mix.days,
        zone=dice.pick((-8, -5, -5, 0, 1, 1, 2, 5.5, 8, 9)),
        ceiling=mix.ceiling,
        group=group,
        floor=mix.floor,
        rhythm=mix.rhythm,
    )
    campaign = f"{family}-{group[-1]}" if attack else ""
    # A harvest is wanted of the best there is; of the honest some are curious and most stay with what works.
    moves = math.inf
    if mix.launch and dice.chance(0.6 if attack else 0.12):
        moves = mix.start + mix.launch * 86_400 + dice.exponential(6 * 3600.0)
    return Member(account, family, attack, campaign, moves)
