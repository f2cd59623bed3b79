"""The sink: acknowledgement, bounds, and the folder it keeps to itself."""

from __future__ import annotations

import asyncio
import os
import threading
from typing import TYPE_CHECKING

import pytest

from service.backends.spool import SpoolError, SpoolWriter, folder
from service.backends.spool.folder import listing
from tests.service.backends.spool.factories import KEY, NoSync, a_start, an_end, lost, queries, read_all

if TYPE_CHECKING:
    from pathlib import Path

    from service.backends.spool.files import Files
    from service.model.query import Record


def a_writer(spool: Path, *, files: Files | None = None, queue_bytes: int = 1024 * 1024) -> SpoolWriter:
    """A writer with small segments and no reserve."""
    return SpoolWriter.open(spool, KEY, segment_bytes=64 * 1024, reserve_bytes=0, queue_bytes=queue_bytes, files=files)


class SlowSync(NoSync):
    """A disk whose sync waits until it is let go."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.waiting = threading.Event()
        self.syncs = 0
        self.segments: set[int] = set()

    def create(self, path: Path) -> int:
        descriptor = super().create(path)
        if path.suffix == ".seg":
            self.segments.add(descriptor)
        return descriptor

    def sync(self, descriptor: int) -> None:
        if descriptor in self.segments:
            self.waiting.set()
            assert self.go.wait(30)
            self.syncs += 1


async def test_a_record_is_acknowledged_once_it_is_synced(tmp_path: Path) -> None:
    """Written but not synced is not acknowledged."""
    disk = SlowSync()
    writer = a_writer(tmp_path / "spool", files=disk)
    answer = writer.append(a_start())
    await asyncio.to_thread(disk.waiting.wait, 30)
    assert read_all(tmp_path / "spool") == [a_start()]
    assert not answer.done()
    disk.go.set()
    assert await answer is True
    await writer.close()


async def test_records_that_gather_share_one_sync(tmp_path: Path) -> None:
    """While one group is synced the next one gathers, whole."""
    disk = SlowSync()
    writer = a_writer(tmp_path / "spool", files=disk)
    answers = [writer.append(a_start(1))]
    await asyncio.to_thread(disk.waiting.wait, 30)
    answers += [writer.append(a_start(number)) for number in range(2, 102)]
    disk.go.set()
    assert all(await asyncio.gather(*answers))
    assert disk.syncs == 2
    await writer.close()


async def test_records_come_back_as_they_were(tmp_path: Path) -> None:
    """Starts and ends are read in the order of their appending, numbered from 1."""
    writer = a_writer(tmp_path / "spool")
    records: list[Record] = [a_start(1), a_start(2, body=bytes(100_000)), an_end(1), an_end(2, body=b"\xff\x00")]
    assert await asyncio.gather(*map(writer.append, records)) == [True] * 4
    await writer.close()
    assert read_all(tmp_path / "spool") == records


async def test_close_syncs_what_is_queued(tmp_path: Path) -> None:
    """Nothing that was queued before the close is left out; nothing after it is taken."""
    writer = a_writer(tmp_path / "spool")
    answers = [writer.append(an_end(number)) for number in range(1, 51)]
    await writer.close()
    assert all(await asyncio.gather(*answers))
    assert await writer.append(an_end(51)) is False
    assert len(queries(read_all(tmp_path / "spool"))) == 50


async def test_a_cancelled_wait_loses_nothing(tmp_path: Path) -> None:
    """Who stops waiting for the answer does not take the record back."""
    disk = SlowSync()
    writer = a_writer(tmp_path / "spool", files=disk)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(writer.append(a_start()), 0.01)
    disk.go.set()
    assert await writer.append(a_start(2)) is True
    await writer.close()
    assert read_all(tmp_path / "spool") == [a_start(1), a_start(2)]


async def test_a_full_queue_refuses_and_counts(tmp_path: Path) -> None:
    """Beyond the queue's bytes records are refused at once, and a gap record says exactly how many."""
    disk = SlowSync()
    writer = a_writer(tmp_path / "spool", files=disk, queue_bytes=10_000)
    first = writer.append(a_start(1))
    await asyncio.to_thread(disk.waiting.wait, 30)
    answers = [writer.append(a_start(number, body=bytes(1000))) for number in range(2, 42)]
    refused = [answer for answer in answers if answer.done()]
    assert refused
    assert not any(answer.result() for answer in refused)
    disk.go.set()
    assert await first
    taken = sum(await asyncio.gather(*answers))
    await writer.close()
    records = read_all(tmp_path / "spool")
    assert len(queries(records)) == 1 + taken
    assert lost(records) == len(refused) == 40 - taken


async def test_a_record_without_a_stored_form_costs_itself_alone(tmp_path: Path) -> None:
    """A path that is no text is counted; the records beside it are logged."""
    writer = a_writer(tmp_path / "spool")
    answers = await asyncio.gather(*(writer.append(r) for r in (a_start(1), a_start(2, path="/\ud800"), a_start(3))))
    await writer.close()
    assert answers == [True, False, True]
    records = read_all(tmp_path / "spool")
    assert queries(records) == [a_start(1), a_start(3)]
    assert lost(records) == 1


async def test_segments_roll(tmp_path: Path) -> None:
    """A segment ends at its size; the names carry boot and first number."""
    writer = a_writer(tmp_path / "spool")
    for number in range(1, 7):
        await writer.append(a_start(number, body=bytes(40_000)))
    await writer.close()
    names = [segment.name for segment in listing(tmp_path / "spool")[writer.source].segments]
    assert names == [f"{writer.source}-{first:016d}.seg" for first in (1, 3, 5)]


async def test_nobody_else_can_read_it(tmp_path: Path) -> None:
    """The folder is 0700, files are 0600, and no text is in them."""
    writer = a_writer(tmp_path / "spool")
    await writer.append(a_start(body=b"the canary sings"))
    await writer.close()
    files = [path for path in (tmp_path / "spool").iterdir() if path.is_file()]
    assert (tmp_path / "spool").stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    assert not any(word in path.read_bytes() for path in files for word in (b"canary", b"acme", b"chat"))


async def test_an_open_folder_is_closed_to_others(tmp_path: Path) -> None:
    """A folder that others could read is narrowed before anything is written."""
    (tmp_path / "spool").mkdir(mode=0o755)
    writer = a_writer(tmp_path / "spool")
    await writer.close()
    assert (tmp_path / "spool").stat().st_mode & 0o777 == 0o700


async def test_a_second_gateway_refuses_to_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One folder has one writer; after its end the next may begin."""
    monkeypatch.setattr(folder, "LOCK_PATIENCE", 0.1)
    writer = a_writer(tmp_path / "spool")
    with pytest.raises(SpoolError, match="another gateway is writing to this spool"):
        a_writer(tmp_path / "spool")
    await writer.close()
    await a_writer(tmp_path / "spool").close()


def test_a_folder_of_another_user_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message names the folder, both users and the way out."""
    owner = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    with pytest.raises(SpoolError, match=rf"spool: .* belongs to uid {owner} but .* uid {owner + 1}; .* chown"):
        a_writer(tmp_path / "spool")


def test_a_path_that_is_no_folder_is_refused(tmp_path: Path) -> None:
    """A file where the folder should be is one clear sentence."""
    (tmp_path / "spool").write_text("")
    with pytest.raises(SpoolError, match="cannot open the spool folder as uid"):
        a_writer(tmp_path / "spool")


async def test_every_boot_is_newer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the clock is set back between two boots."""
    first = a_writer(tmp_path / "spool")
    await first.append(a_start(1))
    await first.close()
    monkeypatch.setattr("time.time_ns", lambda: 1)
    second = a_writer(tmp_path / "spool")
    await second.append(a_start(2))
    await second.close()
    assert second.source > first.source
    assert read_all(tmp_path / "spool") == [a_start(1), a_start(2)]
