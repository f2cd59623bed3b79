"""``revenuer serve``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from service import settings
from service.cli import _wiring
from service.cli._options import FILE

if TYPE_CHECKING:
    from pathlib import Path


ROLES = ["all", "gateway", "worker", "control", "shipper"]


@click.command()
@click.option("--config", type=FILE, metavar="FILE", help="Settings in YAML (REVENUER_CONFIG).")
@click.option("--listen", metavar="HOST:PORT", help="Data port (REVENUER_LISTEN).  [127.0.0.1:8080]")
@click.option("--control", metavar="HOST:PORT", help="Control port (REVENUER_CONTROL).  [127.0.0.1:8081]")
@click.option("--data", type=FILE, metavar="FOLDER", help="Where state is kept (REVENUER_DATA).  [./revenuer-data]")
@click.option("--upstream", metavar="URL", help="API to front (REVENUER_UPSTREAM); without it, a built-in stand-in.")
@click.option("--database", metavar="URL", help="Database (REVENUER_DATABASE).  [SQLite in the data folder]")
@click.option("--stream", metavar="URL", help="From gateway to worker (REVENUER_STREAM).  [spool:]")
@click.option("--content", type=click.Choice(["full", "redacted", "none"]), help="What is stored of texts.  [redacted]")
@click.option("--partitions", metavar="N", help="Parts of a shared stream, at its first start.  [32]")
@click.option("--metrics", metavar="HOST:PORT", help="Metrics and health of a gateway or worker (REVENUER_METRICS).")
@click.option("--role", type=click.Choice(ROLES), default="all", show_default=True)
def serve(*, config: Path | None, role: str, **flags: Any) -> None:
    """Start revenuer: proxy, worker and control plane. Ctrl-C stops it.

    With a shared stream, one role alone may run on each host; a gateway brings its shipper.
    """
    _wiring.serve(settings.load(config, flags), role)
