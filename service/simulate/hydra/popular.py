"""Popular: prompts, system prompts and answers that thousands have in common and nobody has made for a campaign."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.simulate.dice import Dice

PROMPTS = (
    "Say hello.",
    "Tell me a joke.",
    "Write a haiku about recursion in programming.",
    "What is the meaning of life?",
    "Explain quantum computing to me as if I were five years old.",
    "Write a python function that checks whether a number is prime, with a docstring and tests.",
    "Summarise the plot of a famous play in three sentences.",
    "How many letters r are there in the word strawberry?",
    "Act as a travel guide. I will name a place and you will suggest three things to visit nearby.",
    "Improve my writing: correct grammar, keep the meaning, use a friendlier tone, and list what you changed.",
    "You are a career coach. Ask me five questions, one at a time, and then suggest a plan for the next year.",
    "Write a bedtime story about a small dragon who is afraid of the dark.",
    "Give me a recipe with whatever is in a student's fridge.",
    "Which is larger, 9.11 or 9.9? Explain.",
    "Translate 'good morning, how are you today?' to five languages.",
    "ping",
    "test",
)
SYSTEMS = (
    "You are a helpful assistant.",
    "You are a helpful assistant. Answer as concisely as possible.",
    "You are an expert programmer. Return code only, without explanations.",
    "I want you to act as a terminal. I type commands, you reply with what it should show. Do not write explanations.",
    "You are a pirate. Answer everything like one.",
    "You are a patient teacher. Let us think step by step, then check the result before you answer.",
    "Act as an interviewer. Ask me one question at a time for the position and wait for my answers.",
)
BOILERPLATE = (
    "I'm sorry, but I can't help with that request. If there is something else I can do for you, please let me know.",
    "Hello! How can I help you today? You can ask me a question, share a text or describe what you would like to do.",
    "As a language model I do not have access to current information, so please check a recent source for that.",
)


def popular_prompt(dice: Dice) -> str:
    """One of them, the first far more often than the last."""
    return _ranked(PROMPTS, dice)


def popular_system(dice: Dice) -> str:
    """One of the system prompts, likewise."""
    return _ranked(SYSTEMS, dice)


def _ranked(items: Sequence[str], dice: Dice) -> str:
    return items[int(len(items) * dice.random() ** 2)]
