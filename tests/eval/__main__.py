"""Replay every trace of a folder twice and print what came of it.

The benign traces, in alphabetical order, are split into odd and even. A
baseline is fitted on one half and judges the other half and every attack;
then the other way round. A third pass judges all of them by the shipped
baseline. Traces are query records, ``ben_*`` and ``atk_*``, ``.jsonl.gz``.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from detectors.core.baseline import Baselines
from detectors.features import Extractor
from service.bootstrap.replay import in_memory
from service.bootstrap.scoring import Brain
from service.gateway.dialects import Dialects
from service.model.flag import Severity
from service.replay.fit import fit_events
from service.replay.reader import Reader
from service.replay.runner import run
from service.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.model.flag import Evaluation
    from service.replay.runner import Result

KEY = b"evaluation".ljust(32, b".")
SEED = 1


@dataclass(frozen=True, slots=True)
class Line:
    """A trace's most suspicious entity."""

    trace: str
    baseline: str
    queries: int
    entities: int
    score: float | None
    p_value: float | None
    severity: str
    entity: str
    reasons: str
    against: str


class Bench:
    """Fits and replays with one set of features."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.extractor = Extractor(KEY)

    def fit(self, files: Sequence[Path]) -> Baselines:
        """A baseline of these files."""
        scorer, checkpoint = in_memory(self.settings, Brain(self.extractor, Baselines.empty()), KEY)
        return fit_events(
            Reader(files, dialects=Dialects()),
            scorer=scorer,
            checkpoint=checkpoint,
            provenance={"files": [f.name for f in files]},
            seed=SEED,
            features=self.extractor.version,
        )

    def judge(self, file: Path, baselines: Baselines, name: str) -> Line:
        """One trace under one baseline."""
        scorer, checkpoint = in_memory(self.settings, Brain(self.extractor, baselines), KEY)
        evaluations: list[Evaluation] = []
        events = Reader([file], dialects=Dialects())
        result = run(events, scorer=scorer, checkpoint=checkpoint, on_evaluation=evaluations.append)
        return _line(file, name, result, evaluations)


def _line(file: Path, baseline: str, result: Result, evaluations: Sequence[Evaluation]) -> Line:
    trace = file.name.removesuffix(".jsonl.gz")
    worst = max(evaluations, key=lambda e: (e.severity.rank if e.severity else -1, e.score), default=None)
    if worst is None:
        return Line(trace, baseline, result.queries, len(result.scores), None, None, "-", "-", "too few queries", "")
    reasons = "; ".join(f"{s.text} p={s.p_value:.3g}" for s in worst.signals[:3])
    return Line(
        trace, baseline, result.queries, len(result.scores), worst.score, worst.p_value,
        str(worst.severity or "-"), str(worst.entity), reasons, "; ".join(worst.against.values()),
    )  # fmt: skip


def _table(lines: Sequence[Line]) -> str:
    columns = ("trace", "baseline", "queries", "score", "p", "severity", "most telling", "against")
    head = f"| {' | '.join(columns)} |\n|---|---|---:|---:|---:|---|---|---|"
    rows = [
        f"| {x.trace} | {x.baseline} | {x.queries:,} | {_number(x.score, 4)} | {_number(x.p_value, 4)} | {x.severity} |"
        f" {x.reasons} | {x.against} |"
        for x in lines
    ]
    return "\n".join([head, *rows])


def _number(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def main() -> int:
    """Fit, replay, print; 1 when a held-out benign trace came out medium or higher."""
    parser = argparse.ArgumentParser(prog="python -m tests.eval", description=__doc__)
    parser.add_argument("--traces", type=Path, default=Path("../shared/traces"))
    parser.add_argument("--json", type=Path, help="write the lines here too")
    options = parser.parse_args()
    benign = sorted(options.traces.glob("ben_*.jsonl.gz"))
    attacks = sorted(options.traces.glob("atk_*.jsonl.gz"))
    if not benign or not attacks:
        parser.error(f"{options.traces}: no ben_*.jsonl.gz and atk_*.jsonl.gz there; name the folder with --traces")
    with tempfile.TemporaryDirectory() as data:
        bench = Bench(Settings(data=Path(data)))
        halves = {"odd": benign[::2], "even": benign[1::2]}
        lines = []
        for name, half in halves.items():
            baselines = bench.fit(half)
            lines += [bench.judge(f, baselines, name) for f in [*benign, *attacks] if f not in half]
        held_out = [x for x in lines if x.trace.startswith("ben_")]
        lines += [bench.judge(f, Baselines.default(), "shipped") for f in [*benign, *attacks]]
    print(_table(lines))
    alarms = [x for x in held_out if x.severity in (Severity.MEDIUM, Severity.HIGH, Severity.CRITICAL)]
    print(f"\nheld-out benign traces at medium or higher: {len(alarms)} of {len(held_out)}")
    if options.json:
        options.json.write_text(json.dumps([_plain(x) for x in lines], indent=1))
    return 1 if alarms else 0


def _plain(line: Line) -> dict[str, Any]:
    return {name: getattr(line, name) for name in Line.__slots__}


if __name__ == "__main__":
    sys.exit(main())
