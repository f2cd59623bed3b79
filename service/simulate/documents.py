"""Documents: records, tables, logs, letters and patches, as programs put them into prompts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from service.simulate.code import function
from service.simulate.prompts import said

if TYPE_CHECKING:
    from service.simulate.dice import Dice
    from service.simulate.texts import Source

_LINES = (
    "{code} {thing}: {trouble}",
    "retry {k} of {n}: {thing} is {trait}",
    "{other} took {n}{m} ms",
    "cannot {does}: {trouble}",
)
_LETTER = (
    (
        "Subject: {thing}\n\n[Hello|Dear team],\n\n{trouble}. [I wanted to {does} but the {other} is {trait}.||] "
        "[Could somebody look at it by DATE?|My reference is {code}.|Advise.]\n\n[Regards|Thanks|Best], a {person}"
    ),
    "Subject: Re: {code}\n\n[As discussed|Now], the {thing} is {trait}. [We plan to {does}.|{trouble}.]\n\nBye",
)


def record(source: Source, dice: Dice, fields: int = 5) -> dict[str, Any]:
    """An entry of a shop, a ledger or a register."""
    words = source.words
    known = {
        "id": dice.pick(words["code"]),
        "name": dice.pick(words["thing"]),
        "amount": dice.between(1, 999_999) / 100,
        "kind": dice.pick(words["other"]),
        "date": date(dice),
        "state": dice.pick(words["trait"]),
        "note": dice.pick(words["trouble"]),
        "owner": dice.pick(words["person"]),
    }
    names, first = list(known), dice.below(len(known))
    return {name: known[name] for i in range(fields) if (name := names[(first + i) % len(names)])}


def line(source: Source, dice: Dice, fields: int = 5) -> str:
    """An entry as one line of JSON."""
    return json.dumps(record(source, dice, fields), ensure_ascii=False)


def untidy(source: Source, dice: Dice) -> str:
    """An entry as people type it into a form."""
    values = [str(value) for value in record(source, dice, 4).values()]
    text = dice.pick((", ", " / ", "; ", "  ")).join(values)
    return text.upper() if dice.chance(0.3) else text


def table(source: Source, dice: Dice, rows: int) -> str:
    """Figures by row, as a spreadsheet exports them."""
    head = "item,last,this,change"
    lines = []
    for _ in range(rows):
        last, now = dice.between(10, 9999), dice.between(10, 9999)
        lines.append(f"{dice.pick(source.words['thing'])},{last},{now},{100 * (now - last) / last:.1f}%")
    return "\n".join([head, *lines])


def log(source: Source, dice: Dice, lines: int) -> str:
    """The end of a program's log."""
    at = dice.between(0, 80_000)
    found = []
    for _ in range(lines):
        at += dice.between(0, 5)
        level = dice.pick(("INFO", "INFO", "WARN", "ERROR"))
        found.append(f"{at // 3600:02d}:{at // 60 % 60:02d}:{at % 60:02d} {level} {said(_LINES, source, dice)}")
    return "\n".join(found)


def letter(source: Source, dice: Dice) -> str:
    """A mail to a firm."""
    text = said(_LETTER, source, dice).replace("DATE", date(dice))
    return f"{text}\n\n> {source.say('sentence', dice)}" if dice.chance(0.3) else text


def patch(source: Source, language: str, dice: Dice, hunks: int) -> str:
    """A change to somebody's code."""
    parts = []
    for _ in range(hunks):
        lines = function(source, language, dice).splitlines()
        cut = dice.below(len(lines))
        kept = [f" {text}" for text in lines[:cut]]
        changed = [f"-{text}" for text in lines[cut:]] + [
            f"+{text}" for text in function(source, language, dice).splitlines()
        ]
        name = dice.pick(source.words["thing"]).replace(" ", "_").lower()
        parts.append("\n".join([f"--- a/{name}", f"+++ b/{name}", f"@@ -{dice.between(1, 400)} @@", *kept, *changed]))
    return "\n".join(parts)


def date(dice: Dice) -> str:
    """A day of the last two years or so."""
    return f"{dice.pick((2025, 2026))}-{dice.between(1, 12):02d}-{dice.between(1, 28):02d}"
