"""Searching: what stands around a search engine; many small calls, none of them worth a student model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.simulate.account import ALWAYS, LEISURE, sessions
from service.simulate.prompts import said

if TYPE_CHECKING:
    from collections.abc import Iterator

    from service.simulate.account import Account
    from service.simulate.client import Draft

_SEARCHED = (
    "{thing} {trait}",
    "[how to|can you|when to] {does}",
    "{thing} [vs|or|and] {other}",
    "[best|cheap|used] {thing}[ near me| {n}||]",
    "{trouble}",
    "what is {thing}",
)


def rewrite(account: Account) -> Iterator[Draft]:
    """What users type put as better queries, before each search."""
    dice = account.dice
    sources = account.texts.some(dice.between(3, 30), dice)
    prompt = dice.pick(("Rewrite the query in three ways, one a line.", "Expand the query with synonyms. JSON list."))

    def typed(at: float) -> Iterator[Draft]:
        text = said(_SEARCHED, dice.pick(sources), dice).lower()
        yield account.client.single(at, text, dice.between(15, 40), system=prompt, temperature=0, max_tokens=64)

    return sessions(account, typed, median=260, sigma=1.4, hours=LEISURE)


def rerank(account: Account) -> Iterator[Draft]:
    """Ten passages and a query: their order, as numbers."""
    dice = account.dice
    sources = account.texts.some(dice.between(1, 8), dice)
    stored = [source.prose(2, dice) for source in sources for _ in range(60)]
    form = "Query: {0}\n\n{1}\n\nOrder the passages by relevance. Numbers only."

    def ranked(at: float) -> Iterator[Draft]:
        passages = "\n".join(f"[{i}] {dice.pick(stored)}" for i in range(10))
        text = form.format(said(_SEARCHED, dice.pick(sources), dice), passages)
        yield account.client.single(at, text, dice.between(18, 24), temperature=0, max_tokens=40)

    return sessions(account, ranked, median=170, sigma=1.3, hours=LEISURE)


def lookup(account: Account) -> Iterator[Draft]:
    """Embeddings of what users look for, one at a time, and an answer to a few of them."""
    dice = account.dice
    sources = account.texts.some(dice.between(1, 12), dice)
    answered = dice.random() * 0.2

    def looked(at: float) -> Iterator[Draft]:
        text = said(_SEARCHED, dice.pick(sources), dice)
        yield account.client.embed(at, [text])
        if dice.chance(answered):
            yield account.client.single(at + 0.3, text, dice.lognormal(60, 0.4), system="Answer in a sentence or two.")

    return sessions(account, looked, median=220, sigma=1.4, hours=ALWAYS)


def suggest(account: Account) -> Iterator[Draft]:
    """Questions that others ask, under each page of a site; made anew when the page changes."""
    dice = account.dice
    sources = account.texts.some(dice.between(2, 10), dice)
    prompt = dice.pick(
        ("Five questions that readers of the page ask. One a line.", "FAQ for this page, three entries.")
    )

    def page(at: float) -> Iterator[Draft]:
        text = dice.pick(sources).prose(dice.between(5, 20), dice)
        yield account.client.single(at, text, dice.lognormal(90, 0.3), system=prompt)

    return sessions(account, page, median=60, sigma=1.2)
