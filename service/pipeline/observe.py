"""Observe: query events become observations. Beyond here nothing sees a text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from detectors.core.observation import Observations
from detectors.features import Prompt
from service.model.ids import text_id
from service.model.query import Operation
from service.pipeline.skipped import skipped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from detectors.features import Extractor
    from service.model.query import QueryEvent
    from service.pipeline.trail import Recognised

TEXT = ("has_text", "prompt", "skeleton", "slots", "cell", "embedding", "surface", "ngrams")
"""What the extractor fills; zero in a row without a text."""
CHARACTERS_PER_TOKEN = 4
"""Rule of thumb where the upstream did not count (English text, byte-pair encodings)."""


def observe(events: Sequence[QueryEvent], recognised: Sequence[Recognised], extractor: Extractor) -> Observations:
    """One row an event, in the same order."""
    rows = Observations.empty(len(events))
    for i, (event, known) in enumerate(zip(events, recognised, strict=True)):
        rows.time[i] = event.done / 1e6
        rows.input_tokens[i] = _input_tokens(event)
        rows.output_tokens[i] = _output_tokens(event)
        rows.continues[i] = known.continues
        rows.rerun[i] = known.rerun
        rows.retry[i] = event.headers.get("x-stainless-retry-count", "0") not in ("", "0")
        rows.ok[i] = 200 <= event.status < 300
    _fill(rows, events, extractor)
    return rows


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


def _input_tokens(event: QueryEvent) -> float:
    if event.answer.input_tokens is not None:
        return float(event.answer.input_tokens)
    query = event.query
    length = sum(len(turn.text) for turn in query.turns) + sum(map(len, query.prompts))
    return length / CHARACTERS_PER_TOKEN


def _output_tokens(event: QueryEvent) -> float:
    if event.answer.output_tokens is not None:
        return float(event.answer.output_tokens)
    return event.answer.text_length / CHARACTERS_PER_TOKEN
