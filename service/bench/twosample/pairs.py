"""Pairs: what an attacker sends against what a benign customer does, a corpus each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from service.bench.suite import BenchError
from service.bench.texts import corpora
from service.simulate.dice import Dice
from service.simulate.texts import own

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from service.bench.suite import Given

SAME_REGISTER = (
    ("a_gsm8k", "c_bbh"),
    ("a_gsm8k", "c_t0_template_batches"),
    ("a_gorilla_apibench", "c_bfcl"),
    ("a_gpteacher_codegen", "c_mxeval_code"),
    ("b_search_queries", "b_clinc150"),
)
"""Attacker and benign texts of one kind: the hard ones."""
OTHERS = (
    ("a_gpteacher_roleplay", "b_clinc150"),
    ("a_gpteacher_toolformer", "c_t0_template_batches"),
    ("a_gorilla_apibench", "b_banking77"),
    ("a_gpteacher_codegen", "b_search_queries"),
    ("b_polyai_hotel_restaurant", "b_banking77"),
    ("a_gsm8k", "b_search_queries"),
    ("b_banking77", "b_clinc150"),
    ("a_gpteacher_roleplay", "c_bfcl"),
    ("b_clinc150", "b_taskmaster4_coffee"),
)
FEWEST = 3
"""Of the named pairs that must be there; otherwise pairs are made of what is there."""
MOST = 14
LEAST_BENIGN, LEAST_ATTACK = 2000, 400
"""Texts that a corpus must have to be of use."""
GENERATED = 4000


@dataclass(frozen=True, slots=True)
class Pair:
    """Names of two corpora."""

    attack: str
    benign: str

    def __str__(self) -> str:
        return f"{self.attack} in {self.benign}"


def pairs(given: Given) -> tuple[Mapping[str, Sequence[str]], list[Pair]]:
    """Texts by name of corpus, and the pairs: the named ones where they are there, else as many as can be made.

    Raises
    ------
    BenchError
        No pair can be made.

    """
    if given.corpora is None:
        texts = generated(given.seed)
        return texts, [Pair(a, b) for a in texts if a.startswith("a_") for b in texts if b.startswith("b_")]
    texts = corpora(given.corpora)
    named = [Pair(a, b) for a, b in (*SAME_REGISTER, *OTHERS) if a in texts and b in texts]
    if len(named) >= FEWEST:
        return texts, named
    attacks = [name for name in texts if name.startswith("a_") and len(texts[name]) >= LEAST_ATTACK]
    benign = [name for name in texts if not name.startswith("a_") and len(texts[name]) >= LEAST_BENIGN]
    made = [Pair(a, b) for a in attacks for b in benign]
    if not made:
        raise BenchError(
            f"{given.corpora}: no pair can be made; needed is a corpus a_*.jsonl(.gz) of {LEAST_ATTACK} texts"
            f" and another, not a_*, of {LEAST_BENIGN}"
        )
    order = np.random.default_rng(given.seed).permutation(len(made))[:MOST]
    return texts, [made[i] for i in np.sort(order)]


def generated(seed: int) -> dict[str, list[str]]:
    """Texts of the project's own, each distinct within its corpus, named as corpora are."""
    kinds = {
        "b_generated_questions": ("ask", "follow", "small"),
        "b_generated_tickets": ("ticket",),
        "a_generated_tasks": ("task",),
        "a_generated_problems": ("problem",),
    }
    texts = own()
    found = {}
    for number, (name, said) in enumerate(kinds.items()):
        dice = Dice(seed, number)
        made = [dice.pick(texts.domains).say(dice.pick(said), dice) for _ in range(2 * GENERATED)]
        found[name] = list(dict.fromkeys(made))[:GENERATED]
    return found
