"""Observe: query events become observations. Beyond here nothing sees a text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from detectors.core.observation import Observations
from detectors.features import Prompt
from service.model.ids import text_id
from service.model.query import Operation
from service.pipeline.copied import copied
from service.pipeline.sightings import REFUSED
from service.pipeline.skipped import skipped
from service.pipeline.trail import Recognised

if TYPE_CHECKING:
    from collections.abc import Sequence

    from detectors.features import Extractor
    from service.model.query import Query, QueryEvent

TEXT = (
    "has_text",
    "prompt",
    "skeleton",
    "slots",
    "head",
    "tail",
    "cell",
    "embedding",
    "surface",
    "ngrams",
    "system",
    "purpose",
    "elicitation",
    "elicitation_family",
)
"""What the extractor fills; zero in a row without a text."""
CAPS = ("max_tokens", "max_completion_tokens", "max_output_tokens")
MOST = 1e9
"""Numbers from here on are no sensible parameter and count as not given."""
OPEN = re.compile(
    r"(?:<[^<>\n]{0,40}(?:user|human|instruction)[^<>\n]{0,40}>"
    r"|(?:^|[\n>]|#\s?)(?:user|human|instruction):?(?:<[^<>\n]{0,40}>)?|\[INST\])\s*\Z",
    re.IGNORECASE,
)
"""The end of a prompt that is a chat template's header of the user's turn: the model writes what a user would."""
CHARACTERS_PER_TOKEN = 4
"""Rule of thumb where the upstream did not count (English text, byte-pair encodings)."""


def observe(events: Sequence[QueryEvent], recognised: Sequence[Recognised], extractor: Extractor) -> Observations:
    """One row an event, in the same order."""
    rows = Observations.empty(len(events))
    # Column by column: to set an element of an array costs as much as to find out what it is.
    rows.time[:] = [event.done / 1e6 for event in events]
    rows.input_tokens[:] = [input_tokens(event) for event in events]
    rows.output_tokens[:] = [output_tokens(event) for event in events]
    rows.retry[:] = [event.headers.get("x-stainless-retry-count", "0") not in ("", "0") for event in events]
    rows.ok[:] = [200 <= event.status < 300 for event in events]
    rows.refused[:] = [event.status in REFUSED for event in events]
    rows.end_user[:] = [extractor.digest(event.end_user) if event.end_user else 0 for event in events]
    rows.copied[:] = [copied(event) for event in events]
    for place, name in enumerate(Recognised._fields):
        getattr(rows, name)[:] = [known[place] for known in recognised]
    _interface(rows, [event.query for event in events], extractor)
    _fill(rows, events, extractor)
    return rows


def _interface(rows: Observations, queries: Sequence[Query], extractor: Extractor) -> None:
    """How the queries ask, from their parameters and the form of their turns."""
    roles = [[turn.role for turn in query.turns] for query in queries]
    asked = [query.parameters for query in queries]
    biased = [given.get("logit_bias_ids") for given in asked]
    offered = [given.get("tools") or given.get("functions") for given in asked]
    rows.depth[:] = [each.count("assistant") + each.count("tool") for each in roles]
    rows.tools[:] = [bool(names) or "tool" in each for names, each in zip(offered, roles, strict=True)]
    rows.samples[:] = [max(_number(given, "n"), 1.0) for given in asked]
    rows.max_tokens[:] = [max(_number(given, name) for name in CAPS) for given in asked]
    rows.logprobs[:] = [bool(given.get("logprobs")) for given in asked]
    rows.bias[:] = [extractor.digest(repr(ids)) if ids else 0 for ids in biased]
    rows.offered[:] = [extractor.digest(repr(names)) if names else 0 for names in offered]
    rows.open_turn[:] = [bool(query.prompts) and all(map(_opens, query.prompts)) for query in queries]
    rows.training_schema[:] = [isinstance(n := given.get("schema_fields"), list) and len(n) >= 2 for given in asked]


def _number(given: dict[str, Any], name: str) -> float:
    value = given.get(name)
    return float(value) if isinstance(value, (int, float)) and 0 <= value < MOST else 0.0


def _opens(prompt: str) -> bool:
    return OPEN.search(prompt[-64:]) is not None


def _fill(rows: Observations, events: Sequence[QueryEvent], extractor: Extractor) -> None:
    prompts = [prompt(event) for event in events]
    try:
        extractor.fill(rows, prompts)
    except Exception:  # noqa: BLE001 - met again below, and told there
        # One by one, so that the text it breaks on costs no other query its features.
        for i, event in enumerate(events):
            try:
                extractor.fill(rows.take(slice(i, i + 1)), [prompts[i]])
            except Exception as error:  # noqa: BLE001 - the query counts, as one without a text
                skipped("features", error, query=text_id(event.id))
                for name in TEXT:
                    getattr(rows, name)[i] = 0


def prompt(event: QueryEvent) -> Prompt | None:
    """What the content detectors read of a query; None where it carries no prompt.

    Embeddings are left out: their inputs are documents by nature, and breadth says nothing there.
    """
    query = event.query
    if query.operation is Operation.EMBEDDINGS:
        return None
    if query.prompts:
        return Prompt("", "\n".join(query.prompts))
    user = next((turn.text for turn in reversed(query.turns) if turn.role == "user"), "")
    system = "\n".join(turn.text for turn in query.turns if turn.role == "system")
    return Prompt(system, user) if user or system else None


def input_tokens(event: QueryEvent) -> float:
    """Tokens of the request, as the upstream counted them, else estimated."""
    if event.answer.input_tokens is not None:
        return float(event.answer.input_tokens)
    query = event.query
    length = sum(len(turn.text) for turn in query.turns) + sum(map(len, query.prompts))
    return length / CHARACTERS_PER_TOKEN


def output_tokens(event: QueryEvent) -> float:
    """Tokens of the answer, likewise."""
    if event.answer.output_tokens is not None:
        return float(event.answer.output_tokens)
    return event.answer.text_length / CHARACTERS_PER_TOKEN
