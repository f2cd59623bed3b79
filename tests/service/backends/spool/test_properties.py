"""What must hold for any course of appends, kills and damage."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from service.backends.spool.reader import SpoolReader
from tests.service.backends.spool.factories import KEY, ABoot, a_start, an_end, drain

FAST = settings(max_examples=100, deadline=None)
groups = st.lists(st.lists(st.integers(0, 3000), min_size=1, max_size=5), min_size=1, max_size=8)


@dataclass(slots=True)
class Group:
    """An acknowledged group and where its block lies."""

    numbers: list[int]
    path: Path
    start: int
    end: int
    damaged: bool = False


class Gateway:
    """Appends numbered records and remembers what was acknowledged, over many boots."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.groups: list[Group] = []
        self._number = 0
        self.boot = ABoot.begin(folder, segment=8192)

    def append(self, sizes: list[int]) -> None:
        """One group commit of a record for each size."""
        records = []
        for size in sizes:
            self._number += 1
            record = a_start if self._number % 2 else an_end
            records.append(record(self._number, body=bytes(size)))
        assert self.boot.journal.commit(records) == [True] * len(records)
        segment = self.boot.journal._segment
        assert segment is not None
        before = self.groups[-1].end if self.groups and self.groups[-1].path == segment.path else 0
        numbers = [int.from_bytes(record.id, "big") for record in records]
        self.groups.append(Group(numbers, segment.path, before, segment.size))

    def restart(self, torn: bytes = b"") -> None:
        """Kill -9 with ``torn`` bytes of a block on their way, and a new boot."""
        segment = self.boot.journal._segment
        if segment and torn:
            with segment.path.open("ab") as file:
                file.write(torn)
        self.boot.kill()
        self.boot = ABoot.begin(self.folder, segment=8192)

    def truncate(self, index: int, cut: int) -> None:
        """Cut a group's file within or behind that group."""
        group = self.groups[index]
        at = group.start + cut % (group.end - group.start)
        os.truncate(group.path, min(at, group.path.stat().st_size))
        for other in self.groups:
            other.damaged |= other.path == group.path and other.end > at

    def flip(self, index: int, byte: int, bit: int) -> None:
        """Flip one bit of a group's block."""
        group = self.groups[index]
        at = group.start + byte % (group.end - group.start)
        if at < group.path.stat().st_size:
            data = bytearray(group.path.read_bytes())
            data[at] ^= 1 << bit
            group.path.write_bytes(data)
            group.damaged = True

    def intact(self) -> list[int]:
        """What must be read, in order."""
        return [number for group in self.groups if not group.damaged for number in group.numbers]


def numbers_read(folder: Path, *, limit: int = 1000) -> list[int]:
    """The numbers of all records that a fresh reader gives."""
    return [int.from_bytes(item.record.id, "big") for item in drain(SpoolReader(folder, KEY), {}, limit=limit)]  # type: ignore[union-attr]


@FAST
@given(
    before=groups,
    after=groups,
    where=st.integers(0, 10**6),
    byte=st.integers(0, 10**6),
    bit=st.integers(0, 7),
    cut=st.booleans(),
    limit=st.integers(1, 20),
)
def test_any_damage(
    *, before: list[list[int]], after: list[list[int]], where: int, byte: int, bit: int, cut: bool, limit: int
) -> None:
    """After any truncation or bit flip every intact acknowledged block is read once, in order, and nothing else."""
    with tempfile.TemporaryDirectory() as folder:
        gateway = Gateway(Path(folder) / "spool")
        for sizes in before:
            gateway.append(sizes)
        if cut:
            gateway.truncate(where % len(gateway.groups), byte)
        else:
            gateway.flip(where % len(gateway.groups), byte, bit)
        gateway.restart()
        for sizes in after:
            gateway.append(sizes)
        assert numbers_read(gateway.folder, limit=limit) == gateway.intact()
        gateway.boot.kill()


steps = st.lists(
    st.one_of(
        st.tuples(st.just("append"), st.lists(st.integers(0, 3000), min_size=1, max_size=5)),
        st.tuples(st.just("kill"), st.binary(max_size=100)),
        st.tuples(st.just("read"), st.integers(1, 7)),
        st.tuples(st.just("reader"), st.booleans()),
        st.tuples(st.just("release"), st.booleans()),
    ),
    max_size=25,
)


@FAST
@given(steps=steps)
def test_any_course(steps: list[tuple[str, object]]) -> None:
    """Whatever is appended, killed in the middle, read, read anew and released: each record comes once, in order."""
    with tempfile.TemporaryDirectory() as folder:
        gateway, after, taken = Gateway(Path(folder) / "spool"), dict[str, int](), list[int]()
        reader = SpoolReader(gateway.folder, KEY)

        def read(limit: int) -> None:
            for item in reader.read(after, limit):
                after[item.source] = item.sequence
                taken.append(int.from_bytes(item.record.id, "big"))  # type: ignore[union-attr]

        for step, value in steps:
            match step, value:
                case "append", list():
                    gateway.append(value)
                case "kill", bytes():
                    gateway.restart(torn=value)
                case "read", int():
                    read(value)
                case "reader", _:
                    reader.close()
                    reader = SpoolReader(gateway.folder, KEY)
                case "release", _:
                    reader.release(after)
        while len(taken) < len(gateway.intact()):
            had = len(taken)
            read(1000)
            assert len(taken) > had, "an acknowledged record was not read"
        assert taken == gateway.intact()
        assert not reader.read(after, 1)
        reader.close()
        gateway.boot.kill()
