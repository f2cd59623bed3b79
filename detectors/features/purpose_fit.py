"""Phrases to points: what the model of purpose is fitted from, besides simulated traffic.

The phrases are those of ``data/purposes.yaml``, by family; the texts between them come from corpora, JSON Lines of
``{"text", "license", "cls"}``: the same on both sides, so that what is asked about does not count. Only a phrase
that is nothing but its text takes it from ordinary use (corpora named ``b_...``).
"""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np
import yaml

from detectors.core.observation import EMBEDDING, SURFACE
from detectors.features.extractor import _clean, _ends
from detectors.features.ngrams import Spelling
from detectors.features.surface import surface

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from detectors.features.embedding import Embedder

DRAWS = 40
"""Prompts made of each phrase."""
PAYLOAD = 400
"""Characters of a text that is put into a phrase."""
SIDES = ("honest", "harvest")
BOUND = 768
"""As ``Extractor`` reads by default: two thirds of the user turn, a third of the system prompt."""
Topics = tuple[str, ...]
TOPICS: Topics = (
    *("garden tools", "tax law", "photosynthesis", "bicycle repair", "contract terms", "sea freight", "jazz harmony"),
    *("chess openings", "baking", "solar panels", "insurance claims", "machine learning", "Roman history", "pets"),
    *("skin care", "linear algebra", "home loans", "hiking boots", "network security", "poetry", "first aid"),
)


def phrases() -> Iterator[tuple[str, int, str]]:
    """Family, label (1: harvest) and phrase, in the order of the file."""
    known = yaml.safe_load((files("detectors.features") / "data/purposes.yaml").read_text(encoding="utf-8"))
    for label, side in enumerate(SIDES):
        for family, listed in known[side].items():
            for phrase in listed:
                yield family, label, phrase


def prompts(phrase: str, corpora: Mapping[str, Sequence[str]], random: np.random.Generator) -> list[tuple[str, str]]:
    """System prompt and user turn, as the phrase makes them with texts drawn from the corpora."""
    bare = phrase.partition("|||")[2].strip() or phrase
    sources = [name for name in corpora if bare != "{0}" or "|||" in phrase or name.startswith("b_")]
    made = []
    for _ in range(DRAWS):
        names = [sources[int(random.integers(len(sources)))] for _ in range(3)]
        texts = [corpora[name][int(random.integers(len(corpora[name])))][:PAYLOAD] for name in names]
        topic = TOPICS[int(random.integers(len(TOPICS)))]
        filled = phrase.replace("{n}", str(random.integers(2, 21))).replace("{t}", topic)
        for i, text in enumerate(texts):
            filled = filled.replace(f"{{{i}}}", text)
        system, bar, user = filled.partition("|||")
        made.append((system.strip(), user.strip()) if bar else ("", filled.strip()))
    return made


def features(asked: Sequence[tuple[str, str]], embedder: Embedder) -> NDArray[np.float32]:
    """Rows of user embedding, surface, system embedding and whether there is a system prompt."""
    bound = BOUND // 3
    users = [_clean(_ends(user, BOUND - bound)) for _, user in asked]
    systems = [_clean(_ends(system, bound)) for system, _ in asked]
    out = np.zeros((len(asked), 2 * EMBEDDING + SURFACE + 1), np.float32)
    out[:, :EMBEDDING] = embedder.embed(users)
    words = [user.lower().split() for user in users]
    written = surface(users, Spelling.of(users), words, [len(user) for _, user in asked])
    out[:, EMBEDDING : EMBEDDING + SURFACE] = written
    out[:, EMBEDDING + SURFACE : -1] = embedder.embed(systems)
    out[:, -1] = [bool(system) for system, _ in asked]
    return out
