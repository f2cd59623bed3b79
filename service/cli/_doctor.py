"""What the doctor asks of the parts of an installation, each loaded when it is asked for, as in ``_wiring``."""
# ruff: noqa: PLC0415

from __future__ import annotations

from typing import TYPE_CHECKING

from service.cli._wiring import baseline, secrets

if TYPE_CHECKING:
    from collections.abc import Iterator

    from service.doctor import Parts
    from service.model.finding import Finding
    from service.settings import Settings


def doctor_parts(settings: Settings) -> Parts:
    """What the doctor asks of the parts of this installation."""
    from service.doctor import Parts as Made

    return Made(
        secrets=lambda: secrets(settings, create=False),
        database=lambda: _database_problem(settings),
        gateway=lambda: _gateway_alive(settings),
        callers=lambda: _callers(settings),
        server=lambda: _server_findings(settings),
        stream=lambda: _stream_findings(settings),
        decisions=lambda: _decisions_current(settings),
        baseline=lambda: _baseline_in_force(settings),
    )


def _database_problem(settings: Settings) -> str | None:
    from service.bootstrap.stores import stores as opened

    held = opened(settings)
    try:
        return held.records.ready()
    finally:
        held.close()


def _server_findings(settings: Settings) -> Iterator[Finding]:
    from service.bootstrap.stores import examine

    yield from examine(settings)


def _stream_findings(settings: Settings) -> Iterator[Finding]:
    if not settings.shared_stream:
        return
    from service.backends.redis.checks import findings
    from service.backends.redis.client import connect

    link = connect(settings.stream)
    try:
        yield from findings(link)
    finally:
        link.close()


def _decisions_current(settings: Settings) -> bool:
    """Whether the guard's file is what the stream has, or the database where there is none."""
    from service.backends.decisions_file import encode

    file = settings.decisions_file.read_bytes()
    if settings.shared_stream:
        from service.backends.redis import keys
        from service.backends.redis.client import connect
        from service.backends.redis.decisions import version

        link = connect(settings.stream)
        try:
            return link.one("HGET", keys.DECISIONS, "v") in (None, version(file))
        finally:
            link.close()
    from service.bootstrap.stores import stores as opened

    if not settings.database and not (settings.data / "revenuer.db").exists():
        # There is nothing newer, and opening it would make it.
        return True
    held = opened(settings)
    try:
        return file == encode(held.decisions.all())
    finally:
        held.close()


def _gateway_alive(settings: Settings) -> bool:
    from service.backends.spool.folder import in_use

    return in_use(settings.spool)


def _callers(settings: Settings) -> int:
    from service.gateway.identity_map import IdentityMap

    return len(IdentityMap(settings.identity.map).names)


def _baseline_in_force(settings: Settings) -> tuple[str, str | None]:
    from detectors.core.severity import unsupported

    own = settings.own_baseline if settings.scoring.learn and settings.own_baseline.exists() else None
    chosen = settings.scoring.baseline or own
    # Named, so that one's own that cannot be used is found here; a worker passes it over.
    held = baseline(settings, chosen)
    calibration = held.calibration("account")
    name = chosen or "the shipped one"
    found = f"{name}, version {held.version}, {calibration.n:,} benign account-days"
    return found, unsupported(calibration, settings.scoring.budget)
