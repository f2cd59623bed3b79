"""A disk that breaks or fills up: nothing acknowledged is lost, and what is lost is known exactly."""

from __future__ import annotations

import itertools
import random
import shutil
from typing import TYPE_CHECKING

import pytest

from service.backends.spool import journal
from service.backends.spool.folder import FINAL, listing
from service.backends.spool.reader import SpoolReader
from service.model.query import Gap, Start
from tests.service.backends.spool.factories import KEY, ABoot, a_start, an_end, drain, lost, queries, read_all
from tests.service.backends.spool.faults import FailingFiles, SmallDisk

if TYPE_CHECKING:
    from pathlib import Path

    from service.model.query import Record


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    """The folder."""
    return tmp_path / "spool"


def at_calls(*which: int) -> tuple[FailingFiles, list[str]]:
    """A disk that fails at these of its calls, counted from 0, and what was called."""
    called: list[str] = []

    def failing(call: str) -> bool:
        called.append(call)
        return len(called) - 1 in which

    return FailingFiles(failing), called


@pytest.mark.parametrize("which", range(9))
def test_an_io_error_is_overcome(spool: Path, which: int) -> None:
    """At whichever call: the group goes to a new segment, and each record is there once."""
    boot = ABoot.begin(spool)
    disk, called = at_calls(which)
    boot.journal._files = disk
    records: list[Record] = [a_start(number) for number in range(1, 5)]
    for record in records:
        assert boot.journal.commit([record]) == [True]
    assert which < len(called)
    # Create, write, sync, and from then on write and sync: a segment that holds nothing is removed.
    assert len(listing(spool)[boot.name].segments) == (1 if which < 3 else 2)
    assert read_all(spool) == records
    boot.kill()


def test_a_failed_sync_is_never_repeated_on_its_file(spool: Path) -> None:
    """The kernel may have dropped the pages and would call the next sync a success."""
    rng = random.Random(5)
    disk = FailingFiles(lambda call: call == "sync" and rng.random() < 0.3)
    boot = ABoot.begin(spool, files=disk)
    answers = [boot.journal.commit([a_start(number)])[0] for number in range(1, 200)]
    assert answers.count(False) > 0
    assert not disk.synced_after_failure
    boot.kill()


def test_a_number_that_may_have_been_seen_is_not_given_again(spool: Path) -> None:
    """Synced neither the first nor the second time and not cut off either: what follows is read all the same."""
    disk = FailingFiles(lambda _: False)
    boot = ABoot.begin(spool, files=disk)
    assert boot.journal.commit([a_start(1)]) == [True]
    disk.failing = lambda call: call in {"sync", "truncate"}
    assert boot.journal.commit([a_start(2)]) == [False]
    assert read_all(spool) == [a_start(1), a_start(2)]
    disk.failing = lambda _: False
    assert boot.journal.commit([a_start(3)]) == [True]
    records = read_all(spool)
    assert queries(records) == [a_start(1), a_start(2), a_start(3)]
    assert lost(records) == 1
    boot.kill()


def test_a_name_is_never_given_again(spool: Path) -> None:
    """A reader that has the removed file open finds its successor."""
    reader, after = SpoolReader(spool, KEY), dict[str, int]()
    seen: list[Record] = []

    def failing(call: str) -> bool:
        if call == "sync" and not seen:
            seen.extend(item.record for item in drain(reader, after))
            return True
        return False

    boot = ABoot.begin(spool, files=FailingFiles(failing))
    assert boot.journal.commit([a_start(1)]) == [True]
    assert boot.journal.commit([a_start(2)]) == [True]
    assert [*seen, *(item.record for item in drain(reader, after))] == [a_start(1), a_start(2)]
    boot.kill()


@pytest.mark.parametrize("seed", range(8))
def test_io_errors_at_random(spool: Path, seed: int) -> None:
    """Acknowledged records are read once and in order, and the rest is counted exactly."""
    rng = random.Random(seed)
    disk = FailingFiles(lambda call: call != "truncate" and rng.random() < 0.2)
    boot = ABoot.begin(spool, files=disk, segment=4096)
    acknowledged: list[Record] = []
    appended = 0
    for group in range(60):
        records: list[Record] = [a_start(group * 10 + index, body=bytes(rng.randrange(900))) for index in range(5)]
        appended += len(records)
        answers = boot.journal.commit(records)
        acknowledged += itertools.compress(records, answers)
    disk.failing = lambda _: False
    boot.journal.close()
    reader = SpoolReader(spool, KEY)
    records = [item.record for item in drain(reader, {})]
    assert queries(records) == acknowledged
    assert lost(records) == appended - len(acknowledged) > 0
    assert not reader.damage(), "what was written in part was cut off"
    boot.kill()


def test_a_full_disk_costs_the_texts_first(spool: Path) -> None:
    """From the reserve queries are logged without their bodies; sizes and digests stay."""
    boot = ABoot.begin(spool, files=SmallDisk(200_000), reserve=100_000)
    before = [boot.journal.commit([a_start(number, body=bytes(9000))]) for number in range(1, 13)]
    boot.journal.commit([an_end(20, body=bytes(9000))])
    records = read_all(spool)
    starts = [record for record in records if isinstance(record, Start)]
    assert all(map(all, before))
    assert len(records) == 13
    assert {(start.size, start.full, len(start.body), len(start.digest)) for start in starts} == {
        (9000, True, 9000, 0),
        (9000, False, 0, 16),
    }
    boot.kill()


def test_a_reader_that_was_quicker_than_the_full_disk_misses_nothing(spool: Path) -> None:
    """Of a group cut off again some blocks may have been taken: what is written in their place is elsewhere."""
    reader, after = SpoolReader(spool, KEY), dict[str, int]()
    seen: list[Record] = []

    class Watched(SmallDisk):
        def truncate(self, descriptor: int, size: int) -> None:
            seen.extend(item.record for item in drain(reader, after))
            super().truncate(descriptor, size)

    boot = ABoot.begin(spool, files=Watched(400_000), reserve=50_000, segment=10**6)
    for first in (1, 5, 9, 13):
        group = [a_start(number, body=bytes(100_000 if first == 5 else 1000)) for number in range(first, first + 4)]
        assert boot.journal.commit(group) == [True] * 4
    assert 4 < len(seen) < 16
    seen += [item.record for item in drain(reader, after)]
    assert [int.from_bytes(record.id, "big") for record in seen if isinstance(record, Start)] == list(range(1, 17))
    assert not reader.damage()
    boot.kill()


def fill(boot: ABoot, *, queries: int, first: int = 1) -> int:
    """Append starts and ends; how many of their records were acknowledged."""
    acknowledged = 0
    for number in range(first, first + queries):
        acknowledged += sum(boot.journal.commit([a_start(number, body=bytes(500))]))
        acknowledged += sum(boot.journal.commit([an_end(number, body=bytes(500))]))
    return acknowledged


def test_what_a_full_disk_refuses_is_known_after_a_kill(spool: Path) -> None:
    """Starts and ends written plus those of the gap are all that were appended; the gap comes once."""
    boot = ABoot.begin(spool, files=SmallDisk(60_000), reserve=8192)
    acknowledged = fill(boot, queries=200)
    assert 0 < acknowledged < 400
    boot.kill()
    after: dict[str, int] = {}
    reader = SpoolReader(spool, KEY)
    items = drain(reader, after)
    assert not reader.damage()
    gap = items[-1].record
    assert items[-1].sequence == FINAL
    assert isinstance(gap, Gap)
    assert len(items) - 1 == acknowledged
    assert acknowledged + gap.starts + gap.ends == 400
    assert a_start(1).at <= gap.first <= gap.last <= an_end(200).at
    assert not SpoolReader(spool, KEY).read(after, 10)
    reader.release(after)
    assert not listing(spool)


def test_a_gap_is_written_when_space_returns(spool: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reserve is made anew, the gap is told in its place in the stream, and texts are kept again."""
    monkeypatch.setattr(journal, "PROBE", 0.0)
    disk = SmallDisk(60_000)
    boot = ABoot.begin(spool, files=disk, reserve=8192)
    acknowledged = fill(boot, queries=200)
    disk.size = 10**6
    assert fill(boot, queries=1, first=500) == 2
    records = read_all(spool)
    kinds = [type(record) for record in records]
    assert kinds[acknowledged:] == [Gap, type(a_start()), type(an_end())]
    assert acknowledged + lost(records) == 400
    assert records[-2] == a_start(500, body=bytes(500))
    assert (spool / "reserve").stat().st_size == 8192
    boot.kill()


@pytest.mark.parametrize("killed_at", range(1, 41))
def test_a_kill_at_any_call_counts_neither_twice_nor_not_at_all(spool: Path, tmp_path: Path, killed_at: int) -> None:
    """Around the writing of the gap record the disk is looked at after every call, as a kill would leave it."""

    class Killed(SmallDisk):
        calls = -1

        def write(self, descriptor: int, data: bytes | memoryview, offset: int) -> int:
            written = super().write(descriptor, data, offset)
            self.calls += self.calls >= 0
            if self.calls == killed_at:
                shutil.copytree(spool, tmp_path / "left")
            return written

    disk = Killed(20_000)
    boot = ABoot.begin(spool, files=disk)
    fill(boot, queries=60)
    before = appended = 120
    disk.size, disk.calls = 10**6, 0
    boot.journal._lean = False
    while not (tmp_path / "left").exists():
        before = appended
        appended += 1
        if appended % 4:
            boot.journal.commit([a_start(1000 + appended)])
        else:
            boot.ledger.add(Gap(5, 5, 1, 0))
    left = read_all(tmp_path / "left")
    assert len(queries(left)) + lost(left) in {before, before + 1}
    boot.kill()


def test_a_full_disk_allows_restarts(spool: Path) -> None:
    """A boot on a disk that is full already still counts what it cannot log."""
    disk = SmallDisk(60_000)
    first = ABoot.begin(spool, files=disk, reserve=8192)
    acknowledged = fill(first, queries=200)
    first.kill()
    second = ABoot.begin(spool, files=disk, reserve=8192)
    acknowledged += fill(second, queries=50, first=300)
    second.kill()
    records = read_all(spool)
    assert len(queries(records)) == acknowledged
    assert acknowledged + lost(records) == 500
