"""Files of the console: vendored ones are what they say, and each is kept by a browser for good."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from typing import TYPE_CHECKING

from service.api.access import ACCESS
from service.console import rendering
from service.console.assets import FOLDER, Assets
from service.console.glossary import TERMS

if TYPE_CHECKING:
    from tests.service.console.conftest import House

VENDOR = FOLDER / "vendor"
TEMPLATES = {path.name: path.read_text(encoding="utf-8") for path in rendering.FOLDER.glob("*.html")}


def test_vendored_files_are_what_they_say() -> None:
    """Every vendored file has the digest that is written down, and none is there that is not."""
    said = json.loads((VENDOR / "vendored.json").read_text(encoding="utf-8"))
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in VENDOR.iterdir()}
    del found["vendored.json"]
    assert found == {name: entry["sha256"] for name, entry in said.items()}


async def test_files_are_served_for_good(house: House) -> None:
    """A file's address has its digest; it is packed where that is taken, and another digest is another file."""
    address = Assets().address("console.css")
    async with house.browser() as browser:
        plain = await browser.client.get(f"/console/static/{address}", headers={"Accept-Encoding": "identity"})
        packed = await browser.client.get(f"/console/static/{address}", headers={"Accept-Encoding": "gzip"})
        other = await browser.get("/console/static/console-000000000000.css")
        outside = await browser.get("/console/static/..%2Frouting.py")
    assert plain.content == packed.content == (FOLDER / "console.css").read_bytes()
    assert packed.headers["content-encoding"] == "gzip"
    assert "immutable" in plain.headers["cache-control"]
    assert (other.status_code, outside.status_code) == (404, 404)


def test_all_files_together_are_small() -> None:
    """Every script and style that a page names is together below 70 KB as sent."""
    names = re.findall(r"static\('([^']+)'\)", TEMPLATES["base.html"])
    assert sum(len(gzip.compress((FOLDER / name).read_bytes(), 9)) for name in set(names)) < 70_000


def test_templates_leave_escaping_on() -> None:
    """No template turns escaping off, and no attribute stands without quotes."""
    for name, text in TEMPLATES.items():
        assert not re.search(r"\|\s*safe|autoescape|Markup", text), name
        assert not re.search(r"\s[a-z-]+=\{\{", text), name


def test_every_term_has_a_meaning() -> None:
    """Each word that a page offers to explain is in the glossary."""
    asked = {
        second or first
        for text in TEMPLATES.values()
        for first, second in re.findall(r'term\("([^"]+)"(?:, "([^"]+)")?\)', text)
    }
    assert len(asked) > 10
    assert asked <= set(TERMS)


def test_what_pages_lead_to_on_the_api_is_there() -> None:
    """Links and forms of the templates that leave the console go to routes in the table of access."""
    texts = "".join(TEMPLATES.values())
    found = set(re.findall(r'(?:href|action|src)="(/api/[^"{?]*)', texts))
    assert "/api/v1/oidc/login" in found
    assert found <= {route for _, route in ACCESS}
