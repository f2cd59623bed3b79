"""Traces: recorded accounts of real tools, each through one scorer as it was recorded."""

from __future__ import annotations

import gzip
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from detectors.core.baseline import Baselines
from detectors.features import Extractor
from service.bench.episodes.judge import judged
from service.bench.episodes.measure import DAY, Moment
from service.bench.suite import BenchError, Table
from service.bootstrap.replay import STRANGER, in_memory, reader
from service.bootstrap.scoring import Brain
from service.model.entity import Scope
from service.replay.reader import ReaderError
from service.replay.runner import run
from service.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from service.bench.episodes.known import Known
    from service.model.flag import Evaluation


class _Label(msgspec.Struct):
    attack: bool = False


class _Labelled(msgspec.Struct):
    label: _Label = msgspec.field(default_factory=_Label)


@dataclass(frozen=True, slots=True)
class Trace:
    """One recorded file, measured."""

    name: str
    attack: bool
    queries: int
    accounts: Mapping[str, Sequence[Moment]]


def traces(folder: Path) -> list[Trace]:
    """Every file of query records in a folder, by name.

    Raises
    ------
    BenchError
        There is none, or one cannot be read.

    """
    files = sorted([*folder.glob("*.jsonl"), *folder.glob("*.jsonl.gz")])
    if not files:
        raise BenchError(f"{folder}: no *.jsonl or *.jsonl.gz in it")
    return [_trace(file) for file in files]


def _trace(file: Path) -> Trace:
    found: dict[str, list[Moment]] = defaultdict(list)

    def note(evaluation: Evaluation) -> None:
        if evaluation.entity.scope == Scope.ACCOUNT:
            moment = Moment(evaluation.window // DAY, evaluation.queries, evaluation.values)
            found[evaluation.entity.value].append(moment)

    scorer, checkpoint = in_memory(Settings(), Brain(Extractor(STRANGER), Baselines.empty()), STRANGER)
    try:
        records = reader([file])
        result = run(records, scorer=scorer, checkpoint=checkpoint, on_evaluation=note)
    except ReaderError as error:
        raise BenchError(str(error)) from None
    if not result.queries:
        raise BenchError(f"{file}: no query record in it")
    return Trace(file.name.partition(".")[0], _attack(file), result.queries, found)


def _attack(file: Path) -> bool:
    """By the label of the first record."""
    with gzip.open(file) if file.suffix == ".gz" else file.open("rb") as lines:
        return msgspec.json.decode(next(iter(lines)), type=_Labelled).label.attack


def table(folder: Path, known: Known, *, threshold: float, budget: float) -> Table:
    """Each trace with its highest score, whether that is above the threshold, and whether it would be an alert."""
    rows = []
    for trace in traces(folder):
        held = [j for moments in trace.accounts.values() for j in judged(moments, known, budget=budget)]
        best = max((j.score for j in held), default=0.0)
        rows.append(
            (
                trace.name,
                "attack" if trace.attack else "benign",
                f"{trace.queries:,}",
                f"{best:.4f}",
                "yes" if best > threshold else "",
                "yes" if any(j.alert for j in held) else "",
            )
        )
    rows.sort(key=lambda row: (row[1], -float(row[3])))
    return Table(
        "Traces of real tools",
        ("trace", "side", "#queries", "#highest score", "above the threshold", "alert"),
        rows,
        "Each a file as it was recorded, judged by what was learnt from all generated accounts; none was learnt from.",
    )
