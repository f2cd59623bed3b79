"""``python -m tests.site``: the reference pages anew, from the code. With ``--check``, whether they are current."""

from __future__ import annotations

import argparse
import sys

from tests.architecture.source import ROOT
from tests.site import commands, metrics, routes, settings

PAGES = {
    "settings.md": settings.render,
    "metrics.md": metrics.render,
    "commands.md": commands.render,
    "routes.md": routes.render,
}
FOLDER = ROOT / "docs" / "reference"


def main() -> None:
    """Write the pages, or exit 1 with the names of those that are behind."""
    parser = argparse.ArgumentParser(prog="python -m tests.site", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing")
    check = parser.parse_args().check
    behind = []
    for name, render in PAGES.items():
        path, text = FOLDER / name, render()
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            behind.append(f"docs/reference/{name}")
            if not check:
                path.write_text(text, encoding="utf-8")
    if check and behind:
        sys.exit(f"behind the code: {', '.join(behind)}; run 'make docs'")


if __name__ == "__main__":
    main()
