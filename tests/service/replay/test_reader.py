"""Reader: many files become one stream in order of completion, and what cannot be read is named."""

from __future__ import annotations

import gzip
import json
import random
from typing import TYPE_CHECKING, Any

import pytest

from service.gateway.dialects import Dialects
from service.replay import reader as module
from service.replay.reader import Reader, ReaderError

if TYPE_CHECKING:
    from pathlib import Path

    from service.model.query import QueryEvent

DIALECTS = Dialects()
START = 1_793_525_400


def a_line(at: float = 0.0, took: float = 0.0, **changes: Any) -> bytes:
    """A record that arrives ``at`` seconds after the start and takes ``took`` seconds."""
    record = {
        "ts": START + at,
        "account": "a",
        "path": "/v1/chat/completions",
        "request": {"messages": [{"role": "user", "content": "hello"}]},
        "latency_ms": took * 1000,
        **changes,
    }
    return json.dumps(record).encode() + b"\n"


def a_reader(*files: Path, strict: bool = False) -> Reader:
    """A reader of these files."""
    return Reader(files, dialects=DIALECTS, strict=strict)


def ends(events: list[QueryEvent]) -> list[float]:
    """When they were completed, in seconds after the start."""
    return [event.done / 1e6 - START for event in events]


def test_order_of_completion(tmp_path: Path) -> None:
    """Lines in order of arrival come out in order of completion."""
    file = tmp_path / "log.jsonl"
    file.write_bytes(a_line(0, 30) + a_line(1, 2) + a_line(2, 0.5) + a_line(40, 1))
    assert ends(list(a_reader(file))) == pytest.approx([2.5, 3, 30, 41])


def test_files_are_merged(tmp_path: Path) -> None:
    """Files that overlap become one stream, whatever the order in which they are named."""
    a, b = tmp_path / "a.jsonl", tmp_path / "b.jsonl.gz"
    a.write_bytes(b"".join(a_line(at, 0.7, account="a") for at in range(0, 2000, 3)))
    b.write_bytes(gzip.compress(b"".join(a_line(at, 5, account="b") for at in range(0, 2000, 2))))
    events = list(a_reader(a, b))
    assert ends(events) == sorted(ends(events))
    assert len(events) == 667 + 1000
    assert [(e.done, e.account) for e in events] == [(e.done, e.account) for e in a_reader(b, a)]


def test_export_order(tmp_path: Path) -> None:
    """A file in order of completion comes out as it is, beside one in order of arrival."""
    rng = random.Random(1)
    spans = [(at / 2, rng.choice([0.1, 3, 500])) for at in range(4000)]
    arrival, export = tmp_path / "arrival.jsonl", tmp_path / "export.jsonl"
    arrival.write_bytes(b"".join(a_line(at, took) for at, took in spans))
    export.write_bytes(b"".join(a_line(at, took) for at, took in sorted(spans, key=sum)))
    reader = a_reader(arrival, export)
    times = ends(list(reader))
    assert times == sorted(times)
    assert reader.late == 0


def test_somewhat_out_of_order(tmp_path: Path) -> None:
    """Lines that changed places within ten minutes find their order again."""
    file = tmp_path / "log.jsonl"
    lines = [a_line(at) for at in range(0, 5000, 5)]
    for first in range(0, len(lines), 100):
        lines[first : first + 100] = reversed(lines[first : first + 100])
    file.write_bytes(b"".join(lines))
    reader = a_reader(file)
    assert ends(list(reader)) == [float(at) for at in range(0, 5000, 5)]
    assert reader.late == 0


def test_late(tmp_path: Path) -> None:
    """A line further off is taken as it comes, and counted."""
    file = tmp_path / "log.jsonl"
    file.write_bytes(a_line(0) + a_line(2000) + a_line(4000) + a_line(1))
    reader = a_reader(file)
    assert len(list(reader)) == 4
    assert reader.late == 1


def test_memory_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A dense file is not held back for ten minutes of its time: at most ``HELD`` events are."""
    monkeypatch.setattr(module, "HELD", 50)
    file = tmp_path / "log.jsonl"
    file.write_bytes(b"".join(a_line(at / 100, 0.02) for at in range(1000)))
    reader = a_reader(file)
    ahead = max(reader.events - given for given, _ in enumerate(reader))
    # The heap, what ends after the newest arrival, and the one line that the merge looks ahead.
    assert ahead <= 50 + 2 + 2


@pytest.mark.parametrize(
    ("line", "what"),
    [
        (b'{"ts": 1\n', "not JSON"),
        (b'{"ts": "x", "account": "a", "path": "/", "request": null}\n', "ts: "),
        (b'{"account": "a"}\n', "ts: is required"),
        (b'{"account": "\xe9"}\n', "not UTF-8"),
    ],
)
def test_bad_line(tmp_path: Path, line: bytes, what: str) -> None:
    """A bad line is named by file and number, skipped and counted; strict stops there."""
    file = tmp_path / "log.jsonl"
    file.write_bytes(a_line(0) + b"\n" + line + a_line(1))
    reader = a_reader(file)
    assert len(list(reader)) == 2
    assert reader.skipped == 1
    assert (reader.bad[0].file, reader.bad[0].line) == (file, 3)
    with pytest.raises(ReaderError, match=rf"log.jsonl:3: .*({what})"):
        list(a_reader(file, strict=True))


def test_bad_lines_named_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All bad lines are counted, the first are kept."""
    monkeypatch.setattr(module, "NAMED", 5)
    file = tmp_path / "log.jsonl"
    file.write_bytes(b"nonsense\n" * 20)
    reader = a_reader(file)
    assert list(reader) == []
    assert (reader.skipped, len(reader.bad)) == (20, 5)


def test_long_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line beyond the bound is skipped whole; the next is read."""
    monkeypatch.setattr(module, "LONGEST", 1 << 20)
    file = tmp_path / "log.jsonl"
    file.write_bytes(a_line(0, account="a" * (3 << 20)) + a_line(1))
    reader = a_reader(file)
    assert len(list(reader)) == 1
    assert "longer than 1 MiB" in str(reader.bad[0])


def test_forms_of_a_line(tmp_path: Path) -> None:
    """A byte order mark, CRLF, blank lines and a last line without its end are no errors."""
    file = tmp_path / "log.jsonl"
    file.write_bytes(b"\xef\xbb\xbf" + a_line(0)[:-1] + b"\r\n\r\n  \n" + a_line(1)[:-1])
    reader = a_reader(file)
    assert len(list(reader)) == 2
    assert reader.skipped == 0


def test_utf16(tmp_path: Path) -> None:
    """A file of another encoding says so on its first line."""
    file = tmp_path / "log.jsonl"
    file.write_text(a_line(0).decode(), encoding="utf-16")
    with pytest.raises(ReaderError, match=r"log.jsonl:1: is UTF-16"):
        list(a_reader(file, strict=True))


def test_progress(tmp_path: Path) -> None:
    """Progress is in bytes on disk, of all files, and ends at their sum."""
    a, b = tmp_path / "a.jsonl", tmp_path / "b.jsonl.gz"
    rng = random.Random(2)
    a.write_bytes(b"".join(a_line(at) for at in range(0, 9000, 5)))
    b.write_bytes(gzip.compress(b"".join(a_line(at, account=str(rng.random())) for at in range(0, 9000, 5))))
    reader = a_reader(a, b)
    positions = [reader.position for _ in reader]
    assert positions == sorted(positions)
    assert reader.position == reader.total == a.stat().st_size + b.stat().st_size


def test_empty_file(tmp_path: Path) -> None:
    """An empty file gives nothing, and can be told from the counts."""
    a, b, c = tmp_path / "a.jsonl", tmp_path / "b.jsonl.gz", tmp_path / "c.jsonl"
    a.write_bytes(b"")
    b.write_bytes(b"")
    c.write_bytes(a_line(0))
    reader = a_reader(a, b, c, strict=True)
    assert len(list(reader)) == 1
    assert reader.counts == {a: 0, b: 0, c: 1}


def test_truncated_gzip(tmp_path: Path) -> None:
    """What can be unpacked of a truncated file is read, then the place is named."""
    rng = random.Random(3)
    whole = gzip.compress(b"".join(a_line(at, account=str(rng.random())) for at in range(5000)))
    file = tmp_path / "log.jsonl.gz"
    file.write_bytes(whole[: len(whole) // 2])
    reader = a_reader(file)
    assert 2000 < len(list(reader)) < 3000
    assert "truncated" in str(reader.bad[-1])
    with pytest.raises(ReaderError, match=r"log.jsonl.gz:\d+: .* truncated"):
        list(a_reader(file, strict=True))


def test_damaged_gzip(tmp_path: Path) -> None:
    """A damaged file is named; the other files are read."""
    whole = bytearray(gzip.compress(b"".join(a_line(at) for at in range(100))))
    whole[-6] ^= 0xFF
    damaged, good = tmp_path / "damaged.jsonl.gz", tmp_path / "good.jsonl"
    damaged.write_bytes(whole)
    good.write_bytes(a_line(0))
    reader = a_reader(damaged, good)
    assert len(list(reader)) == 101
    assert "damaged" in reader.bad[0].what


def test_gzip_by_content(tmp_path: Path) -> None:
    """A gzip'd file is known by its content; a name that promises it wrongly is an error."""
    packed, plain = tmp_path / "packed.jsonl", tmp_path / "plain.jsonl.gz"
    packed.write_bytes(gzip.compress(a_line(0)))
    plain.write_bytes(a_line(0))
    assert len(list(a_reader(packed))) == 1
    with pytest.raises(ReaderError, match=r"plain.jsonl.gz: is named .gz but is not gzip"):
        list(a_reader(plain))


@pytest.mark.parametrize("name", ["missing.jsonl", ""])
def test_unreadable(tmp_path: Path, name: str) -> None:
    """A file that is missing, or a folder, is told before anything is read."""
    with pytest.raises(ReaderError, match=r"no such file|is a directory"):
        a_reader(tmp_path / name)


def test_given_twice(tmp_path: Path) -> None:
    """The same file twice would count every query twice."""
    file = tmp_path / "log.jsonl"
    file.write_bytes(a_line(0))
    with pytest.raises(ReaderError, match="given twice"):
        a_reader(file, file)


def test_equal_lines_of_two_files(tmp_path: Path) -> None:
    """Equal lines are different events, each with its own id."""
    a, b = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    a.write_bytes(a_line(0) * 2)
    b.write_bytes(a_line(0))
    assert len({event.id for event in a_reader(a, b)}) == 3
