"""What every exchange works with, put together once by the server."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from service import ports
    from service.gateway.address import Addresses
    from service.gateway.clock import Clock
    from service.gateway.guard import Guard
    from service.gateway.identity import Identities
    from service.gateway.pool import Pool
    from service.gateway.record import Recorder
    from service.gateway.tally import Tally
    from service.gateway.targets import Targets
    from service.settings import Limits


class Dialects(Protocol):
    """What the proxy needs of the dialects."""

    def for_errors(self, path: str) -> ports.Dialect:
        """The dialect to refuse in."""
        ...

    def read(self, method: str, path: str, body: bytes, *, full: bool) -> tuple[Any, object]:
        """Query and document of a request, as ``ports.Dialects`` has it."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What an exchange works with."""

    limits: Limits
    targets: Targets
    addresses: Addresses
    identities: Identities
    refuse_unknown: bool
    guard: Guard
    recorder: Recorder
    pool: Pool
    clock: Clock
    tally: Tally
    dialects: Dialects | None
    marker: bytes
    """The installation's id, by which it knows its own requests."""
