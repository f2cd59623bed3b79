"""Hypotheses: ordinary causes of suspicious traffic, each with the measured quantity that tests it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from detectors.core.registry import all_detectors
from service.console.words import amount

if TYPE_CHECKING:
    from service.model.flag import Evaluation, Flag

CAUSES = {
    "conversation.continued_share": "A chat, whose queries continue a conversation",
    "conversation.carried_share": "A client that carries the model's earlier turns along",
    "conversation.tool_share": "An agent, which goes on with what its tools gave back",
    "conversation.people_share": "A product with people behind it, who come again at their leisure",
    "response.copied_share": "Retrieval or rewriting: answers stand in the request already",
    "response.label_share": "Labelling: answers are as short as labels",
    "volume.rerun_share": "An evaluation, which runs the same queries again",
}
"""Signal that clears -> the cause that it is measured for."""


@dataclass(frozen=True, slots=True)
class Examined:
    """A hypothesis and what was found."""

    cause: str
    signal: str
    measured: str
    speaks: bool
    """Whether it was found strong enough to speak against the flag."""
    text: str


def examined(flag: Flag | None, evaluation: Evaluation | None) -> list[Examined]:
    """Every hypothesis; those that speak against the flag first."""
    against = dict(flag.against if flag else evaluation.against if evaluation else {})
    values = evaluation.values if evaluation else {}
    units = {name: spec.unit for detector in all_detectors() for name, spec in detector.signals.items()}
    found = [
        Examined(
            cause, name, amount(values.get(name), units[name]), name in against, against.pop(name, _not(name, values))
        )
        for name, cause in CAUSES.items()
    ]
    found += [Examined("Another ordinary cause", name, "", speaks=True, text=text) for name, text in against.items()]
    return sorted(found, key=lambda one: not one.speaks)


def _not(name: str, values: dict[str, float]) -> str:
    return "not found" if name in values else "not measured"
