"""What ``revenuer serve`` starts for a role, and what it refuses to start."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from service import app
from service.app import ServeError, beside
from service.backends.spool.folder import claim
from service.secrets import Secrets
from service.settings import Settings
from tests.ports import free_port

if TYPE_CHECKING:
    from pathlib import Path

SHARED = "redis://127.0.0.1:1"


@pytest.mark.parametrize(
    ("stream", "role", "children"),
    [
        ("spool:", "all", ("gateway", "worker", "control")),
        ("spool:", "gateway", ()),
        (SHARED, "all", ("gateway", "shipper", "worker", "control")),
        (SHARED, "gateway", ("gateway", "shipper")),
        (SHARED, "control", ("control",)),
        (SHARED, "worker", ()),
        (SHARED, "shipper", ()),
    ],
)
def test_what_belongs_to_a_role(stream: str, role: str, children: tuple[str, ...]) -> None:
    """With a shared stream a gateway has its shipper beside it; a worker is a process by itself."""
    assert beside(Settings(stream=stream), role) == children


def test_a_shipper_needs_a_stream(tmp_path: Path) -> None:
    """Without one there is nothing to carry to."""
    with pytest.raises(ServeError, match="name one with --stream"):
        app.serve(Settings(data=tmp_path), "shipper")


def test_secrets_are_not_made_up_on_every_host(tmp_path: Path) -> None:
    """Hosts with secrets of their own could not read each other's records, so none are made for a single role."""
    with pytest.raises(ServeError, match="the same four secrets"):
        app.serve(Settings(data=tmp_path, stream=SHARED), "gateway")
    assert not (tmp_path / "secrets").exists()


def test_two_gateways_need_two_folders(tmp_path: Path) -> None:
    """The second is told so in one sentence, before anything is started."""
    settings = Settings(data=tmp_path, stream=SHARED, listen=f"127.0.0.1:{free_port()}", upstream="http://127.0.0.1:1")
    Secrets.load(settings.secrets_folder, create=True)
    held = claim(settings.spool)
    try:
        with pytest.raises(ServeError, match="another gateway is writing to this spool"):
            app.serve(settings, "gateway")
    finally:
        os.close(held)


@pytest.mark.parametrize("others", [False, True], ids=["alone", "beside-another"])
def test_metrics_of_the_dead(tmp_path: Path, *, others: bool) -> None:
    """Alone, a start begins with no metrics; beside a living process only what the dead said was open goes."""
    folder = tmp_path / "metrics"
    folder.mkdir(parents=True)
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    for name in (f"counter_{dead.pid}.db", f"gauge_livesum_{dead.pid}.db"):
        (folder / name).touch()
    if others:
        (folder / f"counter_{os.getppid()}.db").touch()
    app.prepare(Settings(data=tmp_path))
    left = {path.name for path in folder.iterdir()}
    assert left == ({f"counter_{dead.pid}.db", f"counter_{os.getppid()}.db"} if others else set())
