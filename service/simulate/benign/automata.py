"""Automata: agents that search, browse, serve and split up work, each session a tree of growing prefixes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.simulate.account import ALWAYS, LEISURE, OFFICE, overlap, sessions
from service.simulate.benign.agents import offered, step
from service.simulate.prompts import said, system
from service.simulate.voice import Voice

if TYPE_CHECKING:
    from collections.abc import Iterator

    from service.simulate.account import Account
    from service.simulate.client import Draft, Turn
    from service.simulate.texts import Source


def _worked(
    account: Account, at: float, goal: str, source: Source, *, steps: int, prompt: str, last: float
) -> Iterator[Draft]:
    """An agent's run: a goal, steps whose results are carried along, and an answer at the end."""
    dice = account.dice
    tools = offered(account.client.api)
    turns: list[Turn] = [{"role": "user", "content": goal}]
    for number in range(steps):
        yield account.client.ask(at, turns, dice.lognormal(70, 0.6), system=prompt, tools=tools)
        turns += step(account.client.api, number, source.say("sentence", dice), source.prose(dice.between(4, 14), dice))
        at += dice.lognormal(5, 0.6)
    yield account.client.ask(at, turns, last, system=prompt, tools=tools)


def research(account: Account) -> Iterator[Draft]:
    """A research agent: it searches and reads for some minutes, then writes a report of pages."""
    dice = account.dice
    sources = account.texts.some(dice.between(3, 20), dice)
    prompt = "Search, read, then write a report with sources. " + system(sources[0], dice, 2)

    def asked(at: float) -> Iterator[Draft]:
        source = dice.pick(sources)
        goal = source.say(dice.pick(("task", "ask")), dice)
        steps, length = dice.between(5, 25), dice.lognormal(1300, 0.4)
        return _worked(account, at, goal, source, steps=steps, prompt=prompt, last=length)

    return sessions(account, asked, median=90, sigma=1.1, each=15, hours=OFFICE)


_GOALS = (
    "Find a {trait} {thing} and {does}.",
    "Book {thing} for {n} {person}s.",
    "Fill in the form about {other}: {trouble}.",
)


def browser(account: Account) -> Iterator[Draft]:
    """A browser agent: the page as it stands and the goal, an action of a few words, and the next page."""
    dice = account.dice
    sources = account.texts.some(dice.between(1, 4), dice)
    prompt = "You control a browser. Reply with one action: click(id), type(id, text), scroll, done."

    def surfed(at: float) -> Iterator[Draft]:
        source = dice.pick(sources)
        goal = said(_GOALS, source, dice)
        for _ in range(dice.between(6, 40)):
            page = "\n".join(f"[{i}] {source.say('sentence', dice)}" for i in range(dice.between(8, 40)))
            text = f"Goal: {goal}\n\nPage:\n{page}\n\nAction:"
            yield account.client.single(at, text, dice.between(5, 18), system=prompt, temperature=0)
            at += dice.lognormal(7, 0.5)

    return sessions(account, surfed, median=100, sigma=1.1, each=22, hours=OFFICE)


def desk(account: Account) -> Iterator[Draft]:
    """A help desk that acts: customers talk, the model looks up orders, changes them and answers."""
    dice = account.dice
    source = account.texts.topic(dice)
    voices = [Voice.draw(dice) for _ in range(24)]
    prompt = system(source, dice, 7)
    tools = offered(account.client.api)

    def served(at: float) -> Iterator[Draft]:
        turns: list[Turn] = []
        voice, user = dice.pick(voices), f"k{dice.below(10**6)}"
        for number in range(dice.between(1, 6)):
            turns.append({"role": "user", "content": voice.say(source, "ticket" if number == 0 else "follow", dice)})
            yield account.client.ask(at, turns, dice.between(15, 40), system=prompt, user=user, tools=tools)
            turns += step(account.client.api, number, "One moment.", source.say("sentence", dice))
            yield account.client.ask(at + 1.5, turns, dice.lognormal(60, 0.5), system=prompt, user=user, tools=tools)
            turns.append({"role": "assistant", "content": source.prose(2, dice)})
            at += dice.lognormal(45, 0.8)

    return sessions(account, served, median=100, sigma=1.2, each=6, hours=LEISURE)


_PARTS = (
    "Look into {thing} and how it bears on {other}.",
    "List what a {person} must {does}.",
    "Check whether {trouble}.",
)
_FACETS = (
    "as a critic",
    "as a planner",
    "with figures",
    "for a lay reader",
    "from the risks",
    "briefly",
    "with options",
)


def swarm(account: Account) -> Iterator[Draft]:
    """A swarm: one goal split among dozens of agents that run side by side, each with a brief of its own.

    Broad, fast, at any hour, with instructions that are made by a model: much of what a harvest shows.
    """
    dice = account.dice
    sources = account.texts.some(dice.between(1, 6), dice)
    prompt = system(sources[0], dice, 3)

    def split(at: float) -> Iterator[Draft]:
        source = dice.pick(sources)
        goal = source.say("task", dice)
        yield account.client.single(
            at, f"Split into tasks for agents:\n{goal}", dice.lognormal(300, 0.3), system=prompt
        )
        began = at + 6

        def agent(start: float) -> Iterator[Draft]:
            brief = f"{goal}\n\nYour part: {said(_PARTS, source, dice)} Work {dice.pick(_FACETS)}."
            return _worked(
                account, start, brief, source, steps=dice.between(0, 5), prompt=prompt, last=dice.lognormal(280, 0.5)
            )

        starts = sorted(began + dice.exponential(20) for _ in range(dice.between(4, 24)))
        end = began
        for draft in overlap((start, agent(start)) for start in starts):
            end = draft.at
            yield draft
        merged = f"{goal}\n\nFindings:\n{source.prose(dice.between(20, 40), dice)}\n\nMerge them."
        yield account.client.single(end + 8, merged, dice.lognormal(900, 0.4), system=prompt)

    return sessions(account, split, median=220, sigma=1.0, each=45, hours=ALWAYS)
