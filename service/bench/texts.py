"""Texts from files: JSON lists or JSON Lines of strings or of objects with ``text``, gzip'd or not."""

from __future__ import annotations

import gzip
import json
import zlib
from typing import TYPE_CHECKING, Any

from service.bench.suite import BenchError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

GZIP = b"\x1f\x8b"


def read(path: Path) -> list[str]:
    """The texts of a file, in its order.

    Raises
    ------
    BenchError
        The file cannot be read, or holds something that is no text; the message names file and line.

    """
    content = _content(path)
    texts = list(_listed(path, content) if content.lstrip()[:1] == "[" else _lines(path, content))
    if not texts:
        raise BenchError(f"{path}: holds no text")
    return texts


def corpora(folder: Path) -> dict[str, list[str]]:
    """Name -> texts of every file of a folder whose rows have a ``text``; files without one are left out.

    Raises
    ------
    BenchError
        There is none.

    """
    found: dict[str, list[str]] = {}
    for path in sorted([*folder.glob("*.jsonl"), *folder.glob("*.jsonl.gz")]):
        first = _content(path).lstrip().partition("\n")[0]
        if '"text"' in first:
            found[path.name.partition(".")[0]] = read(path)
    if not found:
        raise BenchError(f'{folder}: holds no *.jsonl or *.jsonl.gz of {{"text": ...}}')
    return found


def _content(path: Path) -> str:
    try:
        data = path.read_bytes()
        if data[:2] == GZIP:
            data = gzip.decompress(data)
        return data.decode("utf-8-sig")
    except OSError as error:
        raise BenchError(f"{path}: {error.strerror or error}") from None
    except (EOFError, zlib.error) as error:
        raise BenchError(f"{path}: the gzip stream is damaged: {error}") from None
    except UnicodeDecodeError as error:
        raise BenchError(f"{path}: is not UTF-8: {error.reason} at byte {error.start}") from None


def _listed(path: Path, content: str) -> Iterator[str]:
    try:
        rows = json.loads(content)
    except ValueError as error:
        # JSON Lines may begin with a list as well, but a line of texts is no text.
        raise BenchError(f"{path}: is no JSON list: {error}") from None
    for number, row in enumerate(rows, 1):
        yield _text(row, f"{path}: item {number}")


def _lines(path: Path, content: str) -> Iterator[str]:
    for number, line in enumerate(content.split("\n"), 1):
        if line.strip():
            try:
                row = json.loads(line)
            except ValueError as error:
                raise BenchError(f"{path}:{number}: is no JSON: {error}") from None
            yield _text(row, f"{path}:{number}")


def _text(row: Any, where: str) -> str:
    text = row.get("text") if isinstance(row, dict) else row
    if not isinstance(text, str):
        raise BenchError(f'{where}: is neither a string nor an object with a string "text"')
    return text
