"""Traces through a running proxy at 20 times their speed, then its exported log replayed.

``python -m tests.eval.live --traces FOLDER``. Nights are cut short: of a pause
between two queries no more than ``--longest-gap`` seconds are waited for.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.e2e.live import compare, read_traces
from tests.e2e.upstream import standin

NAMES = ("atk_distilabel_textgen", "ben_openai_chat", "ben_langchain_rag")


def main() -> int:
    """Compare and print; 1 when a query was lost or an evaluation differs."""
    parser = argparse.ArgumentParser(prog="python -m tests.eval.live", description=__doc__)
    parser.add_argument("--traces", type=Path, default=Path("../shared/traces"))
    parser.add_argument("--speed", type=float, default=20.0)
    parser.add_argument("--longest-gap", type=float, default=0.05, help="seconds of sending")
    options = parser.parse_args()
    records = read_traces([options.traces / f"{name}.jsonl.gz" for name in NAMES])
    with tempfile.TemporaryDirectory() as folder, standin() as upstream:
        found = compare(
            records, folder=Path(folder), upstream=upstream, speed=options.speed, longest_gap=options.longest_gap
        )
    missing = found.live.keys() ^ found.replayed.keys()
    print(f"queries sent {found.resent.sent}, answered {sum(found.resent.statuses.values())} {found.resent.statuses}")
    print(f"queries logged {found.logged}, requests that failed {found.resent.failed}")
    print(f"evaluations live {len(found.live)}, replayed {len(found.replayed)}, in one only {len(missing)}")
    print(f"largest difference of two scores {found.furthest:.3g}")
    print(f"flags live {len(found.live_flags)}, replayed {len(found.replayed_flags)}, equal: {found.same_flags}")
    whole = found.resent.sent == sum(found.resent.statuses.values()) == found.logged
    return 0 if whole and not missing and found.furthest <= 1e-9 and found.same_flags else 1


if __name__ == "__main__":
    sys.exit(main())
