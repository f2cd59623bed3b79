"""Skipped: what the worker cannot take is counted and said, and the rest goes on.

A caller can send anything, and a part of ours may break on it. That must cost
the one query its score, never the log its row, and never the worker its life.
"""

from __future__ import annotations

import traceback
from pathlib import PurePath

import structlog

from service import metrics

log = structlog.get_logger()

FRAMES = 4
"""Innermost frames that are told."""


def skipped(stage: str, error: Exception, **fields: str) -> None:
    """Count and log what was passed over in a stage.

    The error's message is left out: it may quote the text that it is about.
    """
    metrics.SKIPPED.labels(stage).inc()
    log.error("event.skipped", stage=stage, **told(error), **fields)


def told(error: Exception) -> dict[str, str]:
    """Fields for the log: the error's type, and the innermost frames it came through."""
    frames = traceback.extract_tb(error.__traceback__)[-FRAMES:]
    trace = " < ".join(f"{PurePath(f.filename).name}:{f.lineno} {f.name}" for f in reversed(frames))
    return {"error": type(error).__name__, "trace": trace}
