"""The command line: a file for each group of commands. Commands parse and print; the work is elsewhere."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

import click

from service.cli._fail import Group
from service.cli.appeal import appeal
from service.cli.audit import audit
from service.cli.baseline import baseline
from service.cli.bench import bench
from service.cli.config import config
from service.cli.db import db
from service.cli.decision import decision
from service.cli.declare import declare
from service.cli.detectors import detectors
from service.cli.doctor import doctor
from service.cli.evidence import evidence
from service.cli.explain import explain
from service.cli.export import export
from service.cli.key import key
from service.cli.notify import notify
from service.cli.precision import precision
from service.cli.replay import replay
from service.cli.serve import serve
from service.cli.simulate import simulate
from service.cli.status import status
from service.cli.suppress import suppress
from service.cli.token import token
from service.cli.user import user


def _version() -> str:
    try:
        return version("revenuer")
    except PackageNotFoundError:
        return "unknown: run from a folder that is not installed"


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(_version(), prog_name="revenuer")
def main() -> None:
    """A proxy in front of a model API that finds the callers who are distilling the model."""


for command in (
    *(serve, replay, baseline, bench, export, explain, evidence, token, user, decision, declare, suppress, appeal),
    *(precision, detectors, audit, key, notify),
    *(simulate, config, doctor, status, db),
):
    main.add_command(command)
