"""Evaluations: fixed sets run again and again, and judges of a product's own answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from service.simulate.account import HOUR, LEISURE, jobs, overlap, paced
from service.simulate.prompts import system
from service.simulate.voice import Voice

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from service.simulate.account import Account
    from service.simulate.client import Draft, Turn


def harness(account: Account) -> Iterator[Draft]:
    """A benchmark run: a broad fixed set, few-shot, on some days several times, exactly the same each time."""
    dice = account.dice
    sources = account.texts.some(dice.pick((1, 4, 20)), dice)
    kind = dice.pick(("problem", "task", "ask"))
    shots = "\n\n".join(f"Q: {s.say(kind, dice)}\nA: {s.say('sentence', dice)}" for s in sources[: dice.below(5)])
    size = min(account.ceiling, max(60, round(dice.lognormal(220, 0.9))))
    prompts = [f"{shots}\n\nQ: {dice.pick(sources).say(kind, dice)}\nA:".strip() for _ in range(size)]
    output = dice.pick((3, 60, 250))
    sampled = dice.chance(0.2)
    parameters: dict[str, Any] = {"temperature": 0.7, "n": 4} if sampled else {"temperature": 0, "max_tokens": 512}
    return _reruns(account, prompts, "", output, parameters, runs=dice.pick((1, 1, 2)), active=0.75)


def nightly(account: Account) -> Iterator[Draft]:
    """A regression suite of a product: its prompts, every night at the same hour."""
    dice = account.dice
    source = account.texts.topic(dice)
    voice = Voice.draw(dice)
    size = min(account.ceiling, dice.between(40, 400))
    prompts = [voice.say(source, dice.pick(("ask", "ticket", "write")), dice) for _ in range(size)]
    return _reruns(account, prompts, system(source, dice, 5), 120, {"temperature": 0}, runs=1, active=1.0)


def judge(account: Account) -> Iterator[Draft]:
    """Grades for a product's own answers: a rubric, question, context and answer in, reasons and a score out."""
    dice = account.dice
    sources = account.texts.some(dice.between(1, 3), dice)
    aspects = dice.pick(("faithfulness", "relevance", "helpfulness", "correctness", "tone"))
    form = dice.pick(
        (
            "Rate the {0} of the answer from 1 to 5 and explain.\n\nQuestion: {1}\nContext: {2}\nAnswer: {3}\n\nScore:",
            "<question>{1}</question>\n<context>{2}</context>\n<answer>{3}</answer>\nReasons, then {0} as JSON.",
        )
    )
    pairs = [(s.say("ask", dice), s.prose(4, dice)) for s in sources for _ in range(80)]

    def draft(at: float) -> Draft:
        question, context = dice.pick(pairs)
        text = form.format(aspects, question, context, dice.pick(sources).prose(dice.between(2, 6), dice))
        return account.client.ask(at, [{"role": "user", "content": text}], dice.lognormal(120, 0.4), temperature=0)

    return jobs(account, draft, median=120, sigma=1.2, runs=dice.pick((1, 2, 3)))


def _reruns(
    account: Account,
    prompts: Sequence[str],
    prompt: str,
    output: float,
    parameters: dict[str, Any],
    *,
    runs: int,
    active: float,
) -> Iterator[Draft]:
    dice = account.dice
    lanes = dice.pick((1, 4, 8, 16))
    hour = dice.random() * 20 * HOUR

    def run(at: float) -> Iterator[Draft]:
        left = iter(prompts)

        def draft(moment: float) -> Draft:
            turn: Turn = {"role": "user", "content": next(left)}
            return account.client.ask(moment, [turn], dice.lognormal(output, 0.3), system=prompt, **parameters)

        return paced(account, at, len(prompts), lanes, draft)

    def begun() -> Iterator[tuple[float, Iterator[Draft]]]:
        for day in range(account.days):
            if dice.chance(active):
                first = account.start + day * 24 * HOUR + hour
                more = account.times(day, runs - 1, LEISURE) if runs > 1 else []
                for at in sorted([first, *more]):
                    yield at, run(at)

    return overlap(begun())
