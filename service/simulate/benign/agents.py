"""Agents: a task, then many calls whose prefix grows by what the tools gave back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from service.simulate.account import overlap
from service.simulate.client import ANTHROPIC, OPENAI
from service.simulate.code import function, module
from service.simulate.prompts import system
from service.simulate.voice import Voice

if TYPE_CHECKING:
    from collections.abc import Iterator

    from service.simulate.account import Account
    from service.simulate.client import Draft, Turn

TOOLS = ("read_file", "write_file", "run_tests", "search", "list_folder", "shell")


def coding(account: Account) -> Iterator[Draft]:
    """A coding assistant: long rules, tools, a repository that is read bit by bit, tests that fail and pass."""
    dice = account.dice
    sources = account.texts.some(3, dice)
    voice = Voice.draw(dice)
    language = dice.pick(("python", "js"))
    prompt = system(sources[0], dice, 8) + "\n" + sources[0].prose(dice.between(10, 30), dice)
    tools = offered(account.client.api)

    def session(at: float) -> Iterator[Draft]:
        source = dice.pick(sources)
        turns: list[Turn] = []
        length, steps = 0, dice.between(4, 40)
        for number in range(steps):
            if number == 0 or dice.chance(0.08):
                asked = f"{voice.say(source, 'task', dice)}\n\n{function(source, language, dice)}"
                turns.append({"role": "user", "content": asked})
            yield account.client.ask(at, turns, dice.lognormal(160, 0.8), system=prompt, tools=tools)
            found = step(account.client.api, number, source.say("sentence", dice), module(source, language, 3, dice))
            turns += found
            length += sum(len(str(turn)) for turn in found)
            if length > 60_000:
                return
            at += dice.lognormal(6, 0.7)

    def begun() -> Iterator[tuple[float, Iterator[Draft]]]:
        for day in range(account.days):
            for at in account.times(day, max(1, account.volume(80, 1.1) // 20)):
                yield at, session(at)

    return overlap(begun())


def offered(api: str) -> list[dict[str, Any]]:
    """The tools, as this API takes them."""
    schema = {"type": "object", "properties": {"argument": {"type": "string"}}, "required": ["argument"]}
    if api == ANTHROPIC:
        return [{"name": name, "description": name.replace("_", " "), "input_schema": schema} for name in TOOLS]
    named = [{"name": name, "description": name.replace("_", " "), "parameters": schema} for name in TOOLS]
    if api == OPENAI:
        return [{"type": "function", "function": tool} for tool in named]
    return [{"type": "function", **tool} for tool in named]


def step(api: str, number: int, thought: str, result: str) -> list[Turn]:
    """What a call adds: the model's wish for a tool, and what the tool gave."""
    name, call = TOOLS[number % len(TOOLS)], f"call_{number}"
    if api == ANTHROPIC:
        wish = [{"type": "text", "text": thought}, {"type": "tool_use", "id": call, "name": name, "input": {}}]
        given = [{"type": "tool_result", "tool_use_id": call, "content": result}]
        return [{"role": "assistant", "content": wish}, {"role": "user", "content": given}]
    if api == OPENAI:
        wished = {"id": call, "type": "function", "function": {"name": name, "arguments": "{}"}}
        return [
            {"role": "assistant", "content": thought, "tool_calls": [wished]},
            {"role": "tool", "tool_call_id": call, "content": result},
        ]
    return [
        {"type": "function_call", "call_id": call, "name": name, "arguments": "{}"},
        {"type": "function_call_output", "call_id": call, "output": result},
    ]
