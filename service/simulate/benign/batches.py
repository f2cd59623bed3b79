"""Batches: one instruction over many records of the caller's own, as fast as the API answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.simulate.account import ALWAYS, OFFICE, jobs
from service.simulate.prompts import said, system

if TYPE_CHECKING:
    from collections.abc import Iterator

    from service.simulate.account import Account
    from service.simulate.client import Draft
    from service.simulate.dice import Dice


def classify(account: Account) -> Iterator[Draft]:
    """Labels for messages or reviews: a template, an answer of a word or two."""
    dice = account.dice
    sources = account.texts.some(dice.between(1, 4), dice)
    kind = dice.pick(("ticket", "review", "ask", "post"))
    labels = ", ".join(dict.fromkeys(dice.pick(sources).say("follow", dice)[:12].strip() or "other" for _ in range(4)))
    names = dice.pick((labels, "positive, negative, neutral", "billing, delivery, technical, other", "yes, no"))
    template = dice.pick(
        (
            f"Classify the text into one of: {names}. Answer with the label only.\n\nText: {{0}}\nLabel:",
            f'Which of these fits best: {names}?\n"""{{0}}"""',
            f"{{0}}\n\nLabel ({names}):",
        )
    )
    prompt = system(sources[0], dice, 1) if dice.chance(0.4) else ""

    def draft(at: float) -> Draft:
        turn = {"role": "user", "content": template.format(dice.pick(sources).say(kind, dice))}
        return account.client.ask(at, [turn], dice.between(1, 4), system=prompt, max_tokens=8, temperature=0)

    return jobs(account, draft, median=250, sigma=1.6, runs=dice.pick((1, 1, 2, 4)))


def moderate(account: Account) -> Iterator[Draft]:
    """Scores for what users post, all day, a small JSON answer each."""
    dice = account.dice
    sources = account.texts.some(dice.between(10, 40), dice)
    prompt = (
        "Rate the post for "
        + dice.pick(("insults, spam and threats", "toxicity", "policy violations"))
        + " from 0 to 1. Reply as JSON. "
        + system(sources[0], dice, 2)
    )

    def draft(at: float) -> Draft:
        turn = {"role": "user", "content": dice.pick(sources).say(dice.pick(("post", "post", "review", "ask")), dice)}
        return account.client.ask(at, [turn], dice.between(25, 50), system=prompt, max_tokens=64, temperature=0)

    def drafts() -> Iterator[Draft]:
        for day in range(account.days):
            for at in account.times(day, account.volume(150, 1.5), ALWAYS):
                yield draft(at)

    return drafts()


def extract(account: Account) -> Iterator[Draft]:
    """Fields out of documents: long inputs, short structured answers."""
    dice = account.dice
    source = account.texts.topic(dice)
    fields = ", ".join(
        {source.say("follow", dice).split(" ")[0].lower().strip("?,!") for _ in range(5)} | {"date", "total"}
    )
    template = f"Extract {fields} from the document as JSON.\n\n{{0}}"

    def draft(at: float) -> Draft:
        document = f"Reference {dice.between(10_000, 99_999)}\n\n{source.prose(dice.between(8, 45), dice)}"
        found = _copied(document, dice.between(3, 7), dice)
        return account.client.single(
            at, template.format(document), dice.lognormal(120, 0.4), temperature=0, answer=found
        )

    return jobs(account, draft, median=110, sigma=1.4)


def _copied(text: str, parts: int, dice: Dice) -> str:
    """Parts of a text, as an answer in fields or bullets repeats them."""
    starts = [dice.below(max(1, len(text) - 90)) for _ in range(parts)]
    return "\n".join(f'"{text[start : start + dice.between(40, 90)]}"' for start in starts)


def translate(account: Account) -> Iterator[Draft]:
    """Sentences into another language: the answer is as long as the text."""
    dice = account.dice
    languages = dice.chance(0.5)
    sources = [dice.pick(account.texts.languages)] if languages else account.texts.some(dice.between(2, 20), dice)
    prompt = (
        f"Translate into {dice.pick(('French', 'German', 'Spanish', 'Japanese', 'English'))}. Only the translation."
    )
    kinds = ("sentence", "ask", "review", "ticket")

    def draft(at: float) -> Draft:
        text = " ".join(dice.pick(sources).say(dice.pick(kinds), dice) for _ in range(dice.between(1, 3)))
        return account.client.ask(at, [{"role": "user", "content": text}], len(text) / 4 + 2, system=prompt)

    return jobs(account, draft, median=150, sigma=1.4, runs=dice.pick((1, 2, 3)))


_GOODS = (
    "Product: {thing} ({trait})\nAudience: {person}s\nWrite {n}0 words for the shop.",
    "Write a product description.\nName: {name} {thing}\nFeature: {trait}\nAlso mention: {other}",
    "{name} {thing}, {trait}, helps to {does}. Describe it for the catalogue.",
)


def describe(account: Account) -> Iterator[Draft]:
    """Texts for a catalogue: one template, a new product each time, long answers. Looks much like a harvest."""
    dice = account.dice
    sources = account.texts.some(dice.between(1, 5), dice)
    template = (dice.pick(_GOODS),)
    prompt = system(sources[0], dice, 3)

    def draft(at: float) -> Draft:
        turn = {"role": "user", "content": said(template, dice.pick(sources), dice)}
        return account.client.ask(at, [turn], dice.lognormal(300, 0.4), system=prompt)

    return jobs(account, draft, median=90, sigma=1.4, active=0.7)


def articles(account: Account) -> Iterator[Draft]:
    """A publisher: an outline, then its sections one by one, on whatever subject is wanted that day."""
    dice = account.dice
    sources = account.texts.some(dice.between(5, 30), dice)
    prompt = system(sources[0], dice, 4)
    form = dice.pick(
        ("Write section {0} of an article for {1} readers: {2}", "## Section {0}\n{2}\nReaders: {1}. Expand.")
    )

    def draft(at: float) -> Draft:
        source = dice.pick(sources)
        subject = source.say("task" if dice.chance(0.5) else "write", dice)
        turn = {"role": "user", "content": form.format(dice.between(1, 6), said(("{person}",), source, dice), subject)}
        return account.client.ask(at, [turn], dice.lognormal(600, 0.5), system=prompt)

    return jobs(account, draft, median=45, sigma=1.2, runs=dice.between(1, 4))


def quizzes(account: Account) -> Iterator[Draft]:
    """A learning platform that has questions made for its lessons."""
    dice = account.dice
    sources = account.texts.some(dice.between(1, 3), dice)
    form = dice.pick(
        (
            "Make {0} multiple choice questions from this lesson. Mark the right answer.\n\n{1}",
            "{1}\n\nWrite {0} quiz questions with answers.",
        )
    )

    def draft(at: float) -> Draft:
        lesson = dice.pick(sources).prose(dice.between(4, 20), dice)
        turn = {"role": "user", "content": form.format(dice.between(3, 8), lesson)}
        return account.client.ask(at, [turn], dice.lognormal(350, 0.4))

    return jobs(account, draft, median=70, sigma=1.0)


def summarise(account: Account) -> Iterator[Draft]:
    """Minutes, threads and calls cut short."""
    dice = account.dice
    sources = account.texts.some(dice.between(1, 6), dice)
    prompt = dice.pick(
        (
            "Summarise the call in three bullet points.",
            "TL;DR of the thread, then open questions.",
            "Write minutes: decisions, owners, dates.",
        )
    )
    kinds = ("ticket", "sentence", "follow", "ask")

    def draft(at: float) -> Draft:
        lines = (dice.pick(sources).say(dice.pick(kinds), dice) for _ in range(dice.between(8, 50)))
        text = "\n".join(f"{dice.pick(('A', 'B', 'C'))}: {line}" for line in lines)
        kept = _copied(text, 1, dice) + " " + dice.pick(sources).prose(4, dice)
        return account.client.single(at, text, dice.lognormal(110, 0.4), system=prompt, answer=kept)

    return jobs(account, draft, median=60, sigma=1.2, runs=3, hours=OFFICE)


def index(account: Account) -> Iterator[Draft]:
    """A search index being filled: embeddings of passages, many in a call."""
    dice = account.dice
    sources = account.texts.some(dice.between(1, 6), dice)
    size = dice.pick((1, 8, 16, 32))

    def draft(at: float) -> Draft:
        return account.client.embed(at, [dice.pick(sources).prose(4, dice) for _ in range(size)])

    return jobs(account, draft, median=60, sigma=1.2, active=0.6)
