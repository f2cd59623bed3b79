"""Skills: harvests of one ability that the student model is to have.

References
----------
[^1]: Luo, Z. et al., 2024. WizardCoder: Empowering Code Large Language Models with Evol-Instruct. ICLR.
[^2]: Liu, Z. et al., 2024. APIGen: Automated Pipeline for Generating Verifiable and Diverse Function-Calling
      Datasets. NeurIPS.
[^3]: Shao, Y. et al., 2023. Character-LLM: A Trainable Agent for Role-Playing. EMNLP.
[^4]: Han, T. et al., 2023. MedAlpaca: An Open-Source Collection of Medical Conversational AI Models. arXiv 2304.08247.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from service.simulate.attacks.harvest import some, work
from service.simulate.benign.agents import step
from service.simulate.client import ANTHROPIC, OPENAI
from service.simulate.code import VERBS
from service.simulate.prompts import said

if TYPE_CHECKING:
    from collections.abc import Iterator

    from service.simulate.account import Account
    from service.simulate.client import Draft, Turn
    from service.simulate.texts import Source

_CODED = (
    "Write a LANG function that VERBs {thing} by {other}. Handle the case that {trouble}.",
    "Implement VERB_SLUG in LANG, with tests.",
    "Task: {does}. Language: LANG. Constraints: the {thing} is {trait}, at most {n} {other}s. Solution:",
    "Fix and explain: a LANG program should {does}, but {trouble}.",
)
PROGRAMMED = ("Python", "Java", "C++", "Rust", "Go", "JavaScript", "SQL", "Bash")


def code(account: Account) -> Iterator[Draft]:
    """Programming tasks with their solutions [^1]."""
    dice = account.dice
    sources = some(account)
    form = dice.pick(("{0}", "### Instruction:\n{0}\n\n### Response:", "{0}\nReturn the code and a short explanation."))
    seen: set[str] = set()

    def task() -> str:
        while True:
            source = dice.pick(sources) if sources else account.texts.topic(dice)
            text = said(_CODED, source, dice)
            slug = dice.pick(source.words["thing"]).replace(" ", "_").lower()
            text = text.replace("LANG", dice.pick(PROGRAMMED)).replace("VERB", dice.pick(VERBS)).replace("SLUG", slug)
            if text not in seen:
                seen.add(text)
                return text

    def draft(at: float) -> Draft:
        return account.client.single(at, form.format(task()), dice.lognormal(360, 0.5))

    return work(account, draft)


def tools(account: Account) -> Iterator[Draft]:
    """Calls of ever-new functions [^2]: a schema made up for each request, sometimes what the call gave back."""
    dice = account.dice
    prompts = account.texts.fresh(dice.pick(("ask", "task")), dice, some(account))
    followed = dice.random() * 0.5
    left: list[list[Turn]] = []

    def draft(at: float) -> Draft:
        if left:
            turns = left.pop()
        else:
            turns = [{"role": "user", "content": next(prompts)}]
            if dice.chance(followed):
                result = account.texts.topic(dice).prose(2, dice)
                left.append([*turns, *step(account.client.api, 0, "Let me look.", result)])
        made = [_function(account.client.api, account.texts.topic(dice), account) for _ in range(dice.between(1, 5))]
        return account.client.ask(at, turns, dice.lognormal(80, 0.5), tools=made)

    return work(account, draft)


def _function(api: str, source: Source, account: Account) -> dict[str, Any]:
    dice = account.dice
    thing, other = (dice.pick(source.words[kind]).replace(" ", "_").lower() for kind in ("thing", "other"))
    schema = {"type": "object", "properties": {other: {"type": "string"}, "limit": {"type": "integer"}}}
    named = {
        "name": f"{dice.pick(VERBS)}_{thing}"[:60],
        "description": said(("{does}, {trait} {thing}",), source, dice),
    }
    if api == ANTHROPIC:
        return {**named, "input_schema": schema}
    if api == OPENAI:
        return {"type": "function", "function": {**named, "parameters": schema}}
    return {"type": "function", **named, "parameters": schema}


_CHARACTERS = (
    "You are a {trait} {person} who has spent {n} years with {thing}. Stay in character.",
    "Act as a {person} in a world where {trouble}. Speak as they would about {thing}.",
    "Character: {person}, {trait}, afraid of {other}. Reply in the first person.",
)


def roleplay(account: Account) -> Iterator[Draft]:
    """A new character for each request [^3], who is asked something."""
    dice = account.dice
    prompts = account.texts.fresh("ask", dice, some(account))
    within = dice.chance(0.5)

    def draft(at: float) -> Draft:
        character = said(_CHARACTERS, account.texts.topic(dice), dice)
        text = next(prompts)
        if within:
            return account.client.single(at, f"{character}\n\n{text}", dice.lognormal(230, 0.5))
        return account.client.single(at, text, dice.lognormal(230, 0.5), system=character)

    return work(account, draft)


_ASKED_OF = (
    "Passage:\n{0}\n\nWrite {1} questions that a layman would ask, each with a full answer.",
    "You are an expert. From the text below make {1} pairs of question and answer.\n\n{0}",
)


def expert(account: Account) -> Iterator[Draft]:
    """One profession's knowledge [^4]: question-answer pairs out of passages, then single questions at length."""
    dice = account.dice
    source = account.texts.topic(dice)
    prompts = account.texts.fresh("ask", dice, [source])
    form = dice.pick(_ASKED_OF)
    paired = dice.random()

    def draft(at: float) -> Draft:
        if dice.chance(paired):
            text = form.format(source.prose(dice.between(5, 15), dice), dice.between(2, 6))
            return account.client.single(at, text, dice.lognormal(340, 0.4))
        return account.client.single(at, next(prompts), dice.lognormal(300, 0.4))

    return work(account, draft)


_PAIRED = ("Translate to {1}: {0}", "{0}\n\nGive a {1} translation and a paraphrase in English.", "<src>{0}</src> {1}:")


def pairs(account: Account) -> Iterator[Draft]:
    """Parallel sentences: a crawl's lines into one language or several, one a call."""
    dice = account.dice
    prompts = account.texts.fresh(dice.pick(("sentence", "ask", "review")), dice, some(account))
    into = [
        dice.pick(("Hindi", "Vietnamese", "Thai", "Urdu", "Swahili", "Chinese")) for _ in range(dice.pick((1, 1, 3)))
    ]
    form = dice.pick(_PAIRED)

    def draft(at: float) -> Draft:
        text = next(prompts)
        return account.client.single(at, form.format(text, dice.pick(into)), len(text) / 3 + 4)

    return work(account, draft)
