"""Whatever the OpenAPI file allows, and whatever it forbids, gets the answer that it declares, and never a 5xx."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode

from service.api.access import ACCESS
from service.settings import Settings
from tests.service.api.conftest import planes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from schemathesis import BaseSchema

    from tests.service.api.conftest import Seeded

TOO_LARGE = 413
EXAMPLES = 25
"""Of each operation and mode."""
NOT_IN_THE_FILE = {"/docs", "/openapi.json"}
NOTHING_TO_FORBID = {"/healthz", "/readyz", "/api/v1/oidc/login"}
"""They take no parameter that could be wrong."""
CASES = [
    pytest.param(method, path.replace(":path", ""), mode, id=f"{method} {path} {mode.value}")
    for method, path in ACCESS
    for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
    if path not in NOT_IN_THE_FILE and not (mode is GenerationMode.NEGATIVE and path in NOTHING_TO_FORBID)
]
# No schema can say that a cursor is signed, or that a decision must not end before it begins.
# And how long an answer takes says more about the machine than about the API.
EXCLUDED = [schemathesis.checks.positive_data_acceptance, schemathesis.checks.max_response_time]


@pytest.fixture(scope="module")
def plane(seeded: Seeded, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[BaseSchema, dict[str, str]]]:
    """A seeded control plane, as its OpenAPI file has it, and an admin's header."""
    # Not on loopback, so that the Host of schemathesis' client is served.
    settings = Settings(data=tmp_path_factory.mktemp("plane"), control="0.0.0.0:8081")
    for made in planes(seeded, settings):
        yield schemathesis.openapi.from_asgi("/openapi.json", made.app), made.headers["admin"]


@pytest.mark.parametrize(("method", "path", "mode"), CASES)
def test_every_operation(
    plane: tuple[BaseSchema, dict[str, str]], method: str, path: str, mode: GenerationMode
) -> None:
    """All checks of schemathesis hold for an admin's requests, those that the file allows and those it forbids."""
    api, headers = plane
    operation = api[path][method]

    @settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck), derandomize=True, database=None)
    @given(case=operation.as_strategy(generation_mode=mode))
    def check(case: schemathesis.Case[Any]) -> None:
        answer = case.call(headers=headers)
        # That a body is too large is told before anything else of it, which schemathesis does not expect.
        passed = [schemathesis.checks.negative_data_rejection] if answer.status_code == TOO_LARGE else []
        case.validate_response(answer, excluded_checks=[*EXCLUDED, *passed])

    check()
