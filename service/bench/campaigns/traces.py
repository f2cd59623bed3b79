"""Traces: recorded campaigns, moved into the week of the background."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING, Any

import msgspec

from service.simulate.population import START

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BEGIN = START + 2 * 86_400.0
"""When the first of them begins; each other some hours later."""


def hydras(folder: Path | None) -> list[Iterator[dict[str, Any]]]:
    """The records of each file ``*hydra*.jsonl.gz`` of the folder."""
    files = sorted(folder.glob("*hydra*.jsonl.gz")) if folder else []
    return [_moved(file, BEGIN + 9000.0 * number) for number, file in enumerate(files)]


def _moved(file: Path, begin: float) -> Iterator[dict[str, Any]]:
    decode = msgspec.json.Decoder(dict[str, Any]).decode
    with gzip.open(file) as lines:
        first = None
        for line in lines:
            record = decode(line)
            first = record["ts"] if first is None else first
            name = file.name.partition(".")[0]
            yield {
                **record,
                "ts": record["ts"] - first + begin,
                # Files of one script have the same names for other callers.
                "account": f"{name}/{record['account']}",
                "label": {**record["label"], "campaign": name},
            }
