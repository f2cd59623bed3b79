"""Take pictures of the console's main pages in the demo's data: ``python -m tests.console.pictures docs/images``."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.console.browser import browser, opened
from tests.console.hands import Mouse
from tests.console.pages import every
from tests.console.story import Story, flagged, origin
from tests.e2e.system import System


def main(folder: Path) -> None:
    """A picture of every main page, in either theme."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as data, System(Path(data) / "data") as demo, browser() as chromium:
        flagged(demo)
        for theme in ("light", "dark"):
            with opened(chromium, origin(demo), theme=theme) as tab:
                Story(demo, tab.page, Mouse(tab.page), demo.token).sign_in()
                for address in every(tab.page):
                    name = address.removeprefix("/console").strip("/").split("/")[0] or "overview"
                    tab.page.goto(address, wait_until="networkidle")
                    tab.page.screenshot(path=folder / f"{name}-{theme}.png", full_page=False)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
