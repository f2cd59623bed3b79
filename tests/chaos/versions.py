"""The product as another version would be, to be run beside it: ``python -m tests.chaos.versions VERSION ROLE``.

What may differ between neighbours is what an entry's docstring allows: fields behind those that a record has, and the
number of the version where that is not enough.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import msgspec

from service import roles
from service.backends.redis import entries, intake
from service.backends.redis.entries import VERSION, Entry

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.chaos.weak import Patch

GAP_BEFORE = 5
"""Fields of a gap, its tag among them, before there was a count of others."""


class Rewritten:
    """An encoder of entries' records that writes each in another form."""

    def __init__(self, form: Callable[[list[Any]], list[Any]]) -> None:
        self._form = form

    def encode(self, items: Any) -> bytes:
        """As the product encodes them, each record rewritten."""
        plain = msgspec.msgpack.decode(msgspec.msgpack.encode(items))
        return msgspec.msgpack.encode([(number, clock, self._form(record)) for number, clock, record in plain])


def older(patch: Patch) -> None:
    """A version that knows less of a gap."""
    patch(entries, "_encoder", Rewritten(lambda record: record[:GAP_BEFORE] if record[0] == "g" else record))
    _numbered(patch, VERSION - 1)


def wordier(patch: Patch) -> None:
    """A later version that has put a field behind each record's."""
    patch(entries, "_encoder", Rewritten(lambda record: [*record, "of a later version"]))


def newer(patch: Patch) -> None:
    """A later version whose entries this one cannot read."""
    _numbered(patch, VERSION + 1)
    patch(intake, "VERSION", VERSION + 1)


def _numbered(patch: Patch, version: int) -> None:
    patch(Entry.__init__, "__kwdefaults__", {**(Entry.__init__.__kwdefaults__ or {}), "version": version})


VERSIONS: dict[str, Callable[[Patch], None]] = {"older": older, "wordier": wordier, "newer": newer}

if __name__ == "__main__":
    VERSIONS[sys.argv.pop(1)](setattr)
    roles.main()
