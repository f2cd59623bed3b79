from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from service.bootstrap.stores import stores, upgrade
from service.settings import Settings, SettingsError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    "url",
    [
        *("mysql://u:hunter2@db/x", "postgresql://u:hunter2@db"),
        *("revenuer.db", "sqlite://", "sqlite:///:memory:"),
    ],
)
def test_a_database_of_another_kind_is_refused(url: str, tmp_path: Path) -> None:
    """What this version has no store for is refused in one sentence, which shows no password."""
    settings = Settings(data=tmp_path, database=url)
    for use in (stores, upgrade):
        with pytest.raises(SettingsError, match="cannot be used; it is postgresql://") as caught:
            use(settings)
        assert "hunter2" not in str(caught.value)


def test_sqlite_elsewhere(tmp_path: Path) -> None:
    """A database outside of the data folder is made where the URL says."""
    upgrade(Settings(data=tmp_path / "data", database=f"sqlite:///{tmp_path / 'elsewhere.db'}"))
    assert (tmp_path / "elsewhere.db").exists()
