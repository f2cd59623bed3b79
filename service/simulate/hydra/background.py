"""Background: honest accounts by the ten thousand, most of them thin, as the customers of an operator are.

Most send one to fifty requests a day. Some share what honest people share: a popular prompt, a well-known system
prompt, an SDK, the address of an office, an org with several keys.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from service.simulate.account import ALWAYS, LEISURE, OFFICE, Account, overlap
from service.simulate.client import ANTHROPIC, Client
from service.simulate.dice import Dice
from service.simulate.hydra.popular import BOILERPLATE, popular_prompt, popular_system
from service.simulate.hydra.private import frame, instruction
from service.simulate.hydra.sealed import sealed
from service.simulate.hydra.speech import Speech
from service.simulate.kinds import BENIGN
from service.simulate.population import Member

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from service.simulate.client import Draft, Turn
    from service.simulate.texts import Texts

ZONES = (-8, -5, -5, 0, 1, 1, 2, 5.5, 8, 9)
OFFICES = 150
"""Addresses (/24) that unrelated accounts share: offices, campuses, clouds."""
ORDINARY = 0.9
"""Share of the kinds of this file; the others are those of the whole simulator."""


def person_like(
    dice: Dice, client: Client, texts: Texts, *, start: float, days: int, org: str | None = None
) -> Account:
    """An account with name, address and zone; an org of its own two times in three where none is given."""
    own = f"org-{dice.below(16**8):08x}" if org is None and dice.chance(0.67) else org or ""
    return Account(
        name=f"acct-{dice.below(16**10):010x}",
        org=own,
        ip=_address(dice),
        client=client,
        dice=dice,
        texts=texts,
        start=start,
        days=days,
        zone=dice.pick(ZONES),
        ceiling=50,
        group=(),
    )


def _address(dice: Dice) -> str:
    if dice.chance(0.15):
        return f"10.200.{dice.below(OFFICES)}.{dice.below(256)}"
    first, second = dice.pick(((10, dice.below(200)), (100, 64 + dice.below(64)), (172, 16 + dice.below(16))))
    return f"{first}.{second}.{dice.below(256)}.{dice.below(256)}"


def background(
    seed: int, accounts: int, texts: Texts, *, start: float, days: int
) -> Iterator[tuple[Member, Iterator[Draft]]]:
    """Every account with its requests. Each depends on the seed and its own number alone.

    Parameters
    ----------
    accounts
        How many; some seven requests a day each.
    start
        Midnight of the first day, seconds since the epoch.

    """
    made = firms = 0
    while made < accounts:
        firms += 1
        firm = Dice(seed, 20, firms)
        keys = firm.weighted({1: 0.88, 2: 0.06, 3: 0.03, 5: 0.02, 8: 0.01})
        org = f"org-{firm.below(16**8):08x}" if keys > 1 else None
        for _ in range(min(keys, accounts - made)):
            yield _thin(Dice(seed, 21, made), texts, start=start, days=days, org=org)
            made += 1


def _thin(dice: Dice, texts: Texts, *, start: float, days: int, org: str | None) -> tuple[Member, Iterator[Draft]]:
    if not dice.chance(ORDINARY):
        family = dice.weighted(_OTHERS)
        client = Client.draw(dice, api=BENIGN[family].api)
        account = replace(person_like(dice, client, texts, start=start, days=days, org=org), group=(dice.below(2**32),))
        member = Member(account, family, False, "")
        return member, member.drafts(BENIGN[family])
    family = dice.weighted(_WEIGHTS)
    client = Client.draw(dice, api=ANTHROPIC if family == "agent" else "")
    account = person_like(dice, client, texts, start=start, days=days, org=org)
    member = Member(account, family, False, "")
    return member, member.limited(_KINDS[family](account, Speech.draw(texts, dice)))


def person(account: Account, speech: Speech) -> Iterator[Draft]:
    """Somebody who asks now and then, and goes on asking."""
    dice = account.dice
    hours = LEISURE if dice.chance(0.6) else OFFICE
    answered = dice.chance(0.3)
    return _days(account, hours, 3.0, lambda at: talk(account, speech, at, answered=answered))


def talk(
    account: Account, speech: Speech, at: float, *, answered: bool, system: str = "", user: str = "", first: str = ""
) -> Iterator[Draft]:
    """A conversation, of which ``first`` opens it; where it is ``answered`` the records say what the model said."""
    dice = account.dice
    history: list[Turn] = []
    said = first or speech.ask(dice)
    for _ in range(max(1, round(dice.lognormal(2.5, 0.7)))):
        history.append({"role": "user", "content": said})
        reply = dice.pick(BOILERPLATE) if dice.chance(0.03) else speech.prose(dice.between(1, 5), dice)
        draft = account.client.ask(at, history, len(reply) / 4, system=system, user=user)
        yield replace(draft, answer=reply) if answered else draft
        history.append({"role": "assistant", "content": reply})
        at += account.client.took(draft.output) + dice.lognormal(60, 0.9)
        # Now and then somebody pastes an answer that they were given themselves.
        said = f"{speech.follow(dice)}\n\n{reply}" if dice.chance(0.02) else speech.follow(dice)


def popular(account: Account, speech: Speech) -> Iterator[Draft]:
    """Somebody who tries the API with what everybody tries: prompts that went round."""
    dice = account.dice
    system = popular_system(dice) if dice.chance(0.5) else ""

    def asked(at: float) -> Iterator[Draft]:
        text = popular_prompt(dice) if dice.chance(0.5) else speech.ask(dice)
        yield account.client.single(at, text, dice.lognormal(150, 0.8), system=system)

    return _days(account, LEISURE, 1.0, asked)


def script(account: Account, speech: Speech) -> Iterator[Draft]:
    """A program with an instruction of its maker's, over records of its own."""
    dice = account.dice
    form, short = frame(speech, dice), dice.chance(0.6)
    hours = OFFICE if dice.chance(0.5) else ALWAYS

    def asked(at: float) -> Iterator[Draft]:
        document = speech.prose(dice.between(1, 6), dice)
        yield account.client.single(at, form.format(document), dice.between(1, 12) if short else len(document) / 5)

    return _days(account, hours, 1.0, asked)


def product(account: Account, speech: Speech) -> Iterator[Draft]:
    """A product with a system prompt of its own and users who are named."""
    dice = account.dice
    system = instruction(speech, dice)

    def asked(at: float) -> Iterator[Draft]:
        user = f"u-{dice.below(40)}"
        return talk(account, Speech.draw(account.texts, dice), at, answered=False, system=system, user=user)

    return _days(account, LEISURE, 3.0, asked)


def agent(account: Account, speech: Speech) -> Iterator[Draft]:
    """An agent whose harness sends back the sealed reasoning that its own conversation was given, step by step."""
    dice = account.dice
    system = instruction(speech, dice)

    def episode(at: float) -> Iterator[Draft]:
        turns: list[Turn] = [{"role": "user", "content": speech.task(dice)}]
        for _ in range(dice.between(2, 6)):
            block, reply = sealed(dice), speech.prose(2, dice)
            draft = account.client.ask(at, turns, 150, system=system)
            yield replace(draft, answer=reply, reasoning=block)
            at += account.client.took(150) + 2.0
            thought = [{"type": "thinking", "thinking": "", "signature": block}, {"type": "text", "text": reply}]
            turns += [{"role": "assistant", "content": thought}, {"role": "user", "content": speech.prose(2, dice)}]

    return _days(account, OFFICE, 4.0, episode)


def _days(
    account: Account, hours: tuple[float, ...], each: float, stream: Callable[[float], Iterator[Draft]]
) -> Iterator[Draft]:
    """Streams of some ``each`` requests over the days, so many that the account is as thin as most are."""
    dice = account.dice
    median = dice.lognormal(6.0, 0.9)

    def begun() -> Iterator[tuple[float, Iterator[Draft]]]:
        for day in range(account.days):
            if dice.chance(0.75):
                for at in account.times(day, max(1, round(account.volume(median, 0.6) / each)), hours):
                    yield at, stream(at)

    return overlap(begun())


_KINDS = {"person": person, "popular": popular, "script": script, "product": product, "agent": agent}
_WEIGHTS = {"person": 0.62, "popular": 0.1, "script": 0.15, "product": 0.09, "agent": 0.04}
_OTHERS = {name: kind.weight for name, kind in BENIGN.items() if kind.group == 1}
