"""Repositories: programs that read code when it is pushed, and those that go through all of it once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.simulate import documents
from service.simulate.account import OFFICE, jobs, sessions
from service.simulate.code import function
from service.simulate.prompts import system

if TYPE_CHECKING:
    from collections.abc import Iterator

    from service.simulate.account import Account
    from service.simulate.client import Draft


def reviewer(account: Account) -> Iterator[Draft]:
    """A review bot: for each push a call for every file, all at once."""
    dice = account.dice
    source, language = account.texts.topic(dice), dice.pick(("python", "js"))
    prompt = "Review the change. Point out bugs only. " + system(source, dice, 2)

    def pushed(at: float) -> Iterator[Draft]:
        for _ in range(dice.between(1, 15)):
            text = documents.patch(source, language, dice, dice.between(1, 6))
            yield account.client.single(at, text, dice.lognormal(140, 0.6), system=prompt, temperature=0)
            at += dice.exponential(0.4)

    return sessions(account, pushed, median=70, sigma=1.1, each=8, hours=OFFICE)


def commits(account: Account) -> Iterator[Draft]:
    """Messages for commits, written from the change by a hook on everybody's machine."""
    dice = account.dice
    sources, language = account.texts.some(4, dice), dice.pick(("python", "js"))
    prompt = "One line that says why, in the imperative."

    def committed(at: float) -> Iterator[Draft]:
        text = documents.patch(dice.pick(sources), language, dice, dice.between(1, 4))
        yield account.client.single(at, text, dice.between(8, 20), system=prompt, max_tokens=40)

    return sessions(account, committed, median=35, sigma=1.2, hours=OFFICE)


def docstrings(account: Account) -> Iterator[Draft]:
    """Every function of a code base documented, in a run or two."""
    dice = account.dice
    sources, language = account.texts.some(dice.between(1, 3), dice), dice.pick(("python", "js"))
    form = dice.pick(("Write a docstring.\n\n{0}", "Document this function for other developers:\n```\n{0}\n```"))

    def draft(at: float) -> Draft:
        return account.client.single(
            at, form.format(function(dice.pick(sources), language, dice)), dice.lognormal(70, 0.3)
        )

    return jobs(account, draft, median=150, sigma=1.2, active=0.6)


def port(account: Account) -> Iterator[Draft]:
    """An old code base carried over to another language, file by file, compiled and mended."""
    dice = account.dice
    source = account.texts.topic(dice)
    form = dice.pick(("Port to TypeScript. Code only.\n\n{0}", "Rewrite for the new framework, same behaviour:\n{0}"))

    def ported(at: float) -> Iterator[Draft]:
        code = "\n\n".join(function(source, "python", dice) for _ in range(dice.between(1, 6)))
        turns = [{"role": "user", "content": form.format(code)}]
        for _ in range(dice.pick((1, 1, 2, 3))):
            yield account.client.ask(at, turns, len(code) / 3.5, temperature=0)
            turns.append({"role": "assistant", "content": function(source, "js", dice)})
            turns.append({"role": "user", "content": f"It does not compile:\n{documents.log(source, dice, 4)}"})
            at += dice.lognormal(20, 0.6)

    return sessions(account, ported, median=60, sigma=1.1, each=1.8, active=0.7, hours=OFFICE)
