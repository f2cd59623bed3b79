"""What every ``ports.LearntBaselines`` holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from service.backends.sql.baselines import KEPT, SqlBaselines
from service.ports import Learnt
from tests.contracts.factories import DAY, T0

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine

    from service.ports import LearntBaselines


@pytest.fixture
def baselines(engine: Engine) -> LearntBaselines:
    """An empty store."""
    return SqlBaselines(engine)


def a_baseline(number: int = 0) -> Learnt:
    """The one of the ``number``-th day."""
    return Learnt(version=f"own-{number}", body=bytes([number, 0, 255]) * 50_000, created=T0 + number * DAY)


class TestLearntBaselines:
    """The newest is in force, for every worker alike."""

    def test_there_is_none_at_first(self, baselines: LearntBaselines) -> None:
        """And it is no fault."""
        assert baselines.newest("own") is None
        assert baselines.version("own") == ""

    def test_the_newest_comes_back_whole(self, baselines: LearntBaselines) -> None:
        """By the time it was learnt, whatever the order of storing; each name by itself."""
        for number in (1, 3, 2):
            baselines.save("own", a_baseline(number))
        assert baselines.newest("own") == a_baseline(3)
        assert baselines.version("own") == "own-3"
        assert baselines.newest("other") is None

    def test_saving_again_replaces(self, baselines: LearntBaselines) -> None:
        """Two hosts may learn the same one."""
        baselines.save("own", a_baseline(1))
        baselines.save("own", a_baseline(1))
        assert baselines.newest("own") == a_baseline(1)

    def test_older_ones_are_let_go(self, baselines: LearntBaselines, engine: Engine) -> None:
        """A few are kept for whoever looks back."""
        for number in range(KEPT + 3):
            baselines.save("own", a_baseline(number))
        with engine.connect() as connection:
            assert connection.exec_driver_sql("SELECT count(*) FROM baselines").scalar() == KEPT
