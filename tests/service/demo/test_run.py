"""The demo against a whole installation: its traffic goes through the proxy and is there to be asked for."""

from __future__ import annotations

import asyncio
import io
import json
import subprocess
import sys
import urllib.request
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from service.demo import identity_map, run
from service.demo.cast import CAST, Actor
from service.demo.run import _command
from service.demo.watch import Watch
from service.gateway.identity import digest
from service.secrets import Secrets
from service.settings import Settings
from tests.e2e.system import System, listening, until
from tests.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.xdist_group("system")
FEW = [Actor(actor.name, actor.archetype, 6.0, actor.ceiling) for actor in CAST[:4]]


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """Revenuer in front of the stand-in, with the demo's names."""
    folder: Path = tmp_path_factory.mktemp("demo")
    port = free_port()
    pepper = Secrets.load(folder / "data" / "secrets", create=True).pepper
    names = folder / "identities.yaml"
    names.write_text(identity_map(lambda key: digest(pepper, key.encode())))
    serve = f"from service.standin.server import run; run('127.0.0.1', {port})"
    standin = subprocess.Popen([sys.executable, "-c", serve])
    try:
        until(lambda: listening(port), "the stand-in listens")
        options = {"identity": {"map": str(names)}}
        with System(folder / "data", upstream=f"http://127.0.0.1:{port}", options=options) as running:
            yield running
    finally:
        standin.terminate()
        standin.wait()


async def test_run(system: System) -> None:
    """Every actor's queries are logged under its name; the demo ends when told to, and prints no token."""
    token = system.run("token", "create", "--role", "viewer").strip()
    stop = asyncio.Event()
    written = io.StringIO()
    control = f"http://127.0.0.1:{system.control}"
    demo = asyncio.create_task(
        run(
            system.settings,
            proxy_url=f"http://127.0.0.1:{system.listen}",
            control_url=control,
            token=token,
            stop=stop,
            cast=FEW,
            console=Console(file=written, width=120),
        )
    )
    watch = Watch(control, token, 0.0)
    wanted = {actor.name for actor in FEW}
    seen: dict[str, int] = {}
    for _ in range(300):
        seen = {account["entity"]["value"]: account["queries"] for account in await watch.accounts()}
        if wanted <= {name for name, queries in seen.items() if queries >= 20}:
            break
        await asyncio.sleep(0.2)
    stop.set()
    await asyncio.wait_for(demo, 60)
    assert wanted <= {name for name, queries in seen.items() if queries >= 20}
    assert "4 callers send" in written.getvalue()
    assert token not in written.getvalue()


def test_command_line(system: System) -> None:
    """The line that is shown asks the control port with a token of its own making."""
    line = _command(system.settings).format(f"http://127.0.0.1:{system.control}/api/v1/flags")
    # curl need not be there: the shell says what it would be given, and that is asked.
    assert line.startswith("curl -s -H ")
    told = line.replace("curl -s -H", "printf '%s\\n'", 1)
    shell = subprocess.run(["sh", "-c", told], capture_output=True, text=True, check=True, env=system.environment)
    header, address = shell.stdout.splitlines()
    name, _, value = header.partition(": ")
    request = urllib.request.Request(address, headers={name: value})  # noqa: S310 - always http
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - always http
        assert "items" in json.load(answer)


async def test_nobody_answers() -> None:
    """Without a proxy or a control port the demo waits, and still ends when told to."""
    stop = asyncio.Event()
    asyncio.get_running_loop().call_later(1.0, stop.set)
    nowhere = f"http://127.0.0.1:{free_port()}"
    written = io.StringIO()
    await run(
        Settings(),
        proxy_url=nowhere,
        control_url=nowhere,
        token="none",
        stop=stop,
        cast=FEW,
        console=Console(file=written),
    )
    assert "flag" not in written.getvalue()
