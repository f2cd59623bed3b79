"""An unexpected error, told without what the program was holding: no message, no locals, no key, no prompt."""

from __future__ import annotations

import traceback
from pathlib import PurePath


def told(error: BaseException) -> dict[str, str]:
    """Fields for the log: the error's type, and the innermost frames it came through."""
    frames = traceback.extract_tb(error.__traceback__)[-6:]
    return {
        "error": type(error).__name__,
        "trace": " < ".join(f"{PurePath(f.filename).name}:{f.lineno} {f.name}" for f in reversed(frames)),
    }
