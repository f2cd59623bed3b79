"""App: ``revenuer serve``. One parent, and a child process for each role.

The parent prepares the data folder and the schema, starts the children,
starts again whichever dies, and stops them in the order in which nothing is
lost: the gateway first, then the worker, then the rest. The children hold a
pipe to the parent and stop by themselves when it closes.

A role that was asked for alone is this very process, unless it needs another
one beside it: with a shared stream a gateway has its shipper, and the control
plane lets the installation learn its baseline.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import structlog

from service.secrets import Secrets, SecretsError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from types import FrameType

    from service.settings import Settings

log = structlog.get_logger()

SHIPPER, STANDIN, DEMO, LEARN = "shipper", "standin", "demo", "learn"
STOP_ORDER = (DEMO, LEARN, "gateway", STANDIN, SHIPPER, "worker", "control")
LEARN_FIRST, LEARN_EVERY = 600.0, 86_400.0
"""Seconds to the first look at what was learnt, and between looks."""
GRACE = 35.0
"""Seconds for a child to end by itself: the gateway lets streams finish for 30."""
LIFELINE = "REVENUER_LIFELINE"
SETTINGS = "REVENUER_SETTINGS"


class ServeError(Exception):
    """revenuer cannot start; the message says why and what to do."""


@dataclass(slots=True)
class Child:
    """A role and the process that has it."""

    role: str
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    pause: float = 0.2
    retry_at: float = 0.0
    """When it is started again after it died; monotonic seconds."""


@dataclass(slots=True)
class Supervisor:
    """Keeps the children of one installation running."""

    settings: Settings
    lifeline: int
    """Read end of the pipe whose closing tells the children that the parent is gone."""
    children: dict[str, Child] = field(default_factory=dict)
    stopping: bool = False
    learn_at: float = field(default_factory=lambda: time.monotonic() + LEARN_FIRST)

    def start(self, role: str) -> None:
        """Start the role's process."""
        child = self.children.setdefault(role, Child(role))
        child.started = time.monotonic()
        # A group of its own keeps Ctrl-C away from it; a session of its own would make its niceness
        # count for nothing, since Linux shares the processors out by session first.
        child.process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            command(role), env=environment(self.settings, {LIFELINE: str(self.lifeline)}), pass_fds=(self.lifeline,),
            stdin=subprocess.DEVNULL, process_group=0,
        )  # fmt: skip

    def tend(self) -> None:
        """Start again whoever died, ever more slowly while it keeps dying."""
        now = time.monotonic()
        for child in self.children.values():
            if child.process is None or child.process.poll() is None:
                continue
            if child.role == LEARN or (child.role == DEMO and child.process.returncode == 0):
                continue
            if not child.retry_at:
                self._forget(child.process.pid)
                child.pause = 0.2 if now - child.started > 10 else min(child.pause * 2, 10.0)
                child.retry_at = now + child.pause
                log.error("child.died", role=child.role, exit=child.process.returncode, retry_in=child.pause)
            elif now >= child.retry_at:
                child.retry_at = 0.0
                self.start(child.role)

    def _forget(self, pid: int) -> None:
        """What the dead process said was open is so no longer."""
        for gauge in (self.settings.data / "metrics").glob(f"gauge_live*_{pid}.db"):
            gauge.unlink(missing_ok=True)

    def learn(self) -> None:
        """Now and then let a child look whether the installation's own traffic is enough for a baseline."""
        if "control" in self.children and self.settings.scoring.learn and time.monotonic() >= self.learn_at:
            self.learn_at = time.monotonic() + LEARN_EVERY
            self.start(LEARN)

    def stop(self) -> None:
        """Stop the children, each given its time."""
        self.stopping = True
        for role in STOP_ORDER:
            child = self.children.get(role)
            if child is None or child.process is None or child.process.poll() is not None:
                continue
            child.process.terminate()
            try:
                child.process.wait(GRACE)
            except subprocess.TimeoutExpired:
                log.warning("child.killed", role=role, after=GRACE)
                child.process.kill()
                child.process.wait()


def command(role: str) -> list[str]:
    """How a role's process is started."""
    return [sys.executable, "-m", "service.roles", role]


def environment(settings: Settings, more: Mapping[str, str] | None = None) -> dict[str, str]:
    """What a role's process finds: its settings, and the metrics' folder before that library is imported."""
    return {
        **os.environ,
        SETTINGS: settings.model_dump_json(),
        "PROMETHEUS_MULTIPROC_DIR": str(settings.data.absolute() / "metrics"),
        # One core a process: the worker is scaled by starting more of them.
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        "TOKENIZERS_PARALLELISM": "false",
        **(more or {}),
    }


def serve(settings: Settings, role: str = "all") -> None:
    """Run one role, or all of them, until told to stop.

    Raises
    ------
    ServeError
        The role does not go with the settings, the data folder cannot be made or written, a port is taken, or the
        spool is another gateway's.

    """
    settings = settings.model_copy(update={"data": settings.data.absolute()})
    _check(settings, role)
    prepare(settings)
    roles = beside(settings, role)
    if not roles:
        # Replaced, not forked, so that a supervisor outside sees the role's own process.
        os.execve(sys.executable, command(role), environment(settings))  # noqa: S606 - our own interpreter
    for address in _addresses(settings, roles):
        _ensure_free(address)
    if "gateway" in roles:
        _ensure_own_spool(settings)
    demo = role == "all" and settings.upstream is None
    if demo:
        settings = settings.model_copy(update={"upstream": f"http://127.0.0.1:{_free_port()}"})
    _supervise(settings, roles, demo=demo)


def beside(settings: Settings, role: str) -> tuple[str, ...]:
    """Roles of the children that the role needs; none where it is a process by itself."""
    carried = (SHIPPER,) if settings.shared_stream else ()
    if role == "all":
        return ("gateway", *carried, "worker", "control")
    if not settings.shared_stream:
        return ()
    return {"gateway": ("gateway", *carried), "control": ("control",)}.get(role, ())


def prepare(settings: Settings) -> None:
    """Make the data folder, with nothing left over in the metrics of processes that are gone."""
    folder = settings.data / "metrics"
    try:
        settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise ServeError(
            f"data folder {settings.data}: {error.strerror}; "
            f"choose another with --data, or give user {os.getuid()} the right"
        ) from None
    files = {path: _alive(path) for path in folder.glob("*.db")}
    for path, alive in files.items():
        # Where somebody else writes here, what the dead have counted goes on counting.
        if not alive and (not any(files.values()) or path.name.startswith("gauge_live")):
            path.unlink(missing_ok=True)


def _alive(path: Path) -> bool:
    """Whether the process that writes this file of metrics still runs, and is another one."""
    pid = path.stem.rpartition("_")[2]
    if not pid.isdigit() or int(pid) == os.getpid():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _check(settings: Settings, role: str) -> None:
    """Refuse what cannot work, in one sentence."""
    if settings.shared_stream and role != "all":
        try:
            Secrets.load(settings.secrets_folder)
        except SecretsError as error:
            raise ServeError(
                f"{error}. Every process of an installation needs the same four secrets: "
                "give it their folder with REVENUER_SECRETS"
            ) from None
    if role == SHIPPER and not settings.shared_stream:
        raise ServeError(
            "a shipper carries a spool to a shared stream: name one with --stream redis://host:6379, "
            "or start no shipper, since with 'spool:' the worker reads the spool itself"
        )


def _addresses(settings: Settings, roles: Sequence[str]) -> list[str]:
    """Where the roles listen."""
    metrics = settings.metrics if SHIPPER in roles else None
    listening = {"gateway": settings.listen, "control": settings.control, SHIPPER: metrics}
    return [address for role in roles if (address := listening.get(role))]


def _supervise(settings: Settings, roles: Sequence[str], *, demo: bool) -> None:
    # Imported here because it reaches SQL and the metrics, which a single role's process loads by itself.
    if "control" in roles:
        from service.bootstrap.control import initialise  # noqa: PLC0415

        notice = initialise(settings)
    else:
        from service.bootstrap.checks import check  # noqa: PLC0415

        check(settings, gateway=True)
        notice = ""
    if demo:
        from service.bootstrap.demo import prepare as name_callers  # noqa: PLC0415

        settings = name_callers(settings)
    lifeline, held = os.pipe()
    supervisor = Supervisor(settings, lifeline)
    _on_signals(supervisor)
    try:
        for role in (*((STANDIN,) if demo else ()), *roles):
            supervisor.start(role)
        if _await_ports(supervisor, set(_addresses(settings, roles))):
            sys.stdout.write(_greeting(settings, roles, demo=demo, notice=notice) + "\n")
            sys.stdout.flush()
            if demo:
                supervisor.start(DEMO)
        while not supervisor.stopping:
            supervisor.tend()
            supervisor.learn()
            time.sleep(0.2)
    finally:
        supervisor.stop()
        os.close(held)


def _on_signals(supervisor: Supervisor) -> None:
    def stop(_signal: int, _frame: FrameType | None) -> None:
        supervisor.stopping = True

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)


def _await_ports(supervisor: Supervisor, waiting: set[str]) -> bool:
    """Wait until all of these answer; False when told to stop before."""
    while waiting and not supervisor.stopping:
        supervisor.tend()
        waiting = {address for address in waiting if not _answers(address)}
        time.sleep(0.05)
    return not supervisor.stopping


def _answers(address: str) -> bool:
    host, _, port = address.rpartition(":")
    try:
        with socket.create_connection((host.strip("[]"), int(port)), timeout=0.5):
            return True
    except OSError:
        return False


def _ensure_free(address: str) -> None:
    """Told now in one sentence, rather than by a child that keeps dying."""
    host, _, port = address.rpartition(":")
    host = host.strip("[]")
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, int(port)))
        except OSError as error:
            raise ServeError(f"{address}: {error.strerror}; stop what listens there, or choose another port") from None


def _ensure_own_spool(settings: Settings) -> None:
    from service.backends.spool.folder import in_use  # noqa: PLC0415 - as above

    if in_use(settings.spool):
        raise ServeError(
            f"{settings.spool}: another gateway is writing to this spool; "
            "stop it, or give this one its own folder with --data"
        )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _greeting(settings: Settings, roles: Sequence[str], *, demo: bool, notice: str) -> str:
    upstream = "the built-in stand-in model, with demo traffic" if demo else settings.upstream
    gateway, control = "gateway" in roles, "control" in roles
    return "\n".join(
        [
            f"revenuer is running in front of {upstream}" if gateway else "revenuer's control plane is running",
            *([f"  point clients at   http://{settings.listen}"] if gateway else []),
            *([f"  query flags at     http://{settings.control}/api/v1/flags"] if control else []),
            f"  state is kept in   {settings.data}",
            *([f"  {notice}"] if notice else []),
            "  Ctrl-C stops everything.",
        ]
    )
