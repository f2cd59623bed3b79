"""What holds of every file: its size, its words, what it may never ask about a caller."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

import pytest

from tests.architecture.source import PACKAGES, ROOT, Module, files, modules

if TYPE_CHECKING:
    from collections.abc import Iterator

LINES = 400
"""Most files are a quarter of that. Beyond it a file has become two."""
LONG: dict[str, str] = {
    "service/ports.py": "what stages and backends agree on is read in one place",
    "service/settings.py": "an installation is described in one place, as its file is one",
}
"""Files that may be longer, and why."""

COUNTRY = re.compile(
    r"(?<![a-z])(country|countries|nationality|citizenship|ethnicity|geoip|geo_ip|geolocation)(?![a-z])", re.IGNORECASE
)


def _docstrings(tree: ast.Module) -> set[int]:
    """Identities of the string nodes that document something, or stand alone below a field."""
    return {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}


def _words(module: Module) -> Iterator[tuple[str, int]]:
    """Every name and string of a module that can reach its behaviour, with its line."""
    documented = _docstrings(module.tree)
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Name):
            yield node.id, node.lineno
        elif isinstance(node, ast.Attribute):
            yield node.attr, node.lineno
        elif isinstance(node, ast.arg | ast.keyword) and node.arg:
            yield node.arg, node.lineno
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name, node.lineno
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documented:
            yield node.value, node.lineno


def _asks_for_country(module: Module) -> list[str]:
    return [
        f"{module.place}:{line} says '{COUNTRY.search(word)[0]}': country and nationality are never inputs"  # type: ignore[index]
        for word, line in _words(module)
        if COUNTRY.search(word)
    ]


def test_country_is_never_an_input() -> None:
    """No name and no string of the product is about where a caller comes from."""
    broken = [line for module in modules(*PACKAGES) for line in _asks_for_country(module)]
    assert not broken, "\n" + "\n".join(broken)


@pytest.mark.parametrize(
    ("code", "found"),
    [
        pytest.param("def score(country): ...", 1, id="parameter"),
        pytest.param("headers['cf-ipcountry'] + headers['x-country']", 1, id="header"),
        pytest.param("event.geo_ip.countries", 2, id="attribute"),
        pytest.param('"""Country is never an input."""', 0, id="docstring"),
    ],
)
def test_country_rule_bites(code: str, found: int) -> None:
    """The rule sees parameters, attributes and strings, and leaves documentation alone."""
    assert len(_asks_for_country(Module(ROOT / "example.py", ast.parse(code)))) == found


def test_no_salted_hash() -> None:
    """Nothing calls Python's ``hash``: its salt changes with every process, so what it made cannot be read tomorrow."""
    broken = [
        f"{module.place}:{line} calls hash(), which is salted: use a stable or keyed digest"
        for module in modules(*PACKAGES)
        for name, line in module.calls()
        if name == "hash"
    ]
    assert not broken, "\n" + "\n".join(broken)


def test_no_pickle_by_the_back_door() -> None:
    """Nothing reads an array file in the way that would run a pickle inside it."""
    broken = [
        f"{module.place}:{node.lineno} allows pickles in an array file: they run code when read"
        for module in modules(*PACKAGES)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.keyword) and node.arg == "allow_pickle" and ast.unparse(node.value) != "False"
    ]
    assert not broken, "\n" + "\n".join(broken)


def test_files_stay_small() -> None:
    """A file holds one thing; one that outgrows the limit has become two."""
    sizes = {
        path.relative_to(ROOT).as_posix(): len(path.read_text(encoding="utf-8").splitlines())
        for path in files(*PACKAGES, "tests")
    }
    broken = [
        f"{place} has {size} lines, over {LINES}: split it by its nouns, or list it in LONG with the reason"
        for place, size in sizes.items()
        if size > LINES and place not in LONG
    ]
    assert not broken, "\n" + "\n".join(broken)
    assert [place for place in LONG if sizes.get(place, 0) <= LINES] == [], "no longer long: take it off the list"


def test_everything_public_is_documented() -> None:
    """Every module, and every public class and function at the top of one, says what it is."""
    broken = [
        f"{module.place}:{getattr(node, 'lineno', 1)} {getattr(node, 'name', 'the module')} has no docstring"
        for module in modules(*PACKAGES)
        for node in (module.tree, *module.tree.body)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and not getattr(node, "name", "").startswith("_")
        and not (module.place.startswith("migrations/versions") and isinstance(node, ast.FunctionDef))
        and not ast.get_docstring(node)
    ]
    assert not broken, "\n" + "\n".join(broken)
