"""Entries: what lies in a partition's stream.

An entry is a claim over a range of a source's own numbering: between ``start`` (excluded) and ``end`` (included), the
source has exactly these records of this partition, perhaps none. Its fields are short because there are many:

``v`` version; ``s`` source; ``f``, ``t`` the range, sixteen digits each so that texts compare as numbers do; ``e`` time
of the source's newest end through ``t``; ``c`` the source's clock through ``t``, which all its later ends are later
than; ``n`` how many records; ``d`` the records, sealed under a key of the source and partition with all other fields
as context, so that no entry can be moved, stretched or made up by whoever can write to Redis but has no key.

A record lies with its number and the source's clock at it. Later versions may put fields behind those that a record
has now, with defaults: each reads the other's. What is no addition raises ``v``, and an older reader leaves it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from service.backends.redis import keys, scripts
from service.backends.seal import AesSeal, SealError
from service.model.query import End, Gap, Mark, Start

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from service.backends.redis.client import Command

VERSION = 1
ENTRY_RECORDS = 512
ENTRY_BYTES = 256 * 1024
"""An entry is closed once it holds this much."""
SEALS = 8192
"""Derived keys kept: sources by partitions."""

Item = tuple[int, int, Start | End | Gap | Mark]
"""Number, the source's clock at it, record."""

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(list[Item])


class EntryError(ValueError):
    """The fields are no entry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One claim, its records sealed or about to be."""

    version: int = VERSION
    source: str
    start: int
    end: int
    clock: int
    newest: int
    count: int
    sealed: bytes = b""

    def context(self, partition: int) -> bytes:
        """What the seal binds beside the records."""
        return (
            f"{self.version}|{partition}|{self.source}|{self.start}|{self.end}|{self.newest}|{self.clock}|{self.count}"
        ).encode()


class Sealer:
    """Seals and opens entries of one installation.

    Nonces are random, of 96 bits, so a key must not see more than 2**32 entries (NIST SP 800-38D, 8.3); one of its own
    for each source and partition sees that many in 34 years at four a second.
    """

    def __init__(self, spool_key: bytes) -> None:
        self._key = spool_key
        self._seals: dict[tuple[str, int], AesSeal] = {}

    def seal(self, partition: int, entry: Entry, items: Sequence[Item]) -> bytes:
        """The records, sealed into this entry."""
        return self._seal(entry.source, partition).seal(_encoder.encode(items), entry.context(partition))

    def open(self, partition: int, entry: Entry) -> list[Item]:
        """The records of an entry.

        Raises
        ------
        EntryError
            It is not what a shipper with this key wrote here.

        """
        try:
            plain = self._seal(entry.source, partition).open(entry.sealed, entry.context(partition))
            return _decoder.decode(plain)
        except SealError:
            raise EntryError("sealed under another key, or changed") from None
        except msgspec.MsgspecError:
            raise EntryError("records of another form") from None

    def _seal(self, source: str, partition: int) -> AesSeal:
        found = self._seals.get((source, partition))
        if found is None:
            info = f"revenuer stream {partition} {source}".encode()
            if len(self._seals) >= SEALS:
                self._seals.pop(next(iter(self._seals)))
            found = AesSeal(HKDF(SHA256(), 32, salt=None, info=info).derive(self._key))
            self._seals[source, partition] = found
        return found


def digits(number: int) -> str:
    """A number as Redis holds it: texts of equal length compare as the numbers do."""
    return f"{number:016d}"


def append(partition: int, entry: Entry, sealed: bytes) -> Command:
    """The command that appends the entry, if what is there reaches up to it."""
    return scripts.call(
        scripts.APPEND,
        [keys.stream(partition), keys.shipped(partition), keys.when(partition)],
        entry.source,
        digits(entry.start),
        digits(entry.end),
        *("e", entry.newest, "c", entry.clock, "n", entry.count, "v", entry.version, "d", sealed),
    )


def parse(fields: Mapping[bytes, Any]) -> Entry:
    """The entry in a stream's fields. Of a later version only what it has in common with this one is read.

    Raises
    ------
    EntryError
        They are no entry of any version.

    """
    try:
        return Entry(
            version=int(fields[b"v"]),
            source=fields[b"s"].decode("ascii"),
            start=int(fields[b"f"]),
            end=int(fields[b"t"]),
            clock=int(fields[b"c"]),
            newest=int(fields[b"e"]),
            count=int(fields[b"n"]),
            sealed=fields[b"d"],
        )
    except (KeyError, ValueError):
        raise EntryError("fields are missing or no numbers") from None
