"""Products: one key, many people behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.simulate.account import LEISURE, OFFICE, overlap
from service.simulate.code import module
from service.simulate.prompts import said, system
from service.simulate.voice import Voice, conversation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from service.simulate.account import Account
    from service.simulate.client import Draft


def product(account: Account) -> Iterator[Draft]:
    """A chat product with end users, who come from everywhere and ask for everything, or for its few topics."""
    dice = account.dice
    broad = dice.chance(0.5)
    sources = account.texts.some(60 if broad else dice.between(2, 6), dice)
    if broad:
        sources += list(account.texts.languages)
    prompt = system(sources[0], dice, dice.between(1, 7))
    users = max(8, min(5000, round(dice.lognormal(120, 1.2))))
    voices = [Voice.draw(dice) for _ in range(48)]
    named = dice.chance(0.8)
    turns = dice.lognormal(3, 0.4)
    hours = LEISURE if dice.chance(0.6) else OFFICE

    def begun() -> Iterator[tuple[float, Iterator[Draft]]]:
        for day in range(account.days):
            for at in account.times(day, max(1, round(account.volume(140, 1.5) / turns)), hours):
                # Some users come all the time: the square of a uniform draw has more of the small numbers.
                user = int(users * dice.random() ** 2)
                yield (
                    at,
                    conversation(
                        account,
                        at,
                        voices[user % 48],
                        sources[(user * 7 + dice.below(3)) % len(sources)],
                        turns=max(1, round(dice.lognormal(turns, 0.7))),
                        system=prompt,
                        user=f"u-{user:05d}" if named else "",
                    ),
                )

    return overlap(begun())


def support(account: Account) -> Iterator[Draft]:
    """A customer-support bot: narrow, its rules and help pages in the system prompt, short conversations."""
    dice = account.dice
    source = account.texts.topic(dice)
    prompt = system(source, dice, 6) + "\n\nHelp pages:\n" + source.prose(dice.between(8, 40), dice)
    voices = [Voice.draw(dice) for _ in range(32)]
    named = dice.chance(0.5)

    def begun() -> Iterator[tuple[float, Iterator[Draft]]]:
        for day in range(account.days):
            for number, at in enumerate(account.times(day, account.volume(45, 1.3), LEISURE)):
                yield (
                    at,
                    conversation(
                        account,
                        at,
                        dice.pick(voices),
                        source,
                        turns=dice.between(1, 5),
                        system=prompt,
                        answer=90,
                        user=f"s{day}-{number}" if named else "",
                        kinds={"ticket": 1.0},
                    ),
                )

    return overlap(begun())


def retrieval(account: Account) -> Iterator[Draft]:
    """Questions answered from documents: an embedding of the question, then a long context around it."""
    dice = account.dice
    sources = account.texts.some(dice.between(1, 4), dice)
    voice = Voice.draw(dice)
    store = [source.prose(dice.between(4, 9), dice) for source in sources for _ in range(60)]
    asks = dice.pick(
        (
            "Answer the question with the context only.\n\nContext:\n{context}\n\nQuestion: {question}",
            "{context}\n\n---\nUsing the passages above, answer: {question}",
            "You have these documents:\n<documents>\n{context}\n</documents>\n\n{question}\nIf unsure, say so.",
        )
    )
    prompt = system(sources[0], dice, 2) if dice.chance(0.6) else ""
    kinds = {"ask": 3.0, "ticket": 1.0, "write": 0.3}

    def question(at: float) -> Iterator[Draft]:
        asked = voice.say(dice.pick(sources), dice.weighted(kinds), dice)
        yield account.client.embed(at, [asked])
        context = "\n\n".join(dice.pick(store) for _ in range(dice.between(2, 5)))
        text = asks.format(context=context, question=asked)
        # What is answered from passages quotes some of them, and says the rest in other words.
        quoted = context[: dice.between(0, 300)] + " " + dice.pick(sources).prose(3, dice)
        yield account.client.single(at + 0.4, text, dice.lognormal(140, 0.7), system=prompt, answer=quoted)

    def begun() -> Iterator[tuple[float, Iterator[Draft]]]:
        for day in range(account.days):
            for at in account.times(day, max(1, account.volume(60, 1.3) // 2)):
                yield at, question(at)

    return overlap(begun())


_FORMS = (
    "[Write|Draft] [an email|a reply|a post|a letter] [to|for] a {person}. Topic: {thing}. Tone: {trait}.",
    'Rewrite the text so that it sounds more [formal|friendly|confident]:\n\n"{trouble}. We have to {does}."',
    "Continue: The {person} looked at the {thing} and",
    "Give me {n} [subject lines|headlines|hooks] about {thing} for {person}s",
    "Proofread: the {other} was {trait} , and {trouble}",
)


def writer(account: Account) -> Iterator[Draft]:
    """A writing tool: one request, one long answer, forms that fill a template; no conversation."""
    dice = account.dice
    sources = account.texts.some(dice.between(8, 40), dice)
    prompt = system(sources[0], dice, 2)
    named = dice.chance(0.6)

    def drafts() -> Iterator[Draft]:
        for day in range(account.days):
            for at in account.times(day, account.volume(60, 1.3)):
                source = dice.pick(sources)
                text = said(_FORMS, source, dice) if dice.chance(0.7) else source.say("write", dice)
                user = f"w{int(400 * dice.random() ** 2)}" if named else ""
                turn = {"role": "user", "content": text}
                yield account.client.ask(at, [turn], dice.lognormal(260, 0.6), system=prompt, user=user)

    return drafts()


def autocomplete(account: Account) -> Iterator[Draft]:
    """An editor that completes code: bursts while somebody types, long prefixes, short answers."""
    dice = account.dice
    sources = account.texts.some(3, dice)
    language = dice.pick(("python", "js"))
    size = dice.between(2, 12)

    def typing(at: float) -> Iterator[Draft]:
        source = dice.pick(sources)
        before, typed = module(source, language, size, dice), module(source, language, 3, dice)
        cut = 0
        for _ in range(dice.between(5, 60)):
            cut = min(len(typed), cut + dice.between(3, 40))
            yield account.client.complete(at, before + "\n\n" + typed[:cut], dice.lognormal(24, 0.7), max_tokens=96)
            at += dice.lognormal(5, 0.8)

    def begun() -> Iterator[tuple[float, Iterator[Draft]]]:
        for day in range(account.days):
            for at in account.times(day, max(1, account.volume(90, 1.0) // 30)):
                yield at, typing(at)

    return overlap(begun())
