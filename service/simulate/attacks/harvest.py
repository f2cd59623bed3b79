"""Harvests with one key: each way of making prompts that a distiller is known to use.

References
----------
[^1]: Wang, Y. et al., 2023. Self-Instruct: Aligning Language Models with Self-Generated Instructions. ACL.
[^2]: Xu, C. et al., 2024. WizardLM: Empowering Large Pre-Trained Language Models to Follow Complex Instructions. ICLR.
[^3]: Ge, T. et al., 2024. Scaling Synthetic Data Creation with 1,000,000,000 Personas. arXiv 2406.20094.
[^4]: Xu, Z. et al., 2025. Magpie: Alignment Data Synthesis from Scratch by Prompting Aligned LLMs with Nothing. ICLR.
[^5]: Ho, N. et al., 2023. Large Language Models Are Reasoning Teachers. ACL.
[^6]: Cui, G. et al., 2024. UltraFeedback: Boosting Language Models with Scaled AI Feedback. ICML.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from service.simulate.account import ALWAYS, jobs
from service.simulate.client import OPENAI
from service.simulate.prompts import said

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from service.simulate.account import Account
    from service.simulate.client import Draft
    from service.simulate.texts import Source


def work(account: Account, draft: Callable[[float], Draft]) -> Iterator[Draft]:
    """A harvest's pace: a run a day, or several, at any hour."""
    return jobs(account, draft, median=900, sigma=1.0, runs=account.dice.pick((1, 1, 3)), active=0.95, hours=ALWAYS)


def some(account: Account) -> list[Source] | None:
    """What is harvested: everything, or the few fields that the student model is to be good at."""
    return None if account.dice.chance(0.6) else account.texts.some(account.dice.between(2, 6), account.dice)


def list_of_prompts(account: Account) -> Iterator[Draft]:
    """A list of broad prompts, each answered once at length."""
    dice = account.dice
    kind = dice.weighted({"task": 0.6, "ask": 0.2, "write": 0.2})
    prompts = account.texts.fresh(kind, dice, some(account))
    system = dice.weighted({"": 0.5, "You are a helpful assistant.": 0.25, "Answer thoroughly and step by step.": 0.25})
    length = dice.lognormal(380, 0.3)

    def draft(at: float) -> Draft:
        turn = {"role": "user", "content": next(prompts)}
        return account.client.ask(at, [turn], dice.lognormal(length, 0.5), system=system)

    return work(account, draft)


_SEEDED = (
    "Below are some tasks for an assistant. Add {0} that differ from them in kind and subject.\n\n{1}\n\nNew tasks:",
    "You write instructions for a language model. Examples:\n{1}\n\nWrite {0} new ones, varied in form, one a line.",
    "{1}\n\nContinue the numbered list with {0} diverse items of the same sort.",
)


def self_instruct(account: Account) -> Iterator[Draft]:
    """The bootstrap loop [^1]: examples from the pool in, new instructions out; then their answers."""
    dice = account.dice
    prompts = account.texts.fresh("task", dice, some(account))
    form = dice.pick(_SEEDED)
    pool = [next(prompts) for _ in range(60)]
    answering = dice.random() * 0.6

    def draft(at: float) -> Draft:
        if dice.chance(answering):
            return account.client.ask(
                at, [{"role": "user", "content": pool[-1 - dice.below(20)]}], dice.lognormal(300, 0.6)
            )
        pool.append(next(prompts))
        shown = "\n".join(f"{i + 1}. {dice.pick(pool)}" for i in range(dice.pick((3, 6, 8))))
        text = form.format(dice.pick((5, 10, 20)), shown)
        return account.client.ask(at, [{"role": "user", "content": text}], dice.lognormal(380, 0.5))

    return work(account, draft)


_EVOLVE = (
    "Rewrite the prompt so that it is harder for a model, yet still makes sense. {0}\n\nPrompt:\n{1}\n\nRewritten:",
    "Make a new task inspired by this one, rarer and as long. {0}\n<task>{1}</task>",
    "Complicate the following instruction. {0}\n\n{1}",
)
_HOW = (
    "Add one constraint.",
    "Ask for more steps of reasoning.",
    "Make it more concrete.",
    "Deepen the question.",
    "Add input data.",
    "Increase the breadth.",
)


def evolve(account: Account) -> Iterator[Draft]:
    """Evolved instructions [^2]: each prompt rewritten to be harder, then answered."""
    dice = account.dice
    prompts = account.texts.fresh(dice.pick(("task", "ask")), dice, some(account))
    form = dice.pick(_EVOLVE)

    def draft(at: float) -> Draft:
        text = next(prompts)
        if dice.chance(0.5):
            text = form.format(dice.pick(_HOW), text)
        return account.client.ask(at, [{"role": "user", "content": text}], dice.lognormal(200, 0.7))

    return work(account, draft)


_PERSONAS = (
    "a {trait} {person} who works with {thing} and wants to {does}",
    "a {person} interested in {thing} and {other}",
    "someone new to {thing} whose problem is that {trouble}",
)
_AS = (
    "Create a {0} that this person would ask: {1}",
    "Persona: {1}\n\nWrite a {0} from the persona's daily life, then solve it.",
    "Imagine {1}. What {0} would they bring to an assistant? Only the text.",
)


def personas(account: Account) -> Iterator[Draft]:
    """Persona-driven synthesis [^3]."""
    dice = account.dice
    sources = some(account)
    form = dice.pick(_AS)
    wanted = dice.pick(("maths problem", "instruction", "question", "reasoning puzzle"))

    def draft(at: float) -> Draft:
        source = dice.pick(sources) if sources else account.texts.topic(dice)
        text = form.format(wanted, said(_PERSONAS, source, dice))
        return account.client.ask(at, [{"role": "user", "content": text}], dice.lognormal(250, 0.6))

    return work(account, draft)


_THINK = (
    "{0}\n\nThink step by step and write every step before the final answer.",
    "Solve this. Put your whole reasoning between <reasoning> tags, the result between <answer> tags.\n\n{0}",
    "{0}\nShow the complete derivation first.",
)


def reasoning(account: Account) -> Iterator[Draft]:
    """Chains of thought over a list of problems [^5], sometimes several for each."""
    dice = account.dice
    prompts = account.texts.fresh("problem", dice, some(account))
    form = dice.pick(_THINK)
    n = dice.pick((1, 1, 4))

    def draft(at: float) -> Draft:
        turn = {"role": "user", "content": form.format(next(prompts))}
        more: dict[str, Any] = {"n": n, "temperature": 1.0} if n > 1 else {}
        return account.client.ask(at, [turn], dice.lognormal(300, 0.5), **more)

    return work(account, draft)


_GRADES = (
    "Compare the answers. Score each from 1 to 10 with reasons.\n\nInstruction: {0}\n\nA: {1}\n\nB: {2}",
    "You are a reward model. Rate the response.\n\n### Task\n{0}\n\n### Response\n{1}\n\n### Other\n{2}\n\n### Why",
)


def reward(account: Account) -> Iterator[Draft]:
    """Preference data [^6]: a student's answers to broad instructions, graded with reasons."""
    dice = account.dice
    prompts = account.texts.fresh("task", dice, some(account))
    form = dice.pick(_GRADES)

    def draft(at: float) -> Draft:
        answers = [account.texts.topic(dice).prose(dice.between(3, 10), dice) for _ in range(2)]
        turn = {"role": "user", "content": form.format(next(prompts), *answers)}
        return account.client.ask(at, [turn], dice.lognormal(180, 0.5))

    return work(account, draft)


def from_nothing(account: Account) -> Iterator[Draft]:
    """The empty turn [^4]: the model is made to write the user's part too, then answers it."""
    dice = account.dice
    prompts = account.texts.fresh("ask", dice, some(account))
    opening = dice.pick(("<|begin|><|user|>\n", "[INST] ", "### User:\n"))

    def draft(at: float) -> Draft:
        if account.client.api != OPENAI or dice.chance(0.4):
            return account.client.ask(at, [{"role": "user", "content": next(prompts)}], dice.lognormal(350, 0.6))
        return account.client.complete(at, opening, dice.lognormal(60, 0.8), max_tokens=256, temperature=1.0)

    return work(account, draft)
