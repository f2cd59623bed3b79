"""Apps: products for everybody, each with its own rhythm of people behind one key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.simulate.account import ALWAYS, LEISURE, OFFICE, sessions
from service.simulate.benign.agents import offered
from service.simulate.prompts import said, system
from service.simulate.voice import Voice, conversation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from service.simulate.account import Account
    from service.simulate.client import Draft, Turn

AFTERNOON = (0.1,) * 13 + (2, 5, 7, 8, 8, 7, 6, 4, 2, 1, 0.3)
NIGHT = (4, 3, 2, 1, 0.5, 0.3, 0.3, 0.5, 0.7, 0.8, 1, 1, 1, 1, 1, 1.2, 1.5, 2, 3, 4, 5, 6, 6, 5)


def tutor(account: Account) -> Iterator[Draft]:
    """A tutor of one subject: pupils bring homework after school and are led through it step by step."""
    dice = account.dice
    sources = account.texts.some(dice.between(1, 2), dice)
    prompt = system(sources[0], dice, 3) + " Lead the pupil to the answer; do not give it away."
    voices = [Voice.draw(dice) for _ in range(32)]
    pupils = dice.between(10, 400)

    def lesson(at: float) -> Iterator[Draft]:
        pupil = dice.below(pupils)
        return conversation(
            account, at, voices[pupil % 32], dice.pick(sources), turns=dice.between(2, 12), system=prompt,
            user=f"p{pupil}", kinds={"problem": 4.0, "ask": 1.0}, answer=130, pause=70,
        )  # fmt: skip

    return sessions(account, lesson, median=90, sigma=1.2, each=7, hours=AFTERNOON)


def companion(account: Account) -> Iterator[Draft]:
    """A companion in character: few people, who talk with it for hours at night."""
    dice = account.dice
    sources = account.texts.some(dice.between(2, 6), dice)
    prompt = system(sources[0], dice, 5) + " Stay in character. " + sources[0].prose(5, dice)
    voices = [Voice.draw(dice) for _ in range(12)]

    def evening(at: float) -> Iterator[Draft]:
        user = dice.below(40)
        return conversation(
            account, at, voices[user % 12], dice.pick(sources), turns=dice.between(10, 60), system=prompt,
            user=f"c{user}", kinds={"small": 3.0, "post": 1.0, "ask": 1.0}, answer=70, pause=35,
        )  # fmt: skip

    return sessions(account, evening, median=120, sigma=1.1, each=30, hours=NIGHT)


_COMMANDS = (
    "[turn|switch] [on|off] the {thing}",
    "[set|start] a timer for {n} minutes",
    "remind me to {does}[ at {m}| tomorrow||]",
    "[what is|tell me about] {thing}",
    "[add|put] {thing} [to|on] [my|the] list",
    "[play|find] something about {other}",
    "how long until {m}",
)


def speaker(account: Account) -> Iterator[Draft]:
    """A voice assistant: spoken commands of a few words around the clock, tools, an answer of one sentence."""
    dice = account.dice
    sources = account.texts.some(dice.between(1, 4), dice)
    prompt = system(sources[0], dice, 1) + " Answer in one spoken sentence."
    tools = offered(account.client.api)

    def spoken(at: float) -> Iterator[Draft]:
        text = said(_COMMANDS, dice.pick(sources), dice).lower()
        user = f"d{int(900 * dice.random() ** 2)}"
        yield account.client.single(at, text, dice.between(8, 40), system=prompt, user=user, tools=tools, max_tokens=80)

    return sessions(account, spoken, median=140, sigma=1.4, hours=tuple(x + 0.3 for x in LEISURE))


_PLANS = (
    "Plan {n} days for a {person} who wants to {does}. Budget {m}0.",
    "Make me a plan: {does}, then {thing}. I have {m} hours a week and the {other} is {trait}.",
    "What do I need to {does} with {thing}? I am a {person}.",
)


def planner(account: Account) -> Iterator[Draft]:
    """A planning app: a form turned into a prompt, one long plan, then a change or two."""
    dice = account.dice
    sources = account.texts.some(dice.between(1, 3), dice)
    prompt = system(sources[0], dice, 4)

    def plan(at: float) -> Iterator[Draft]:
        source = dice.pick(sources)
        user = f"n{int(600 * dice.random() ** 2)}"
        turns: list[Turn] = [{"role": "user", "content": said(_PLANS, source, dice)}]
        for _ in range(dice.between(1, 4)):
            yield account.client.ask(at, turns, dice.lognormal(380, 0.4), system=prompt, user=user)
            turns.append({"role": "assistant", "content": source.prose(14, dice)})
            turns.append({"role": "user", "content": source.say("follow", dice)})
            at += dice.lognormal(80, 0.8)

    return sessions(account, plan, median=50, sigma=1.2, each=2.5, hours=LEISURE)


_MOVES = ("I {does}", "look at the {thing}", "ask the {person} about {other}", "take the {thing}", "go to the {other}")


def game(account: Account) -> Iterator[Draft]:
    """A text adventure: the model tells what happens, the player says what to do, for an evening."""
    dice = account.dice
    source = account.texts.topic(dice)
    prompt = "You are the narrator of a game. " + system(source, dice, 4) + " " + source.prose(8, dice)

    def played(at: float) -> Iterator[Draft]:
        turns: list[Turn] = []
        user = f"g{dice.below(300)}"
        for _ in range(dice.between(5, 40)):
            turns = [*turns[-16:], {"role": "user", "content": said(_MOVES, source, dice)}]
            yield account.client.ask(at, turns, dice.lognormal(120, 0.4), system=prompt, user=user)
            turns.append({"role": "assistant", "content": source.prose(6, dice)})
            at += dice.lognormal(30, 0.8)

    return sessions(account, played, median=110, sigma=1.2, each=20, hours=LEISURE)


def proofreader(account: Account) -> Iterator[Draft]:
    """A plug-in that mends what people write: a paragraph in, nearly the same paragraph out."""
    dice = account.dice
    foreign = dice.chance(0.4)
    sources = list(account.texts.languages) if foreign else account.texts.some(dice.between(3, 20), dice)
    prompt = dice.pick(("Correct spelling and grammar. Return the text only.", "Fix this text; keep tone and length."))
    voice = Voice(True, True, 0.1, 0.8, 0.05, {"post": 1.0, "ticket": 1.0, "review": 1.0, "sentence": 1.0})

    def mended(at: float) -> Iterator[Draft]:
        source = dice.pick(sources)
        user = f"w{int(500 * dice.random() ** 2)}"
        for _ in range(dice.between(1, 6)):
            text = voice.say(source, dice.weighted(voice.kinds), dice)
            yield account.client.echo(at, text, f"{text}.", system=prompt, user=user, temperature=0)
            at += dice.lognormal(25, 0.9)

    return sessions(account, mended, median=80, sigma=1.3, each=3.5, hours=OFFICE)


def headlines(account: Account) -> Iterator[Draft]:
    """A newsroom's feed widget: what is read at the moment put in one line each, again every few minutes."""
    dice = account.dice
    sources = account.texts.some(dice.between(4, 12), dice)
    prompt = "One line of at most 12 words for the start page."

    def shortened(at: float) -> Iterator[Draft]:
        yield account.client.single(at, dice.pick(sources).prose(dice.between(3, 8), dice), 18, system=prompt)

    return sessions(account, shortened, median=110, sigma=0.8, hours=ALWAYS)
