"""The baseline that the installation learnt is the same wherever a worker runs."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from service.bootstrap import own as module
from service.bootstrap.own import NAME, OwnBaseline
from service.bootstrap.stores import stores, upgrade
from service.ports import Learnt
from service.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_what_one_host_learnt_another_takes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A host without the file gets it from the database, and a newer one in place of its own."""
    monkeypatch.setattr(module, "LOOK", 0.0)
    database = f"sqlite:///{tmp_path / 'revenuer.db'}"
    settings = Settings(data=tmp_path, database=database)
    upgrade(settings)
    held = stores(settings)
    baseline = OwnBaseline(settings, held.baselines)
    assert baseline.changed() == 0
    held.baselines.save(NAME, Learnt(version="v1", body=b"first", created=1))
    first = baseline.changed()
    assert (first > 0, settings.own_baseline.read_bytes()) == (True, b"first")
    assert baseline.changed() == first
    held.baselines.save(NAME, Learnt(version="v2", body=b"second", created=2))
    assert baseline.changed() != first
    assert settings.own_baseline.read_bytes() == b"second"
    held.close()


def test_a_database_that_does_not_answer_leaves_it_in_force(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers go on with the one that they have."""
    monkeypatch.setattr(module, "LOOK", 0.0)
    settings = Settings(data=tmp_path)
    upgrade(settings)
    held = stores(settings)
    settings.own_baseline.write_bytes(b"mine")
    baseline = OwnBaseline(settings, held.baselines)
    before = baseline.changed()
    with closing(sqlite3.connect(tmp_path / "revenuer.db")) as connection, connection:
        connection.execute("DROP TABLE baselines")
    assert baseline.changed() == before
    held.close()
