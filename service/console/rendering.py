"""Rendering: the templates' environment. Everything is escaped; a name that is not given is an error."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from service.api.access import Role
from service.console import words
from service.console.glossary import TERMS
from service.console.visit import ROOT, link

if TYPE_CHECKING:
    from service.console.assets import Assets

FOLDER = Path(__file__).parent / "templates"


def environment(assets: Assets) -> Environment:
    """The environment of all pages."""
    made = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters.update(words.FILTERS)
    made.globals.update(
        root=ROOT,
        link=link,
        static=lambda name: f"{ROOT}/static/{assets.address(name)}",
        meaning=lambda term: TERMS[term],
        amount=words.amount,
        ago=words.ago,
        roles=Role,
    )
    return made
