"""The joined parts of an installation, each loaded when a command asks for it.

``revenuer --help`` should not wait for numpy, SQL and a web framework, so
these imports stand inside their functions, here and nowhere else in the
command line.
"""
# ruff: noqa: PLC0415

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import click

from service.cli._fail import fail
from service.ports import StreamUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from detectors.core.baseline import Baselines
    from service.access.people import People
    from service.bench.runner import Done
    from service.bench.suite import Given, Outcome, Table
    from service.bench.window_files import Line
    from service.bootstrap.detectors import Standing
    from service.bootstrap.learning import Learning
    from service.bootstrap.stores import Stores
    from service.model.flag import Evaluation, Flag
    from service.model.notification import Destination
    from service.model.query import Query, QueryEvent
    from service.notify.notices import Notices
    from service.ports import Ingest
    from service.replay.reader import Reader
    from service.replay.runner import Result
    from service.review.highest import Highest
    from service.review.precision import Precision
    from service.secrets import Secrets
    from service.settings import Settings


def serve(settings: Settings, role: str) -> None:
    """Run one role or all of them until told to stop."""
    from service import app, logs

    logs.configure("serve")
    app.serve(settings, role)


def installed(settings: Settings) -> bool:
    """Whether there is a database to ask."""
    return settings.database != "" or (settings.data / "revenuer.db").exists()


@contextlib.contextmanager
def stores(settings: Settings) -> Iterator[Stores]:
    """The stores, which must be there and of the right schema."""
    from service.bootstrap.stores import stores as opened

    if not installed(settings):
        fail(f"no installation in {settings.data}: start it once with 'revenuer serve', or name its folder with --data")
    held = opened(settings)
    try:
        problem = held.records.ready()
        if problem is not None:
            fail(problem)
        yield held
    finally:
        held.close()


@contextlib.contextmanager
def prepared(settings: Settings) -> Iterator[Stores]:
    """The same, made where it is missing."""
    from service.bootstrap.stores import upgrade

    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    upgrade(settings)
    with stores(settings) as held:
        yield held


def ingest(settings: Settings, held: Stores) -> Ingest:
    """How far the way from the gateways to the log is."""
    from service.bootstrap.ingest import ingest as joined

    return joined(settings, held)


def secrets(settings: Settings, *, create: bool = True) -> Secrets:
    """The installation's secrets."""
    from service.secrets import Secrets as Held

    return Held.load(settings.secrets_folder, create=create)


@contextlib.contextmanager
def people(settings: Settings, *, create: bool = False) -> Iterator[People]:
    """The users, in an installation that is made where it is missing and ``create`` says so."""
    from service.access.people import People as Held

    key = secrets(settings).token_key
    with (prepared if create else stores)(settings) as held:
        yield Held(held.registers, key)


def welcome(settings: Settings, secret: str) -> str:
    """Where a browser takes a one-time link to."""
    from service.access.people import welcome as address

    return address(settings.access.url, settings.control, secret)


def upgrade(settings: Settings) -> None:
    """Bring the schema to its head."""
    from service.bootstrap.stores import upgrade as to_head

    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    to_head(settings)


def downgrade(settings: Settings, revision: str) -> None:
    """Take the schema back."""
    from service.bootstrap.stores import downgrade as back

    back(settings, revision)


def move(settings: Settings, target: str, number: int, on_rows: Callable[[str, int, int], None]) -> int:
    """Copy the database into another."""
    from service.bootstrap import moving

    return moving.move(settings, target, number, on_rows)


def part(settings: Settings, number: int) -> int:
    """Part the database anew."""
    from service.bootstrap import moving

    return moving.part(settings, number)


def reader(files: Sequence[Path], *, strict: bool) -> Reader:
    """The files as one stream of events."""
    from service.bootstrap import replay

    return replay.reader(files, strict=strict)


def run(
    events: Reader,
    settings: Settings,
    baseline: Path | None,
    on_events: Callable[[int], None],
    on_evaluation: Callable[[Evaluation], None] = lambda _: None,
) -> Result:
    """Take the events through the pipeline."""
    from service.bootstrap import replay

    return replay.replay(events, settings, baseline=baseline, on_events=on_events, on_evaluation=on_evaluation)


def fit(
    events: Reader, settings: Settings, *, provenance: Mapping[str, Any], seed: int, on_events: Callable[[int], None]
) -> Baselines:
    """Fit a baseline to the events."""
    from service.bootstrap import replay

    return replay.fit(events, settings, provenance=provenance, seed=seed, on_events=on_events)


def notices(settings: Settings, held: Stores) -> Notices:
    """What is told, and to whom."""
    from service.bootstrap.notices import notices as joined

    return joined(settings, held.registers, secrets(settings))


def send_test(settings: Settings, held: Stores, destination: Destination) -> None:
    """Send a destination a test message, now."""
    from service.api.control import clock
    from service.notify.delivery import Delivery

    told = notices(settings, held)
    delivery = Delivery(told, held.registers.outbox, clock=clock, private=settings.notify.private)
    delivery.send(destination, [told.test(destination)])


def precision(held: Stores) -> tuple[list[Precision], int]:
    """Precision of every detector by the verdicts, and the closed alerts behind it."""
    from service.review.labels import labelled
    from service.review.precision import precision as measured

    labels = labelled(held.alerts, held.records)
    return measured(labels), len(labels)


def published(change: Callable[[], bool | None]) -> bool | None:
    """Change the decisions; where it is stored and not published, say so: a running control plane makes up for it."""
    try:
        return change()
    except StreamUnavailable as error:
        click.echo(f"stored, and not yet with the gateways: {error}; the control plane publishes it then", err=True)
        return True


def standings(settings: Settings) -> list[Standing]:
    """Every detector's standing; without a log where the installation was never started."""
    from service.bootstrap.detectors import standings as found
    from service.pipeline.learning import PERIOD

    if not installed(settings):
        return list(found(settings, ()))
    with stores(settings) as held:
        return list(found(settings, held.records.benign(PERIOD)))


def baseline(settings: Settings, path: Path | None) -> Baselines:
    """The baseline in a file, or the one in force where none is given."""
    from service.bootstrap.scoring import baselines

    return baselines(settings, path)


def learn(settings: Settings) -> Learning:
    """Learn from the installation's own log, now."""
    from service.bootstrap.learning import run as learnt

    with stores(settings):
        pass  # there, and of the right schema
    return learnt(settings)


def highest(held: Stores) -> Highest | None:
    """The account-days that set the threshold; None where nothing was learnt yet."""
    from service.review.highest import highest as found

    return found(held.baselines, held.decisions)


def hydra(**asked: Any) -> Iterator[dict[str, Any]]:
    """The records of a campaign among honest accounts."""
    from service.simulate.hydra.options import asked_for

    return asked_for(**asked)


def hydra_presets() -> list[tuple[str, str]]:
    """Name of every campaign and crowd that can be simulated, and what it is."""
    from service.simulate.hydra.options import described

    return described()


def population() -> click.Command:
    """The command that writes a population of single accounts."""
    from service.simulate.__main__ import main

    return main


def bench(suites: Sequence[str], given: Mapping[str, Any]) -> tuple[Iterator[Done], Given]:
    """Outcomes of the suites as they come, and what they are given."""
    from service.bench import registry, runner
    from service.bench.suite import Given as Held

    held = Held(**given)
    return runner.run(registry.chosen(suites), held), held


def bench_windows(benign: Path, suspect: Path, n: int, *, seed: int, note: Callable[[str], None]) -> Iterator[Line]:
    """The windows of a file, held against another."""
    from service.bench.window_files import judge

    return judge(benign, suspect, n, seed=seed, note=note)


def bench_figures(outcome: Outcome) -> Table:
    """An outcome's figures as a table."""
    from service.bench.report import figures

    return figures(outcome)


def bench_report(done: Sequence[Done], given: Given) -> dict[str, str]:
    """Name -> text of the files of a report."""
    from service.bench.report import as_html, as_json

    return {"bench.json": as_json(done, given), "bench.html": as_html(done, given)}


def record(event: QueryEvent) -> dict[str, Any]:
    """An event as a query record, with its texts as far as the log has them."""
    from service.bootstrap.evidence import record as written

    return written(event)


def query(event: QueryEvent) -> Query:
    """The query of an event from the log, with its turns as far as they were kept."""
    from service.bootstrap.evidence import query as read

    return read(event)


def packer(settings: Settings, held: Stores) -> Callable[[Flag, str, int], bytes]:
    """From a flag, what of the texts goes in, and a number of latest queries, to the archive of its evidence."""
    from service.bootstrap.evidence import packer as joined

    return joined(settings, held)


def key_digest(pepper: bytes, text: str) -> str:
    """The digest of a caller key, as the gateway computes it from a request's header."""
    from service.gateway.identity import bare, digest

    return digest(pepper, bare(text.strip().encode()))
