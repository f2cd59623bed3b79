"""Doctor: what is wrong with an installation, and what to do about it.

Every check looks only; nothing is made, repaired or started. ``bad`` needs
someone to act, ``note`` is worth knowing and fine as it is.
"""

from __future__ import annotations

import difflib
import enum
import os
import shutil
import stat
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from service import probes
from service.settings import ENVIRONMENT, SECRETS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from service.model.finding import Finding
    from service.settings import Settings

MIB = 1024 * 1024
RELEASED = 1_793_491_200
"""2026-11-01 in seconds since the epoch; no clock that runs this is before it."""
SKEW = 60
"""Seconds that a file may be ahead of the clock before one of the two is wrong."""
OTHER_VARIABLES = ("REVENUER_CONFIG", *(f"REVENUER_{name.upper()}" for name in SECRETS))


class State(enum.StrEnum):
    """What a check found."""

    OK = "ok"
    NOTE = "note"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Check:
    """One check's result."""

    name: str
    state: State
    found: str
    advice: str = ""
    """What to do; empty where there is nothing to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What the doctor asks of parts that it must not know; each is called at most once and may raise."""

    secrets: Callable[[], object]
    """Loads the secrets, without making any."""
    database: Callable[[], str | None]
    """None when the store answers and its schema is right, else what is wrong and what to do."""
    gateway: Callable[[], bool]
    """Whether a gateway holds the spool."""
    callers: Callable[[], int]
    """How many keys the identity map names; raises where it cannot be used."""
    server: Callable[[], Iterable[Finding]]
    """What is found of the database's server; nothing where it is a file."""
    stream: Callable[[], Iterable[Finding]]
    """What is found of the shared stream; nothing where there is none."""
    decisions: Callable[[], bool]
    """Whether the guard's file is as it was published."""
    baseline: Callable[[], tuple[str, str | None]]
    """What the baseline in force is, and why it does not support the alarm budget, None where it does."""


def examine(settings: Settings, parts: Parts, environment: Mapping[str, str] | None = None) -> Iterator[Check]:
    """Every check, in the order in which one rests on another."""
    fresh = not settings.data.exists()
    yield _environment(os.environ if environment is None else environment)
    yield _clock(settings)
    yield _data(settings)
    yield _guarded("secrets", lambda: _secrets(settings, parts))
    yield _guarded("database", lambda: _database(settings, parts))
    yield from _found("database server", parts.server)
    yield from _found("stream", parts.stream)
    yield from _together(settings)
    yield _guarded("spool", lambda: _spool(settings))
    yield _disk(settings)
    yield _guarded("identity map", lambda: _callers(settings, parts))
    yield _guarded("baseline", lambda: _baseline(parts))
    alive = probes.roles(settings.data / "metrics")
    yield _guarded("decisions", lambda: _decisions(settings, parts, alive))
    if not fresh and parts.gateway():
        alive |= {"gateway"}
    yield _port("data port", settings.listen, ours="gateway" in alive)
    yield _port("control port", settings.control, ours="control" in alive and probes.is_control(settings.control))
    yield from _upstreams(settings)
    yield _processes(settings, alive)


def _found(name: str, look: Callable[[], Iterable[Finding]]) -> Iterator[Check]:
    """What a server's own part finds of it."""
    states = {True: State.BAD, None: State.NOTE, False: State.OK}
    try:
        for finding in look():
            yield Check(finding.name, states[finding.bad], finding.found, finding.advice)
    except Exception as error:  # noqa: BLE001 - as below
        yield Check(name, State.BAD, str(error) or type(error).__name__)


def _together(settings: Settings) -> Iterator[Check]:
    """What goes together on one host only."""
    if settings.shared_stream and settings.database_url.startswith("sqlite"):
        yield Check(
            "database and stream",
            State.NOTE,
            "SQLite beside a shared stream: gateways may be anywhere, workers and control on this host alone",
            "for workers on several hosts move to Postgres with 'revenuer db copy'",
        )


def _decisions(settings: Settings, parts: Parts, alive: set[str]) -> Check:
    """Whether the guard's file is what was published, or will be soon."""
    name = "decisions"
    if not settings.decisions_file.exists():
        return Check(name, State.NOTE, "none were published here yet", "the control plane does it at its start")
    if settings.shared_stream and "gateway" in alive and "shipper" not in alive:
        return Check(
            name,
            State.BAD,
            "a gateway runs here and no shipper: it obeys what it had and gets no new decisions",
            "start the gateway with 'revenuer serve --role gateway', which brings its shipper",
        )
    deadline = time.monotonic() + probes.PATIENCE
    while not parts.decisions():
        if time.monotonic() > deadline:
            return Check(
                name,
                State.BAD,
                f"{settings.decisions_file} is not what was published: the guard obeys an older state",
                "see the log of the control plane, and of the gateway's shipper, for why",
            )
        # One that was made just now is on its way.
        time.sleep(0.2)
    return Check(name, State.OK, "as published")


def _guarded(name: str, check: Callable[[], Check]) -> Check:
    """A part that refuses says itself what is wrong and what to do."""
    try:
        return check()
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the finding
        return Check(name, State.BAD, str(error) or type(error).__name__)


def _environment(environment: Mapping[str, str]) -> Check:
    known = (*ENVIRONMENT, *OTHER_VARIABLES)
    unknown = sorted(name for name in environment if name.startswith("REVENUER_") and name not in known)
    if not unknown:
        return Check("environment", State.OK, "no unknown REVENUER_ variable")
    meant = difflib.get_close_matches(unknown[0], known, n=1)
    hint = f"did you mean {meant[0]}?" if meant else f"known are {', '.join(known)}"
    return Check("environment", State.NOTE, f"{', '.join(unknown)} means nothing", hint)


def _clock(settings: Settings) -> Check:
    now = time.time()
    if now < RELEASED:
        return Check("clock", State.BAD, "the clock is before this version was made", "set it, and keep it with NTP")
    newest = max((path.stat().st_mtime for path in settings.data.glob("*") if path.exists()), default=0.0)
    if newest > now + SKEW:
        found = f"files of the data folder are {newest - now:,.0f} s ahead of the clock"
        return Check("clock", State.BAD, found, "see which of the two is wrong; event times come from this clock")
    return Check("clock", State.OK, "not before this version, nor before the data")


def _data(settings: Settings) -> Check:
    folder = settings.data
    if not folder.exists():
        parent = next(path for path in folder.absolute().parents if path.exists())
        if not os.access(parent, os.W_OK | os.X_OK):
            return Check("data folder", State.BAD, f"{folder} cannot be made in {parent}", "choose one with --data")
        return Check("data folder", State.NOTE, f"{folder} is not there yet", "the first start makes it")
    if not folder.is_dir():
        return Check("data folder", State.BAD, f"{folder} is no folder", "choose one with --data")
    if not os.access(folder, os.W_OK | os.X_OK):
        return Check(
            "data folder", State.BAD, f"{folder} is not writable for uid {os.geteuid()}", f"chown it: {folder}"
        )
    return _mode("data folder", folder, 0o700)


def _mode(name: str, path: Path, wanted: int) -> Check:
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        return Check(name, State.BAD, f"{path} is open to others, mode {mode:04o}", f"chmod {wanted:o} {path}")
    return Check(name, State.OK, f"{path}, mode {mode:04o}")


def _secrets(settings: Settings, parts: Parts) -> Check:
    folder = settings.secrets_folder
    if not folder.exists() and settings.secrets is None:
        return Check("secrets", State.NOTE, f"{folder} is not there yet", "the first start makes them")
    parts.secrets()
    return _mode("secrets", folder, 0o700) if folder.exists() else Check("secrets", State.OK, "from the environment")


def _database(settings: Settings, parts: Parts) -> Check:
    if not settings.database and not (settings.data / "revenuer.db").exists():
        return Check("database", State.NOTE, "not there yet", "the first start makes it")
    problem = parts.database()
    if problem is not None:
        return Check("database", State.BAD, problem)
    return Check("database", State.OK, "answers, and its schema is this version's")


def _spool(settings: Settings) -> Check:
    damaged = [path for path in (settings.spool / "quarantine").glob("*") if path.is_file()]
    if damaged:
        size = sum(path.stat().st_size for path in damaged)
        found = f"{len(damaged)} damaged pieces, {size:,} bytes, in {settings.spool / 'quarantine'}"
        return Check("spool", State.BAD, found, "check the disk; what is in them could not be logged; remove them then")
    files = [path for path in settings.spool.glob("*") if path.is_file()]
    size = sum(path.stat().st_size for path in files)
    return Check("spool", State.OK, f"no damage, {len(files)} files, {size / MIB:,.1f} MiB")


def _disk(settings: Settings) -> Check:
    place = settings.data if settings.data.exists() else settings.data.absolute().parent
    place = next(path for path in (place, *place.absolute().parents) if path.exists())
    free = shutil.disk_usage(place).free
    needed = settings.log.reserve_bytes + 8 * settings.log.segment_bytes
    found = f"{free / MIB:,.0f} MiB free in {place}"
    if free < needed:
        return Check("disk", State.BAD, found, f"make room: {needed / MIB:,.0f} MiB are the least, for the spool alone")
    return Check("disk", State.OK, found)


def _callers(settings: Settings, parts: Parts) -> Check:
    if settings.identity.map is None:
        return Check("identity map", State.OK, "none: callers are known by the digests of their keys")
    return Check("identity map", State.OK, f"{settings.identity.map} is sound, keys named: {parts.callers():,}")


def _baseline(parts: Parts) -> Check:
    found, problem = parts.baseline()
    if problem is not None:
        return Check(
            "baseline", State.NOTE, f"{found}: {problem}", "fit one to more benign traffic, or raise the budget"
        )
    return Check("baseline", State.OK, found)


def _port(name: str, address: str, *, ours: bool) -> Check:
    if ours:
        return Check(name, State.OK, f"{address} is revenuer's")
    problem = probes.bindable(address)
    if problem is not None:
        other = " by another installation" if probes.is_control(address) else ""
        return Check(name, State.BAD, f"{address}: {problem}{other}", "stop what has it, or choose another address")
    return Check(name, State.OK, f"{address} is free")


def _upstreams(settings: Settings) -> Iterator[Check]:
    upstream = settings.upstream
    if not upstream:
        yield Check("upstream", State.NOTE, "none is set: the built-in stand-in answers", "set one with --upstream URL")
        return
    for url in sorted(set(upstream.values())) if isinstance(upstream, dict) else [upstream]:
        problem = probes.reachable(url)
        if problem is None:
            yield Check("upstream", State.OK, f"{url} can be reached")
        else:
            yield Check("upstream", State.BAD, f"{url}: {problem}", "check the URL, DNS, firewall and certificates")


def _processes(settings: Settings, alive: set[str]) -> Check:
    wanted = {"gateway", "worker", "control"}
    if settings.shared_stream:
        return _roles_here(alive)
    missing = sorted(wanted - alive)
    if not wanted & alive:
        return Check("processes", State.NOTE, "not running here", "start with 'revenuer serve'")
    if missing:
        found = f"{', '.join(missing)} not running here, while {', '.join(sorted(wanted & alive))} is"
        return Check("processes", State.BAD, found, "see the log of 'revenuer serve' for why")
    return Check("processes", State.OK, "gateway, worker and control are running")


def _roles_here(alive: set[str]) -> Check:
    """With a shared stream every role may be elsewhere, but for what belongs together."""
    if not alive:
        return Check("processes", State.NOTE, "not running here", "start with 'revenuer serve'")
    return Check("processes", State.OK, f"{', '.join(sorted(alive))} running here; others may be on other hosts")
