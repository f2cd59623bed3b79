"""Chores: records and texts that go through a model one by one, where little of the answer is the model's own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from service.simulate import documents
from service.simulate.account import ALWAYS, jobs
from service.simulate.prompts import said, system

if TYPE_CHECKING:
    from collections.abc import Iterator

    from service.simulate.account import Account
    from service.simulate.client import Draft

LANGUAGES = ("French", "German", "Spanish", "Italian", "Polish", "Dutch", "Japanese", "Korean", "Swedish", "Turkish")


def clean(account: Account) -> Iterator[Draft]:
    """Entries of an old register put in order: a line in, the same as JSON out."""
    dice = account.dice
    sources = account.texts.some(dice.between(1, 2), dice)
    names = ", ".join(documents.record(sources[0], dice, dice.between(3, 6)))
    form = dice.pick(
        (f"Normalise into JSON with {names}:\n{{0}}", f"Fields: {names}. Empty if unknown.\nEntry: {{0}}\nJSON:")
    )

    def draft(at: float) -> Draft:
        entry = documents.untidy(dice.pick(sources), dice)
        return account.client.echo(at, form.format(entry), f'{{"name": "{entry}"}}', temperature=0)

    return jobs(account, draft, median=260, sigma=1.4)


def tags(account: Account) -> Iterator[Draft]:
    """Attributes of a shop's goods, under a JSON schema."""
    dice = account.dice
    source = account.texts.topic(dice)
    kinds = {name: {"type": "string"} for name in ("colour", "material", "size", "category", "season")}
    schema = {"name": "attributes", "schema": {"type": "object", "properties": kinds}}
    shape: dict[str, Any] = {"response_format": {"type": "json_schema", "json_schema": schema}}
    prompt = "Return the attributes of the product."

    def draft(at: float) -> Draft:
        text = said(("{thing} {trait}, {code}. [Goes with {other}.|For {person}s.|{n} pieces.]",), source, dice)
        return account.client.single(at, text, dice.between(30, 60), system=prompt, temperature=0, **shape)

    return jobs(account, draft, median=200, sigma=1.5, runs=dice.pick((1, 2)))


def matches(account: Account) -> Iterator[Draft]:
    """Pairs of entries: are they the same thing, yes or no."""
    dice = account.dice
    source = account.texts.topic(dice)
    form = dice.pick(("A: {0}\nB: {1}\nSame? yes/no", "Do these entries mean the same {2}?\n1. {0}\n2. {1}\nOne word."))

    def draft(at: float) -> Draft:
        a = documents.untidy(source, dice)
        b = a.title() if dice.chance(0.4) else documents.untidy(source, dice)
        return account.client.single(at, form.format(a, b, "item"), 1, temperature=0, max_tokens=4)

    return jobs(account, draft, median=280, sigma=1.4)


def redact(account: Account) -> Iterator[Draft]:
    """Names and numbers struck out of messages: the answer is the message, nearly."""
    dice = account.dice
    sources = account.texts.some(dice.between(1, 3), dice)
    prompt = "Replace every name, number and address by a placeholder. Change nothing else."

    def draft(at: float) -> Draft:
        text = documents.letter(dice.pick(sources), dice)
        return account.client.echo(at, text, re.sub(r"[\d-]{4,}", "[N]", text), system=prompt, temperature=0)

    return jobs(account, draft, median=140, sigma=1.3)


def captions(account: Account) -> Iterator[Draft]:
    """Transcripts of recordings with marks and paragraphs put in: long in, as long out."""
    dice = account.dice
    sources = account.texts.some(dice.between(1, 8), dice)
    prompt = dice.pick(("Add punctuation and paragraphs. Keep every word.", "Clean the transcript; remove fillers."))

    def draft(at: float) -> Draft:
        written = dice.pick(sources).prose(dice.between(8, 30), dice)
        spoken = written.lower().replace(",", "").replace(".", "")
        return account.client.echo(at, spoken, written, system=prompt)

    return jobs(account, draft, median=60, sigma=1.2, runs=3)


def screen(account: Account) -> Iterator[Draft]:
    """Applications against one description of a post: points, and a few sentences why."""
    dice = account.dice
    source = account.texts.topic(dice)
    post = source.prose(8, dice)
    form = f"Post:\n{post}\n\nApplication:\n{{0}}\n\nPoints from 0 to 10 for each requirement, with a reason."

    def draft(at: float) -> Draft:
        return account.client.single(
            at, form.format(source.prose(dice.between(10, 25), dice)), dice.lognormal(130, 0.3)
        )

    return jobs(account, draft, median=40, sigma=1.2)


_GOODS = (
    "{thing}, {trait}. [For {person}s.|Helps to {does}.] [{n} in a box.|Fits {other}.||]",
    "New: {thing} for {other}",
)


def localise(account: Account) -> Iterator[Draft]:
    """A catalogue into many languages: each text once for each, in one go."""
    dice = account.dice
    sources = account.texts.some(dice.between(1, 4), dice)
    into = [dice.pick(LANGUAGES) for _ in range(dice.between(3, 8))]
    form = dice.pick(
        ("Translate the product text into {0}:\n{1}", "{1}\n\n---\n{0} version, same length, no comments:")
    )
    glossary = system(sources[0], dice, 1) if dice.chance(0.5) else ""
    left: list[tuple[str, str]] = []

    def draft(at: float) -> Draft:
        if not left:
            source = dice.pick(sources)
            text = " ".join(said(_GOODS, source, dice) for _ in range(dice.between(1, 5)))
            left.extend((language, text) for language in into)
        language, text = left.pop()
        return account.client.single(at, form.format(language, text), len(text) / 3.5, system=glossary)

    return jobs(account, draft, median=350, sigma=1.2, active=0.7, hours=ALWAYS)
