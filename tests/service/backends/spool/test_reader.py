"""The source: order, resuming, waiting, damage and release."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from service.backends.spool import SpoolError, SpoolReader
from service.backends.spool import format as layout
from service.backends.spool.folder import QUARANTINE, listing
from service.metrics import SPOOL_BYTES
from tests.service.backends.spool.factories import KEY, ABoot, a_start, drain, read_all

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    """The folder."""
    return tmp_path / "spool"


def numbers(items: object) -> list[int]:
    """What the records were numbered with when they were made."""
    return [int.from_bytes(item.record.id, "big") for item in items]  # type: ignore[attr-defined]


def filled(spool: Path, *groups: list[int], segment: int = 64 * 1024, body: int = 100) -> ABoot:
    """A boot with these groups committed."""
    boot = ABoot.begin(spool, segment=segment)
    for group in groups:
        assert all(boot.journal.commit([a_start(number, body=bytes(body)) for number in group]))
    return boot


def test_no_folder_is_no_records(spool: Path) -> None:
    """A worker may start before its gateway."""
    reader = SpoolReader(spool, KEY)
    assert not reader.read({}, 10)
    assert reader.lag({}).bytes == 0
    reader.release({})


def test_a_live_boot_is_followed(spool: Path) -> None:
    """Each read gives what came since, from the same reader."""
    boot, reader, after = filled(spool, [1, 2]), SpoolReader(spool, KEY), dict[str, int]()
    assert numbers(drain(reader, after)) == [1, 2]
    assert not reader.read(after, 10)
    boot.journal.commit([a_start(3)])
    assert numbers(drain(reader, after)) == [3]
    boot.kill()


@pytest.mark.parametrize("position", range(8))
def test_any_position_is_resumed(spool: Path, position: int) -> None:
    """A new reader goes on in the middle of a block, at its edge and at a segment's edge."""
    boot = filled(spool, [1, 2, 3], [4, 5], [6, 7], segment=600)
    assert numbers(SpoolReader(spool, KEY).read({boot.name: position}, 100)) == list(range(position + 1, 8))
    boot.kill()


def test_an_earlier_position_is_read_again(spool: Path) -> None:
    """Log and states may be at different places of one stream: each asks with its own positions."""
    boot, reader = filled(spool, [1, 2], [3, 4], [5, 6]), SpoolReader(spool, KEY)
    assert numbers(reader.read({boot.name: 4}, 100)) == [5, 6]
    assert numbers(reader.read({boot.name: 0}, 2)) == [1, 2]
    assert numbers(reader.read({boot.name: 2}, 2)) == [3, 4]
    boot.kill()


def test_older_boots_come_first_and_whole(spool: Path) -> None:
    """No record of a newer boot before the last of an older one, at any limit."""
    filled(spool, [1, 2], [3]).kill()
    filled(spool, [4]).kill()
    boot = filled(spool, [5, 6])
    assert numbers(drain(SpoolReader(spool, KEY), {}, limit=1)) == [1, 2, 3, 4, 5, 6]
    boot.kill()


@pytest.mark.parametrize("kept", [1, 43, 44, 60, -1])
def test_a_block_on_its_way_is_waited_for(spool: Path, kept: int) -> None:
    """Of a live boot's last block any part may be there: it is neither read nor damage until it is whole."""
    boot = filled(spool, [1], [2])
    path = spool / listing(spool)[boot.name].segments[0].name
    data, reader, after = path.read_bytes(), SpoolReader(spool, KEY), dict[str, int]()
    whole = len(data) // 2
    path.write_bytes(data[: whole + kept if kept > 0 else len(data) + kept])
    assert numbers(drain(reader, after)) == [1]
    path.write_bytes(data)
    assert numbers(drain(reader, after)) == [2]
    assert not reader.damage()
    boot.kill()


def test_a_torn_tail_of_a_dead_boot_is_dropped_and_counted(spool: Path) -> None:
    """The next boot's records follow; the torn bytes are counted once, whoever reads again."""
    boot = filled(spool, [1], [2])
    path = spool / listing(spool)[boot.name].segments[0].name
    whole = path.stat().st_size // 2
    os.truncate(path, whole + 70)
    boot.kill()
    reader = SpoolReader(spool, KEY)
    assert numbers(drain(reader, {})) == [1]
    assert reader.damage() == [(boot.name, 70)]
    assert not reader.damage()
    following, again = filled(spool, [3]), SpoolReader(spool, KEY)
    assert numbers(drain(again, {})) == [1, 3]
    assert not again.damage()
    following.kill()


def test_a_damaged_block_costs_itself_alone(spool: Path) -> None:
    """Blocks before and behind it are read; its bytes are kept in quarantine."""
    boot = filled(spool, [1], [2], [3])
    path = spool / listing(spool)[boot.name].segments[0].name
    data = bytearray(path.read_bytes())
    size = len(data) // 3
    data[size + 50] ^= 1
    path.write_bytes(data)
    reader = SpoolReader(spool, KEY)
    assert numbers(drain(reader, {})) == [1, 3]
    assert reader.damage() == [(boot.name, size)]
    assert [kept.read_bytes() for kept in (spool / QUARANTINE).iterdir()] == [bytes(data[size : 2 * size])]
    boot.kill()


def test_a_block_of_another_version_costs_itself_alone(spool: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A block that is ours and whole but holds records written in another way is set aside, and reading goes on."""
    boot = filled(spool, [1], [2], [3])
    whole, seen = layout.decode, []

    def decode(plain: bytes) -> object:
        seen.append(plain)
        return whole(b"\x91\xc3" if len(seen) == 2 else plain)

    monkeypatch.setattr(layout, "decode", decode)
    reader = SpoolReader(spool, KEY)
    assert numbers(drain(reader, {})) == [1, 3]
    assert [name for name, _ in reader.damage()] == [boot.name]
    boot.kill()


def test_a_block_of_another_place_is_not_believed(spool: Path) -> None:
    """A whole and sound block, copied from another boot, is damage: it was not sealed for this one."""
    filled(spool, [1]).kill()
    boot = filled(spool, [2])
    old, new = (spool / held.segments[0].name for held in listing(spool).values())
    new.write_bytes(new.read_bytes() + old.read_bytes())
    reader = SpoolReader(spool, KEY)
    assert numbers(drain(reader, {})) == [1, 2]
    boot.kill()


def test_another_key_is_refused(spool: Path) -> None:
    """A wrong key is the operator's to mend: nothing is thrown away as damaged."""
    boot = filled(spool, [1])
    with pytest.raises(SpoolError, match="written under another spool_key; restore that key"):
        SpoolReader(spool, bytes(32)).read({}, 10)
    assert read_all(spool) == [a_start(1, body=bytes(100))]
    boot.kill()


def test_release_deletes_what_is_covered(spool: Path) -> None:
    """Segments wholly before the positions go; the live boot's current one stays."""
    boot, reader = filled(spool, [1], [2], [3], segment=1), SpoolReader(spool, KEY)
    held = [segment.name for segment in listing(spool)[boot.name].segments]
    drain(reader, {})
    reader.release({})
    assert [segment.name for segment in listing(spool)[boot.name].segments] == held
    reader.release({boot.name: 1})
    assert [segment.name for segment in listing(spool)[boot.name].segments] == held[1:]
    reader.release({boot.name: 3})
    assert [segment.name for segment in listing(spool)[boot.name].segments] == held[2:]
    boot.kill()


def test_release_says_how_much_is_left(spool: Path) -> None:
    """The bytes of the segments that stay are a metric."""
    boot, reader, after = filled(spool, [1], [2], [3], segment=1), SpoolReader(spool, KEY), dict[str, int]()
    drain(reader, after)
    reader.release(after)
    left = [spool / segment.name for segment in listing(spool)[boot.name].segments]
    assert SPOOL_BYTES._value.get() == sum(path.stat().st_size for path in left) > 0
    boot.kill()


def test_release_ends_a_dead_boot(spool: Path) -> None:
    """Once its last record is covered nothing of a dead boot stays, and not before."""
    dead = filled(spool, [1, 2], [3])
    dead.kill()
    boot, reader, after = filled(spool, [4]), SpoolReader(spool, KEY), dict[str, int]()
    drain(reader, after)
    reader.release({dead.name: 2})
    assert dead.name in listing(spool)
    reader.release(after)
    assert list(listing(spool)) == [boot.name]
    assert not reader.read(after, 10)
    boot.kill()


def test_release_keeps_for_the_time_asked(spool: Path) -> None:
    """A covered segment stays until it is ``retain`` seconds old."""
    boot = filled(spool, [1], [2], segment=1)
    reader, after = SpoolReader(spool, KEY, retain=3600), dict[str, int]()
    drain(reader, after)
    reader.release(after)
    first, *others = [spool / segment.name for segment in listing(spool)[boot.name].segments]
    assert others
    os.utime(first, (0, 0))
    reader.release(after)
    assert not first.exists()
    boot.kill()


def test_lag(spool: Path) -> None:
    """Bytes and time of what is beyond the positions; none when all is taken."""
    dead = filled(spool, [1], [2])
    dead.kill()
    boot, reader, after = filled(spool, [3], segment=1), SpoolReader(spool, KEY), dict[str, int]()
    segments = [spool / segment.name for held in listing(spool).values() for segment in held.segments]
    assert reader.lag(after).bytes == sum(path.stat().st_size for path in segments)
    assert reader.lag(after).oldest == a_start(1).at
    for item in reader.read({}, 1):
        after[item.source] = item.sequence
    assert reader.lag(after).oldest == a_start(2).at
    # A worker that begins anew knows its position and nothing else.
    assert SpoolReader(spool, KEY).lag(after) == reader.lag(after)
    drain(reader, after)
    assert reader.lag(after).bytes == 0
    assert reader.lag(after).oldest is None
    assert SpoolReader(spool, KEY).lag(after) == reader.lag(after)
    boot.kill()
