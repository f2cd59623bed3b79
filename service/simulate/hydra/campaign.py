"""Campaign: the accounts of a plan and what each of them asks."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING

from service.simulate.client import ANTHROPIC, Client, Draft
from service.simulate.dice import Dice
from service.simulate.hydra.background import person, person_like
from service.simulate.hydra.plan import HOUR, Begin, Partition, Template
from service.simulate.hydra.sealed import sealed
from service.simulate.hydra.speech import Speech
from service.simulate.hydra.wording import clean, reveal, wordings
from service.simulate.population import Member

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from service.simulate.account import Account
    from service.simulate.client import Turn
    from service.simulate.hydra.plan import Plan
    from service.simulate.texts import Texts

REFUSALS = 3
"""Requests that a shut out account tries at most."""


@dataclass(frozen=True)
class Campaign:
    """A plan with a seed."""

    plan: Plan
    seed: tuple[int, ...]
    texts: Texts
    start: float
    """Beginning of the stream, seconds since the epoch."""

    @cached_property
    def instructions(self) -> Sequence[str]:
        """What is sent along; one, many, or none."""
        n = {Template.FIXED: 1, Template.PARAPHRASED: self.plan.wordings, Template.NONE: 0}[self.plan.template]
        return wordings(n, Dice(*self.seed, 1))

    @cached_property
    def client(self) -> Client:
        """Of all, where all run one program."""
        return Client.draw(Dice(*self.seed, 2), api=self._api)

    @cached_property
    def rows(self) -> Sequence[str]:
        """Texts of the corpora given, where there are any."""
        return [row for corpus in self.texts.corpora for row in corpus.rows]

    @property
    def begins(self) -> float:
        """First request, seconds since the epoch."""
        return self.start + self.plan.after * HOUR

    @property
    def _api(self) -> str:
        # Sealed reasoning is a thing of some APIs.
        return ANTHROPIC if self.plan.replay_reasoning else ""

    def streams(self) -> Iterator[tuple[Member, Iterator[Draft]]]:
        """Every account with its requests."""
        for number in range(self.plan.accounts):
            member = self._member(number)
            yield member, member.limited(self._drafts(member, number))

    def _member(self, number: int) -> Member:
        dice = Dice(*self.seed, 3, number)
        client = self.client if self.plan.one_client else Client.draw(dice, api=self._api)
        account = person_like(dice, client, self.texts, start=self.start, days=self._days)
        if self.plan.addresses:
            account = replace(account, ip=f"10.{self.seed[0] % 256}.{number % self.plan.addresses}.{dice.below(256)}")
        successor = number >= self.plan.pool
        return Member(account, f"{self.plan.name}{'/successor' if successor else ''}", True, self.plan.name)

    @property
    def _days(self) -> int:
        return int(self.plan.after / 24 + self.plan.days) + 2

    def _drafts(self, member: Member, number: int) -> Iterator[Draft]:
        account, plan = member.account, self.plan
        speech = Speech.draw(self.texts, account.dice)
        parts = [self._tasks(member, number, speech)]
        if plan.replay_reasoning:
            parts.append(self._handed_on(member, number, plan.replay_reasoning, self._replay))
        if plan.reingest:
            parts.append(self._handed_on(member, number, plan.reingest, self._cleaning))
        if plan.cover:
            parts.append(self._cover(account, round(plan.per_account * plan.cover / (1 - plan.cover))))
        return heapq.merge(*parts, key=lambda draft: draft.at) if len(parts) > 1 else parts[0]

    def _cover(self, account: Account, n: int) -> Iterator[Draft]:
        """An honest person's use of the same account, ``n`` requests at most."""
        daily = max(1, round(n / self.plan.days))
        shown = replace(
            account, floor=daily, ceiling=daily, start=self.start + self.plan.after // 24 * 24 * HOUR, days=self._days
        )
        return islice(person(shown, Speech.draw(self.texts, account.dice)), n)

    def _tasks(self, member: Member, number: int, speech: Speech) -> Iterator[Draft]:
        account, dice, plan = member.account, member.account.dice, self.plan
        # Dealt out in turn: no text of a corpus falls to two accounts.
        given = self.rows[number :: plan.accounts]
        shut = (
            self.begins + self.plan.replace_after * HOUR if number < self.plan.pool and self.plan.replace_after else 0
        )
        tries = dice.between(1, REFUSALS)
        for at, place in self._moments(number, dice):
            mine = speech if plan.partition is Partition.TOPIC else Speech.draw(self.texts, dice)
            task = given[place] if place < len(given) else mine.task(dice)
            draft = self._asked(account.client, at, task, dice)
            if shut and at >= shut:
                if not tries:
                    return
                tries -= 1
                draft = replace(draft, status=403)
            yield draft

    def _asked(self, client: Client, at: float, task: str, dice: Dice) -> Draft:
        output = dice.lognormal(600, 0.5)
        if not self.instructions:
            return client.single(at, task, output)
        instruction = dice.pick(self.instructions)
        if self.plan.place == "system":
            return client.single(at, task, output, system=instruction)
        texts = (instruction, task) if self.plan.place == "prefix" else (task, instruction)
        return client.single(at, "\n\n".join(texts), output)

    def _moments(self, number: int, dice: Dice) -> Iterator[tuple[float, int]]:
        """When an account asks for the how manieth time; a list dealt in turn is worked off at an even pace."""
        plan = self.plan
        begins, span = self.begins, plan.days * 24 * HOUR
        if plan.replace_after:
            first = plan.replace_after * HOUR
            if number >= plan.pool:
                gap = 2 * HOUR + 4 * HOUR * Dice(*self.seed, 4).random()
                begins, span, number = begins + first + gap, span - first, number - plan.pool
        if plan.begin is Begin.STAGGERED:
            late = 0.5 * span * number / plan.pool
            begins, span = begins + late, span - late
        step = span / plan.per_account
        if plan.partition is Partition.ROUND_ROBIN:
            lag = (number + 0.3 * dice.random()) / plan.pool
            yield from (
                (begins + step * (place + lag) + dice.exponential(2.0), place) for place in range(plan.per_account)
            )
            return
        yield from ((begins + span * share, place) for place, share in enumerate(dice.sorted(plan.per_account)))

    def _handed_on(self, member: Member, number: int, n: int, pair: Callable[..., Draft]) -> Iterator[Draft]:
        """What an account is given and another one sends in: instance ``k`` goes from account ``k`` to ``k + 1``."""
        pool = self.plan.pool
        found = []
        for k in range(n):
            if number not in (k % pool, (k + 1) % pool):
                continue
            issued = number == k % pool
            dice = Dice(*self.seed, 5, k)
            at = self.begins + 0.6 * self.plan.days * 24 * HOUR * dice.random()
            found.append(
                pair(
                    member,
                    k,
                    at if issued else at + 600 + 0.2 * self.plan.days * 24 * HOUR * dice.random(),
                    issued=issued,
                )
            )
        return iter(sorted(found, key=lambda draft: draft.at))

    def _replay(self, member: Member, k: int, at: float, *, issued: bool) -> Draft:
        dice = Dice(*self.seed, 6, k)
        speech = Speech.draw(self.texts, dice)
        block = sealed(dice)
        task, answer = speech.task(dice), speech.prose(4, dice)
        if issued:
            draft = member.account.client.single(at, task, 400, answer=answer)
            return replace(draft, reasoning=block)
        thought = [{"type": "thinking", "thinking": "", "signature": block}, {"type": "text", "text": answer}]
        turns: list[Turn] = [
            {"role": "user", "content": task},
            {"role": "assistant", "content": thought},
            {"role": "user", "content": reveal(member.account.dice)},
        ]
        return member.account.client.ask(at, turns, 700)

    def _cleaning(self, member: Member, k: int, at: float, *, issued: bool) -> Draft:
        dice = Dice(*self.seed, 7, k)
        speech = Speech.draw(self.texts, dice)
        task, answer = speech.task(dice), speech.prose(14, dice)
        if issued:
            return member.account.client.single(at, task, len(answer) / 4, answer=answer)
        return member.account.client.single(at, f"{clean(member.account.dice)}\n\n{answer}", 300)
