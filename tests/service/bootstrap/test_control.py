from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from service.bootstrap.control import control, initialise
from service.bootstrap.stores import stores
from service.ports import AlertFilter, Commit
from service.settings import Settings
from tests.contracts.factories import a_flag
from tests.e2e.system import until

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        pytest.param({"identity": {"map": "none.yaml"}}, "none.yaml: No such file or directory", id="identity-map"),
        pytest.param({"scoring": {"baseline": "none.npz"}}, "baseline none.npz cannot be used", id="baseline"),
        pytest.param({"upstream": "http://localhost:8080"}, "is the gateway's own address", id="upstream"),
        pytest.param({"database": "mysql://db/x"}, "cannot be used; it is postgresql://", id="database"),
    ],
)
def test_what_a_process_would_die_of_is_said_at_the_start(settings: dict[str, Any], said: str, tmp_path: Path) -> None:
    """One sentence, before anything is started."""
    with pytest.raises(Exception, match=said):
        initialise(Settings.model_validate({"data": tmp_path / "data", **settings}))
    assert not (tmp_path / "data" / "revenuer.db").exists()


def test_flags_become_alerts_by_themselves(tmp_path: Path) -> None:
    """While a control plane runs, whoever raised them."""
    settings = Settings(data=tmp_path)
    initialise(settings)
    control(settings)
    held = stores(settings)
    held.checkpoint.claim("worker")
    held.checkpoint.commit(Commit(flags=[a_flag()]))
    until(lambda: held.alerts.alerts(AlertFilter(), None, 10).items, "the flag's alert")
    held.close()
