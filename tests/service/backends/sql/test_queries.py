"""Every question that is asked often is answered from an index, however long the log is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from service.backends.sql import keyset, queries
from service.backends.sql.dialect import connect
from service.model.entity import Entity, Scope
from service.ports import FlagFilter
from tests.contracts.databases import sqlite
from tests.contracts.factories import AN_ACCOUNT, DAY, T0

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Select
    from sqlalchemy.engine import Engine

SMALL = "decisions"
"""A table that operators write by hand."""
PLACE = keyset.write(T0, "x")


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """An empty store."""
    engine = connect(sqlite(tmp_path))
    yield engine
    engine.dispose()


def plan(engine: Engine, query: Select[Any]) -> list[str]:
    """How SQLite would go about it."""
    compiled = query.compile(engine, compile_kwargs={"render_postcompile": True})
    values = tuple(compiled.params[name] for name in compiled.positiontup or ())
    with engine.connect() as connection:
        return [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}", values)]


@pytest.mark.parametrize(
    "query",
    [
        pytest.param(queries.log_after(T0, b"x").limit(9), id="export"),
        *(
            pytest.param(queries.recent(Entity(scope, "x")), id=f"recent-of-{scope}")
            for scope in (Scope.ACCOUNT, Scope.ORG, Scope.END_USER)
        ),
        pytest.param(queries.flags_of(FlagFilter(), PLACE).limit(9), id="flags"),
        pytest.param(queries.flags_of(FlagFilter(scope=Scope.ACCOUNT, entity="x"), None).limit(9), id="flags-of-one"),
        pytest.param(queries.accounts_of(Scope.ACCOUNT, PLACE).limit(9), id="accounts"),
        pytest.param(queries.account(AN_ACCOUNT), id="account"),
        pytest.param(queries.evaluations_of(AN_ACCOUNT).limit(9), id="evaluations"),
        pytest.param(queries.benign(T0 - DAY, None).limit(9), id="benign"),
    ],
)
def test_is_answered_from_an_index(engine: Engine, query: Select[Any]) -> None:
    """No table is read from end to end."""
    steps = plan(engine, query)
    assert any("USING" in step for step in steps)
    assert not [step for step in steps if step.startswith("SCAN") and not step.endswith(SMALL)]
