"""Crowds: honest groups that share as much as a campaign does."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from service.simulate.account import ALWAYS, LEISURE, OFFICE, overlap
from service.simulate.client import Client
from service.simulate.dice import Dice
from service.simulate.hydra.background import person, person_like, talk
from service.simulate.hydra.private import instruction
from service.simulate.hydra.speech import Speech
from service.simulate.population import Member

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from service.simulate.account import Account
    from service.simulate.client import Draft
    from service.simulate.texts import Texts

Stream = tuple[Member, "Iterator[Draft]"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """Where and when a crowd is."""

    seed: tuple[int, ...]
    texts: Texts
    start: float
    days: int

    def shared(self) -> Dice:
        """Dice of what all its accounts have in common."""
        return Dice(*self.seed, 1)


@dataclass(frozen=True, slots=True)
class Crowd:
    """An honest group: its name, how many accounts, and what makes their streams."""

    name: str
    accounts: int
    make: Callable[[Crowd, Setting], Iterator[Stream]]

    @property
    def words(self) -> str:
        """What it is, in a sentence."""
        return (self.make.__doc__ or "").partition("\n")[0]

    def streams(self, seed: tuple[int, ...], texts: Texts, *, start: float, days: int) -> Iterator[Stream]:
        """Every account with its requests."""
        return self.make(self, Setting(seed=seed, texts=texts, start=start, days=days))


def _members(crowd: Crowd, at: Setting, orgs: tuple[str, ...] = ()) -> Iterator[Member]:
    for number in range(crowd.accounts):
        dice = Dice(*at.seed, 3, number)
        org = orgs[number % len(orgs)] if orgs else None
        account = person_like(dice, Client.draw(dice), at.texts, start=at.start, days=at.days, org=org)
        yield Member(account, crowd.name, False, "")


def course(crowd: Crowd, at: Setting) -> Iterator[Stream]:
    """Students with accounts of their own: one assignment template, eight exercises, one deadline."""
    shared = at.shared()
    speech = Speech.draw(at.texts, shared)
    template = (
        f"{instruction(speech, shared)}\n\nExercise: {{0}}\n\nMy attempt: {{1}}\n\nCheck my attempt against the sheet "
        "and give one hint, not the solution."
    )
    sheet = [speech.task(shared) for _ in range(8)]
    hours = (10 + shared.below(4), 19 + shared.below(4))
    rush = tuple(8.0 if hour in hours else 0.3 for hour in range(24))
    for member in _members(crowd, at):
        account = member.account
        if account.dice.chance(0.6):
            account = replace(account, ip=f"10.210.{shared.below(4)}.{account.dice.below(256)}")
        yield replace(member, account=account), member.limited(_studies(account, speech, template, sheet, rush))


def _studies(
    account: Account, speech: Speech, template: str, sheet: list[str], rush: tuple[float, ...]
) -> Iterator[Draft]:
    dice = account.dice

    def exercise(at: float) -> Iterator[Draft]:
        first = template.format(dice.pick(sheet), speech.prose(dice.between(1, 4), dice))
        return talk(account, speech, at, answered=False, first=first)

    def begun() -> Iterator[tuple[float, Iterator[Draft]]]:
        for day in range(account.days):
            for at in account.times(day, dice.between(1, 4), rush):
                yield at, exercise(at)

    return overlap(begun())


def public_template(crowd: Crowd, at: Setting) -> Iterator[Stream]:
    """Unrelated people who found the same prompt somewhere and use it now and then, among whatever else they ask."""
    shared = at.shared()
    template = (
        f"{instruction(Speech.draw(at.texts, shared), shared)}\nWork through it step by step, explain each step, "
        "and end with three questions to me.\n\nTopic: {0}"
    )
    for member in _members(crowd, at):
        yield member, member.limited(_borrows(member.account, template))


def _borrows(account: Account, template: str) -> Iterator[Draft]:
    dice, speech = account.dice, Speech.draw(account.texts, account.dice)
    often = 0.1 + 0.5 * dice.random()

    def asked(at: float) -> Iterator[Draft]:
        first = template.format(speech.ask(dice)) if dice.chance(often) else ""
        return talk(account, speech, at, answered=False, first=first)

    def begun() -> Iterator[tuple[float, Iterator[Draft]]]:
        for day in range(account.days):
            if dice.chance(0.7):
                for at in account.times(day, dice.between(1, 3), LEISURE):
                    yield at, asked(at)

    return overlap(begun())


def company(crowd: Crowd, at: Setting) -> Iterator[Stream]:
    """A company's keys, all of one org: one system prompt, a few busy keys and many idle ones, conversations."""
    return _company(crowd, at, orgs=1)


def subsidiaries(crowd: Crowd, at: Setting) -> Iterator[Stream]:
    """The same where the keys were bought by several orgs of the group."""
    return _company(crowd, at, orgs=4)


def _company(crowd: Crowd, at: Setting, *, orgs: int) -> Iterator[Stream]:
    shared = at.shared()
    system = instruction(Speech.draw(at.texts, shared), shared)
    speech = Speech.draw(at.texts, shared)
    names = tuple(f"org-{shared.below(16**8):08x}" for _ in range(orgs))
    for rank, member in enumerate(_members(crowd, at, names)):
        account = replace(member.account, ip=f"10.211.{shared.below(3)}.{rank}", ceiling=1000)
        daily = max(1, round(250 / (rank + 1) ** 1.1))
        yield replace(member, account=account), member.limited(_works(account, speech, system, daily))


def _works(account: Account, speech: Speech, system: str, daily: int) -> Iterator[Draft]:
    def begun() -> Iterator[tuple[float, Iterator[Draft]]]:
        for day in range(account.days):
            n = max(1, round(account.dice.lognormal(daily / 3, 0.4)))
            for at in account.times(day, n, OFFICE):
                yield at, talk(account, speech, at, answered=True, system=system)

    return overlap(begun())


def reseller(crowd: Crowd, at: Setting) -> Iterator[Stream]:
    """A reseller with consent: keys of one org, one program, one egress, and every request names its tenant."""
    shared = at.shared()
    program = Client.draw(shared)
    org = f"org-{shared.below(16**8):08x}"
    for number, member in enumerate(_members(crowd, at, (org,))):
        account = replace(member.account, client=program, ip=f"10.212.7.{number}", ceiling=400)
        yield replace(member, account=account), member.limited(_resells(account, number))


def _resells(account: Account, number: int) -> Iterator[Draft]:
    dice = account.dice
    tenants = [Speech.draw(account.texts, dice) for _ in range(dice.between(3, 12))]

    def begun() -> Iterator[tuple[float, Iterator[Draft]]]:
        for day in range(account.days):
            for at in account.times(day, dice.between(5, 40), ALWAYS):
                tenant = dice.below(len(tenants))
                user = f"tenant-{number}-{tenant}"
                yield at, talk(account, tenants[tenant], at, answered=False, user=user)

    return overlap(begun())


def neighbours(crowd: Crowd, at: Setting) -> Iterator[Stream]:
    """People behind one carrier's address: nothing else in common."""
    for number, member in enumerate(_members(crowd, at)):
        account = replace(member.account, ip=f"10.213.0.{number % 256}")
        yield replace(member, account=account), member.limited(person(account, Speech.draw(at.texts, account.dice)))


CROWDS = {
    crowd.name: crowd
    for crowd in (
        Crowd("course", 200, course),
        Crowd("public-template", 300, public_template),
        Crowd("company", 40, company),
        Crowd("subsidiaries", 40, subsidiaries),
        Crowd("reseller", 20, reseller),
        Crowd("neighbours", 120, neighbours),
    )
}
"""By name."""
