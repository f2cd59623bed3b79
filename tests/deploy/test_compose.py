"""What docker-compose.yml promises, held without Docker: its structure, and that revenuer takes what it is given."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from service.cli import main
from service.secrets import Secrets
from service.settings import load
from tests.architecture.source import ROOT
from tests.deploy.manifests import KEYS, NUMBER, OURS, compose, environment

if TYPE_CHECKING:
    from pathlib import Path

SERVICES = compose()["services"]
ROLES = {name: service for name, service in SERVICES.items() if "revenuer" in service.get("command", ())}
STORES = ("postgres", "redis")


def port(text: str) -> tuple[str, str]:
    """Host side and container side of a published port, a variable's default taken."""
    host, _, inside = re.sub(r"\$\{[A-Z]+:-([^}]*)\}", r"\1", text).rpartition(":")
    return host, inside


def test_what_is_started() -> None:
    """A gateway, two workers, control, Postgres and Redis, after a schema that is brought up once."""
    assert set(SERVICES) == {"schema", "gateway", "worker", "control", *STORES}
    assert SERVICES["worker"]["deploy"]["replicas"] == 2
    for role in ("gateway", "worker", "control"):
        assert SERVICES[role]["command"] == ["revenuer", "serve", "--role", role]
        assert SERVICES[role]["depends_on"]["schema"] == {"condition": "service_completed_successfully"}


@pytest.mark.parametrize("name", SERVICES)
def test_every_container_is_shut_in(name: str) -> None:
    """No root, no writable root file system, no capability, no way to more of them."""
    service = SERVICES[name]
    user, _, group = service["user"].partition(":")
    assert int(user) > 0
    assert int(group) > 0
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service
    # What must be written to is a volume or memory.
    assert service["tmpfs"]


@pytest.mark.parametrize("name", [name for name in SERVICES if name != "schema"])
def test_every_server_is_looked_after(name: str) -> None:
    """It has a health check and is started again; the schema, which ends, has neither."""
    check = SERVICES[name]["healthcheck"]
    assert check["test"][0] in {"CMD", "CMD-SHELL"}
    assert {"interval", "timeout", "retries", "start_period"} <= set(check)
    assert SERVICES[name]["restart"] == "unless-stopped"


@pytest.mark.parametrize("name", ROLES)
def test_every_variable_is_known(name: str) -> None:
    """A variable that revenuer does not read would be passed over in silence."""
    assert environment(ROLES[name]).keys() <= OURS


@pytest.mark.parametrize("name", ROLES)
def test_every_command_exists(name: str) -> None:
    """The command line has the command, its options and the role."""
    command: Any = main
    words = ROLES[name]["command"][1:]
    while words and hasattr(command, "commands"):
        command, words = command.commands[words[0]], words[1:]
    with command.make_context("revenuer", list(words)) as context:
        assert context.args == []


@pytest.mark.parametrize("name", [*ROLES, *STORES])
def test_every_secret_is_a_file(name: str) -> None:
    """No password stands in a variable, and every file that is named is mounted."""
    service = SERVICES[name]
    mounted = {f"/run/secrets/{secret}" for secret in service["secrets"]}
    named = {value for value in environment(service).values() if value.startswith("/run/secrets/")}
    assert named <= mounted
    assert not re.search(r"://[^/\s]*:[^/\s]*@", str(service))
    assert not [key for key in environment(service) if "PASSWORD" in key and not key.endswith("_FILE")]


def test_every_secret_is_declared_and_made(tmp_path: Path) -> None:
    """deploy/secrets.sh makes each declared file, and revenuer takes what it made: keys, database and stream."""
    folder = tmp_path / "secrets"
    command = ["sh", str(ROOT / "deploy/secrets.sh"), str(folder)]
    subprocess.run(command, check=True, env={"OWNERS": "no", "PATH": "/usr/bin:/bin"})
    declared = {name: secret["file"] for name, secret in compose()["secrets"].items()}
    assert declared == {path.name: f"${{SECRETS:-./secrets}}/{path.name}" for path in folder.iterdir()}
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    Secrets.load(folder)
    given = {
        name: value.replace("/run/secrets", str(folder)) for name, value in environment(SERVICES["worker"]).items()
    }
    settings = load(environment=given)
    assert settings.database == f"postgresql://revenuer:{_text(folder / 'postgres_password')}@postgres:5432/revenuer"
    assert settings.stream == f"redis://:{_text(folder / 'redis_password')}@redis:6379/0"
    assert settings.secrets_folder == folder


def test_secrets_that_are_there_stay(tmp_path: Path) -> None:
    """A second run changes none of them: a new pepper would make every caller a stranger."""
    command = ["sh", str(ROOT / "deploy/secrets.sh"), str(tmp_path)]
    found = []
    for _ in range(2):
        subprocess.run(command, check=True, env={"OWNERS": "no", "PATH": "/usr/bin:/bin"})
        found.append({path.name: _text(path) for path in tmp_path.iterdir()})
    assert found[0] == found[1]
    assert len({found[0][name] for name in KEYS}) == len(KEYS)


def test_redis_keeps_what_it_is_given() -> None:
    """Nothing is evicted, and the append-only file is synced each second."""
    command = SERVICES["redis"]["command"][-1]
    for option in ("--maxmemory-policy noeviction", "--appendonly yes", "--appendfsync everysec", "--maxmemory "):
        assert option in command
    assert SERVICES["redis"]["volumes"] == ["redis:/data"]


def test_who_is_reached_from_where() -> None:
    """Callers reach the gateway, and the control port is on the host's loopback; the stores have no port at all."""
    published = {name: [port(text) for text in service.get("ports", [])] for name, service in SERVICES.items()}
    assert {name for name, ports in published.items() if ports} == {"gateway", "control"}
    assert published["control"] == [("127.0.0.1:8081", "8081")]
    assert published["gateway"] == [("127.0.0.1:8080", "8080")]
    assert compose()["networks"]["inside"]["internal"] is True
    assert {tuple(SERVICES[name]["networks"]) for name in (*STORES, "worker", "schema")} == {("inside",)}


def test_what_must_outlive_a_container_is_on_a_volume() -> None:
    """Spool, database and stream are; a worker keeps nothing and has none."""
    assert SERVICES["gateway"]["volumes"] == ["gateway:/data"]
    assert SERVICES["postgres"]["volumes"] == ["postgres:/var/lib/postgresql/data"]
    assert "volumes" not in SERVICES["worker"]
    assert any(place.startswith(f"/data:uid={NUMBER},") for place in SERVICES["worker"]["tmpfs"])
    declared = set(compose()["volumes"])
    assert declared == {volume.partition(":")[0] for s in SERVICES.values() for volume in s.get("volumes", [])}


def test_the_gateway_waits_for_no_store() -> None:
    """It serves without them, so it must not be kept from starting by one."""
    assert set(SERVICES["gateway"]["depends_on"]) == {"schema"}


def test_the_embedded_form_is_shut_in_as_well() -> None:
    """The form without servers: one container, the same restraints, its secrets from the same files."""
    embedded = compose("deploy/embedded.yml")
    service = embedded["services"]["revenuer"]
    assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
    assert environment(service).keys() <= OURS
    assert tuple(service["secrets"]) == KEYS
    assert {secret["file"] for secret in embedded["secrets"].values()} == {f"../secrets/{name}" for name in KEYS}


def _text(path: Path) -> str:
    return path.read_text().strip()
