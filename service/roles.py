"""Roles: the main function of each process that ``revenuer serve`` starts."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from typing import TYPE_CHECKING

import structlog

from service.app import LIFELINE, SETTINGS
from service.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

log = structlog.get_logger()

OURS = ("service.", "detectors.")
FAILED = 2
"""Exit status when an error of our own ended the process."""
NICENESS = 15
"""The worker yields to the gateway whenever both want the processor."""


def gateway(settings: Settings) -> None:
    """The data port: no SQL in it."""
    import uvloop  # noqa: PLC0415 - each process loads its own part only

    from service.bootstrap.gateway import run  # noqa: PLC0415
    from service.scheduling import take_turns_often  # noqa: PLC0415

    take_turns_often()
    uvloop.run(run(settings))


def worker(settings: Settings) -> None:
    """Spool or stream to store."""
    from service.bootstrap.worker import Workers, tend  # noqa: PLC0415
    from service.garbage import seldom_collected  # noqa: PLC0415

    os.nice(NICENESS)
    stop = _told_to_stop()
    workers = Workers(settings)
    with seldom_collected():
        tend(workers, stop)


def shipper(settings: Settings) -> None:
    """From this host's spool to the shared stream, and the decisions the other way."""
    from service.bootstrap.shipper import run  # noqa: PLC0415

    run(settings, _told_to_stop().is_set)


def control(settings: Settings) -> None:
    """The control port."""
    from service.api.server import serve  # noqa: PLC0415
    from service.bootstrap.control import control as build  # noqa: PLC0415

    asyncio.run(serve(settings, build(settings)))


def standin(settings: Settings) -> None:
    """The built-in model."""
    from service.standin.server import run  # noqa: PLC0415

    host, _, port = str(settings.upstream).removeprefix("http://").rpartition(":")
    run(host, int(port))


def learn(settings: Settings) -> None:
    """The installation's own baseline, where its traffic is enough for one."""
    from service.bootstrap.learning import daily  # noqa: PLC0415

    os.nice(NICENESS)
    daily(settings)


def demo(settings: Settings) -> None:
    """Mixed traffic through the proxy."""
    from service.bootstrap.demo import run  # noqa: PLC0415

    asyncio.run(run(settings))


ROLES: dict[str, Callable[[Settings], None]] = {
    "gateway": gateway,
    "shipper": shipper,
    "worker": worker,
    "control": control,
    "standin": standin,
    "demo": demo,
    "learn": learn,
}


def _told_to_stop() -> threading.Event:
    """Set when the process is asked to end."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    signal.signal(signal.SIGINT, lambda *_: stop.set())
    return stop


def _hold_lifeline() -> None:
    """Stop when the parent is gone, however it went."""
    descriptor = os.environ.pop(LIFELINE, "")
    if not descriptor:
        return

    def wait() -> None:
        os.read(int(descriptor), 1)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, name="lifeline", daemon=True).start()


def main() -> None:
    """Run the role named on the command line under the settings of the environment."""
    from service.logs import configure  # noqa: PLC0415

    role = sys.argv[1]
    settings = Settings.model_validate_json(os.environ.pop(SETTINGS))
    configure(role)
    _hold_lifeline()
    try:
        ROLES[role](settings)
    except Exception as error:
        # One of our own says what is wrong and what to do; its traceback says nothing more.
        if not type(error).__module__.startswith(OURS):
            raise
        log.error("role.failed", error=str(error))  # noqa: TRY400
        sys.exit(FAILED)


if __name__ == "__main__":
    main()
