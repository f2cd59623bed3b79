"""Shaped: harvests whose answers come in a form made for training: rows, pairs, preferences, samples.

References
----------
[^1]: Wang, L. et al., 2024. Improving Text Embeddings with Large Language Models. ACL.
[^2]: Lee, H. et al., 2024. RLAIF vs. RLHF: Scaling Reinforcement Learning from Human Feedback with AI Feedback. ICML.
[^3]: Yuan, Z. et al., 2023. Scaling Relationship on Learning Mathematical Reasoning with LLMs. arXiv 2308.01825.
[^4]: Taori, R. et al., 2023. Stanford Alpaca: An Instruction-following LLaMA Model (its generation script).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from service.simulate.attacks.harvest import some, work
from service.simulate.client import OPENAI
from service.simulate.prompts import said

if TYPE_CHECKING:
    from collections.abc import Iterator

    from service.simulate.account import Account
    from service.simulate.client import Draft

_ROWS = (
    ("instruction", "input", "output"),
    ("question", "answer"),
    ("prompt", "response"),
    ("problem", "reasoning", "answer"),
)
_WANTED = (
    "Generate one training example about {thing} for a {person}.",
    "A {trait} example, subject {thing}, {other}.",
    "Create a record. Topic: {does}. Difficulty {m}.",
)


def structured(account: Account) -> Iterator[Draft]:
    """Rows of a training set under a JSON schema, a subject drawn for each."""
    dice = account.dice
    sources = some(account)
    fields = dice.pick(_ROWS)
    schema = {"type": "object", "properties": {name: {"type": "string"} for name in fields}, "required": list(fields)}
    more: dict[str, Any] = {
        "response_format": {"type": "json_schema", "json_schema": {"name": "row", "schema": schema}}
    }
    if dice.chance(0.4):
        function = {"name": "Row", "parameters": schema}
        more = {"tools": [{"type": "function", "function": function}]} if account.client.api == OPENAI else {}
    form = (dice.pick(_WANTED),)
    system = f"Answer as JSON with {', '.join(fields)}." if dice.chance(0.5) or not more else ""

    def draft(at: float) -> Draft:
        source = dice.pick(sources) if sources else account.texts.topic(dice)
        return account.client.single(at, said(form, source, dice), dice.lognormal(210, 0.5), system=system, **more)

    return work(account, draft)


_SENTENCES = (
    "Sentence: {0}\nWrite one that means the same and one that does not. JSON with positive and negative.",
    "Query: {0}\nWrite a relevant passage and a hard negative.",
    "Given the retrieval task '{0}', write an example with user_query, positive_document, hard_negative_document.",
)


def sentences(account: Account) -> Iterator[Draft]:
    """Triplets for an embedding model [^1]."""
    dice = account.dice
    prompts = account.texts.fresh(dice.pick(("sentence", "ask", "task")), dice, some(account))
    form, length = dice.pick(_SENTENCES), dice.lognormal(110, 0.5)

    def draft(at: float) -> Draft:
        return account.client.single(at, form.format(next(prompts)), dice.lognormal(length, 0.4))

    return work(account, draft)


_PREFER = (
    "Instruction: {0}\n\n[A]\n{1}\n\n[B]\n{2}\n\nWhich is better? A or B, then why.",
    "Choose the response you would rather give.\nUser: {0}\n1: {1}\n2: {2}",
)


def preferences(account: Account) -> Iterator[Draft]:
    """Preference labels [^2]: every prompt answered twice, then the pair judged."""
    dice = account.dice
    prompts = account.texts.fresh("task", dice, some(account))
    form = dice.pick(_PREFER)
    short = dice.chance(0.4)
    left: list[tuple[str, float]] = []

    def draft(at: float) -> Draft:
        if not left:
            prompt = next(prompts)
            answers = [account.texts.topic(dice).prose(dice.between(4, 9), dice) for _ in range(2)]
            left.extend([(form.format(prompt, *answers), 3 if short else 90), (prompt, 260), (prompt, 260)])
        text, length = left.pop()
        return account.client.single(at, text, dice.lognormal(length, 0.4), temperature=1.0)

    return work(account, draft)


def samples(account: Account) -> Iterator[Draft]:
    """Rejection sampling [^3]: each prompt drawn many times, the good draws kept."""
    dice = account.dice
    prompts = account.texts.fresh(dice.pick(("problem", "task")), dice, some(account))
    times = dice.pick((4, 8, 16))
    left: list[str] = []

    def draft(at: float) -> Draft:
        if not left:
            left.extend([next(prompts)] * times)
        return account.client.single(at, left.pop(), dice.lognormal(260, 0.5), temperature=1.0)

    return work(account, draft)


_CLEANED = (
    "Improve the answer so that it is complete and correct. Keep its style.\n\nQuestion: {0}\nAnswer: {1}",
    "Clean this sample for a data set. Drop what is wrong, rewrite the rest.\n\n{0}\n---\n{1}",
)


def cleaned(account: Account) -> Iterator[Draft]:
    """Answers that were harvested before, sent back to be filtered and rewritten."""
    dice = account.dice
    prompts = account.texts.fresh("task", dice, some(account))
    form = dice.pick(_CLEANED)

    def draft(at: float) -> Draft:
        answer = account.texts.topic(dice).prose(dice.between(5, 16), dice)
        kept = answer[: dice.between(0, len(answer))]
        better = f"{kept} {account.texts.topic(dice).prose(dice.between(3, 10), dice)}"
        return account.client.echo(at, form.format(next(prompts), answer), better)

    return work(account, draft)


def bootstrap(account: Account) -> Iterator[Draft]:
    """Twenty tasks a call through text completions [^4], three seeds each time."""
    dice = account.dice
    prompts = account.texts.fresh("task", dice, some(account))
    pool = [next(prompts) for _ in range(120)]
    head = "Come up with a list of 20 diverse task instructions, no repeats, each with input and output.\n"
    numbered = dice.chance(0.6)

    def draft(at: float) -> Draft:
        pool.append(next(prompts))
        seeds = "\n".join(f"{i + 1}. Instruction: {dice.pick(pool)}" for i in range(3))
        text = f"{head}\n{seeds}\n4." if numbered else f"{head}\n{seeds}\n###\n"
        return account.client.complete(at, text, dice.lognormal(900, 0.3), max_tokens=3072, temperature=1.0)

    return work(account, draft)
