"""Options: a scene from what the command line says."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

from service.simulate.hydra.crowds import CROWDS
from service.simulate.hydra.plan import Begin, Partition, Plan, Template
from service.simulate.hydra.presets import PRESETS
from service.simulate.hydra.stream import Scene, records
from service.simulate.texts import load, own

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from service.simulate.hydra.crowds import Crowd

WORDS = {"template": Template, "partition": Partition, "begin": Begin}


class OptionsError(Exception):
    """No such scene can be made; the message says why and what to do."""


def described() -> list[tuple[str, str]]:
    """Every preset and crowd, with what it is."""
    return [
        *((name, _words(plan)) for name, plan in PRESETS.items()),
        *((name, f"honest: {crowd.words}") for name, crowd in CROWDS.items()),
    ]


def _words(plan: Plan) -> str:
    parts = [f"{plan.accounts:,} accounts x {plan.per_account} in {plan.days:g} days", f"template {plan.template}"]
    if plan.template is not Template.NONE:
        parts.append(f"as {plan.place}")
    parts += [str(plan.partition), str(plan.begin)]
    counts = (
        ("replaced after {:g} h", plan.replace_after),
        ("{} reasoning blocks handed on", plan.replay_reasoning),
        ("{} answers fed back", plan.reingest),
        ("{:.0%} honest use", plan.cover),
        ("{} shared networks", plan.addresses),
    )
    return ", ".join([*parts, *(words.format(value) for words, value in counts if value)])


def asked_for(
    *,
    seed: int,
    background: int,
    background_days: int,
    preset: str = "",
    crowds: Sequence[str] = (),
    texts: Path | None = None,
    **changes: Any,
) -> Iterator[dict[str, Any]]:
    """The records of the scene that was asked for.

    Raises
    ------
    OptionsError
        A name or a number is none.
    TextsError
        The texts cannot be read.

    """
    names = list(crowds)
    campaigns: tuple[Plan, ...] = ()
    if preset in CROWDS:
        if changes:
            raise OptionsError(f"'{preset}' is an honest crowd: it has no {next(iter(changes)).replace('_', '-')}")
        names.append(preset)
    else:
        campaigns = (_plan(preset, changes),)
    scene = Scene(
        campaigns=campaigns, crowds=[_crowd(name) for name in names], background=background, days=background_days
    )
    return records(seed, scene, load(texts) if texts else own())


def _plan(preset: str, changes: Mapping[str, Any]) -> Plan:
    if preset and preset not in PRESETS:
        raise OptionsError(f"no preset '{preset}'; --list names them")
    known = {field.name for field in fields(Plan)}
    made: dict[str, Any] = {
        name: WORDS[name](value) if name in WORDS else value for name, value in changes.items() if name in known
    }
    try:
        return replace(PRESETS[preset] if preset else Plan(name="campaign"), **made)
    except ValueError as error:
        raise OptionsError(str(error)) from None


def _crowd(name: str) -> Crowd:
    if name not in CROWDS:
        raise OptionsError(f"no crowd '{name}'; there are {', '.join(CROWDS)}")
    return CROWDS[name]
