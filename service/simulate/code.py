"""Code: functions that look like somebody's project, for assistants that complete and review them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from service.simulate.dice import Dice
    from service.simulate.texts import Source

VERBS = ("load", "parse", "update", "merge", "validate", "fetch", "render", "count", "sort", "filter", "write", "build")
BODIES = {
    "python": (
        "    {b} = {{}}\n    for {a} in items:\n        {b}.setdefault({a}.{c}, []).append({a})\n    return {b}\n",
        '    if not {a}:\n        raise ValueError(f"no {c}: {{{a}}}")\n    return [{b} for {b} in {a} if {b}.{c}]\n',
        "    with open({a}) as file:\n        {b} = [line.strip() for line in file]\n    print({c})\n    return {b}\n",
        "    {c} = sum({b}.{a} for {b} in rows) / max(len(rows), 1)\n    return round({c}, 2)\n",
    ),
    "js": (
        "  const {b} = await fetch(`/api/{a}/${{id}}`);\n  if (!{b}.ok) throw Error('{c}');\n  return {b}.json();\n",
        "  return {a}.filter(({b}) => {b}.{c} > limit).map(({b}) => {b}.id);\n",
        "  const [{a}, set{c}] = useState([]);\n  useEffect(load{c}, []);\n  return <{c}List items={{{a}}} />;\n",
    ),
}
HEADS = {"python": "def {verb}_{a}({b}, {c}=None):\n", "js": "export async function {verb}{c}({a}, {b}) {{\n"}


def function(source: Source, language: str, dice: Dice) -> str:
    """One function of some lines."""
    words = source.words
    a, b, c = (_name(dice.pick(words["thing"])) for _ in range(3))
    names = {"a": a, "b": b, "c": c if language == "python" else c.capitalize(), "verb": dice.pick(VERBS)}
    return (HEADS[language] + dice.pick(BODIES[language])).format(**names) + ("" if language == "python" else "}\n")


def module(source: Source, language: str, functions: int, dice: Dice) -> str:
    """Several functions in a row."""
    return "\n\n".join(function(source, language, dice) for _ in range(functions))


def _name(thing: str) -> str:
    return "".join(c if c.isalnum() else "_" for c in thing.lower()).strip("_")
