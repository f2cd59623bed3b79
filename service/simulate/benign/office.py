"""Office: what firms run for their own people, by the clock and by what comes in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.simulate import documents
from service.simulate.account import ALWAYS, DAY, HOUR, OFFICE, cron, overlap, paced, sessions
from service.simulate.prompts import said, system
from service.simulate.voice import Voice, conversation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from service.simulate.account import Account
    from service.simulate.client import Draft, Turn


def intranet(account: Account) -> Iterator[Draft]:
    """A firm's own assistant: staff at their desks, passages of the handbook before each question."""
    dice = account.dice
    sources = account.texts.some(dice.between(2, 6), dice)
    prompt = system(sources[0], dice, 5)
    voices = [Voice.draw(dice) for _ in range(40)]
    handbook = [source.prose(6, dice) for source in sources for _ in range(30)]
    staff = dice.between(20, 800)

    def asked(at: float) -> Iterator[Draft]:
        person = dice.below(staff)
        page: Turn = {"role": "user", "content": f"From the handbook:\n{dice.pick(handbook)}"}
        noted: Turn = {"role": "assistant", "content": "Noted."}
        return conversation(
            account, at, voices[person % 40], dice.pick(sources), turns=dice.between(1, 5), system=prompt,
            user=f"e{person:04d}", kinds={"ask": 3.0, "write": 1.0}, answer=160, extra=(page, noted),
        )  # fmt: skip

    return sessions(account, asked, median=100, sigma=1.2, each=3, hours=OFFICE)


def mail(account: Account) -> Iterator[Draft]:
    """An inbox: every five minutes what came in gets a label, and some of it the draft of a reply."""
    dice = account.dice
    source = account.texts.topic(dice)
    labels = ", ".join(dice.pick(source.words["other"]) for _ in range(5))
    label = f"Sort the mail into one of: {labels}. Answer with the label."
    reply = system(source, dice, 4) + " Draft a reply."
    drafted = dice.random() * 0.7

    def polled(at: float, found: int) -> Iterator[Draft]:
        for _ in range(found):
            text = documents.letter(source, dice)
            yield account.client.single(at, text, dice.between(1, 4), system=label, max_tokens=10, temperature=0)
            at += account.client.took(3)
            if dice.chance(drafted):
                yield account.client.single(at, text, dice.lognormal(120, 0.4), system=reply)
                at += account.client.took(120)

    return cron(account, polled, every=300.0, median=70, sigma=1.2)


def reports(account: Account) -> Iterator[Draft]:
    """Reports by the clock: the same tables every morning with new figures, a page of text for each."""
    dice = account.dice
    sources = account.texts.some(dice.between(1, 3), dice)
    form = dice.pick(
        (
            "Write the daily report for the board on {0}. Figures:\n{1}\nMention what changed most.",
            "Table of {0}:\n\n{1}\n\nComment on it in four paragraphs for the team.",
            "{1}\n\nSummarise the above ({0}); name outliers and what may be behind them.",
        )
    )
    subjects = [said(("{thing}, {other}",), dice.pick(sources), dice) for _ in range(dice.between(8, 120))]
    hour, lanes = dice.between(2, 9), dice.pick((1, 2, 4))

    def morning(at: float) -> Iterator[Draft]:
        left = iter(subjects)

        def draft(moment: float) -> Draft:
            rows = documents.table(dice.pick(sources), dice, dice.between(5, 25))
            return account.client.single(moment, form.format(next(left), rows), dice.lognormal(320, 0.3))

        return paced(account, at, len(subjects), lanes, draft)

    return overlap((at, morning(at)) for at in (account.start + day * DAY + hour * HOUR for day in range(account.days)))


def incidents(account: Account) -> Iterator[Draft]:
    """Operations: nothing for hours, then the alerts of an incident, each explained from the end of a log."""
    dice = account.dice
    source = account.texts.topic(dice)
    form = dice.pick(("Explain the alert and name a next step.\n\n{0}", "Alert fired. Log tail:\n{0}\n\nLikely cause?"))
    prompt = system(source, dice, 2)

    def incident(at: float) -> Iterator[Draft]:
        cause = documents.log(source, dice, 3)
        for _ in range(dice.between(5, 60)):
            text = form.format(f"{documents.log(source, dice, dice.between(2, 15))}\n{cause}")
            yield account.client.single(at, text, dice.lognormal(110, 0.4), system=prompt)
            at += dice.exponential(12.0)

    return sessions(account, incident, median=50, sigma=1.0, each=30, active=0.8, hours=ALWAYS)


def analyst(account: Account) -> Iterator[Draft]:
    """Questions in words turned into SQL: a long schema, a short question, a statement; then it is mended."""
    dice = account.dice
    source = account.texts.topic(dice)
    names = [thing.replace(" ", "_").lower() for thing in source.words["thing"]]
    schema = "\n".join(
        f"CREATE TABLE {name} (id int, {dice.pick(names)} text, amount numeric, at date);" for name in names
    )
    prompt = f"Write one SQL statement. Schema:\n{schema}"
    asks = (
        "[how many|list all|count the] {thing} [by|per] {other} [in the last {n} days|this year|where {trait}]",
        "[average|total|highest] amount of {thing}[ per {person}| by month||]",
        "which {person}s have more than {n} {thing}",
    )
    answers = (
        "SELECT [count(*)|sum(amount)|*] FROM {thing} WHERE amount > {n};",
        "SELECT at, amount FROM {other} LIMIT {n};",
    )
    mends = ("column does not exist", "only the last {n} days", "group by {other} instead", "it returns no rows")

    def question(at: float) -> Iterator[Draft]:
        turns: list[Turn] = [{"role": "user", "content": said(asks, source, dice)}]
        for _ in range(dice.pick((1, 1, 2, 3))):
            yield account.client.ask(at, turns, dice.lognormal(60, 0.5), system=prompt, temperature=0)
            turns.append({"role": "assistant", "content": said(answers, source, dice)})
            turns.append({"role": "user", "content": said(mends, source, dice)})
            at += dice.lognormal(60, 0.7)

    return sessions(account, question, median=45, sigma=1.1, each=1.8, hours=OFFICE)


def watch(account: Account) -> Iterator[Draft]:
    """A press review: each half-hour what was published since, three sentences and the subjects of each piece."""
    dice = account.dice
    sources = account.texts.some(dice.between(3, 10), dice)
    prompt = dice.pick(("Three sentences, then subjects as JSON.", "Summary for the press review; tags at the end."))

    def published(at: float, found: int) -> Iterator[Draft]:
        for _ in range(found):
            piece = dice.pick(sources).prose(dice.between(10, 40), dice)
            yield account.client.single(at, piece, dice.lognormal(90, 0.3), system=prompt)
            at += account.client.took(90)

    return cron(account, published, every=dice.pick((900.0, 1800.0, 3600.0)), median=90, sigma=0.9, hours=ALWAYS)
