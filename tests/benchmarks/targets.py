"""What is measured: the direct way, nginx, revenuer's gateway and LiteLLM, each a process on the same CPU."""

from __future__ import annotations

import http.client
import os
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.benchmarks.installation import install
from tests.benchmarks.processes import LOAD, TARGET, python_module, running
from tests.benchmarks.request import HEADERS, PATH, body
from tests.ports import free_port

if TYPE_CHECKING:
    from contextlib import ExitStack
    from pathlib import Path

    from tests.benchmarks.processes import Running

LITELLM = "REVENUER_BENCH_LITELLM"
"""Environment variable: a Python in whose environment LiteLLM is installed."""


@dataclass(frozen=True, slots=True)
class Target:
    """Something that takes the request on a port."""

    name: str
    port: int
    running: Running | None
    """None for the direct way, whose cost is the upstream's."""


@dataclass(slots=True)
class Targets:
    """Starts targets in front of one upstream, and ends them all with the stack."""

    folder: Path
    stack: ExitStack
    upstream: int = 0

    def direct(self) -> Target:
        """The upstream itself, on the load's CPU."""
        self.upstream = free_port()
        command = python_module("tests.benchmarks.upstream", str(self.upstream))
        self._run(command, "upstream", port=self.upstream, cpu=LOAD)
        return Target("direct", self.upstream, None)

    def nginx(self) -> Target | None:
        """One worker, keep-alive to the upstream, no buffering; None where it is not installed."""
        binary = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
        if not binary:
            return None
        port = free_port()
        home = self.folder / "nginx"
        home.mkdir()
        (home / "nginx.conf").write_text(NGINX.format(home=home, port=port, upstream=self.upstream))
        command = [binary, "-p", str(home), "-e", str(home / "error.log"), "-c", str(home / "nginx.conf")]
        return Target("nginx", port, self._run(command, "nginx", port=port))

    def revenuer(self) -> Target:
        """The gateway's own process, with authentication, guard and spool."""
        made = install(self.folder / "revenuer", self.upstream)
        return Target("revenuer", made.port, self._run(made.command("gateway"), "gateway", port=made.port))

    def litellm(self) -> Target | None:
        """Its proxy with one worker and no database; None where the environment names none."""
        python = os.environ.get(LITELLM)
        if not python:
            return None
        port = free_port()
        config = self.folder / "litellm.yaml"
        config.write_text(LITELLM_CONFIG.format(upstream=self.upstream))
        serve = "from litellm import run_server; run_server()"
        command = [python, "-c", serve, "--config", str(config), "--host", "127.0.0.1", "--port", str(port)]
        quiet = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_LOG": "ERROR"}
        return Target("litellm", port, self._run(command, "litellm", port=port, environment=quiet))

    def _run(
        self,
        command: list[str],
        name: str,
        *,
        port: int,
        cpu: set[int] = TARGET,
        environment: dict[str, str] | None = None,
    ) -> Running:
        output = self.folder / f"{name}.out"
        return self.stack.enter_context(running(command, cpu=cpu, output=output, environment=environment, port=port))


def probe(target: Target) -> None:
    """One request, to be sure that the target forwards it and is not another server on that port.

    Raises
    ------
    RuntimeError
        It answered with something else than the upstream's completion.

    """
    connection = http.client.HTTPConnection("127.0.0.1", target.port, timeout=60)
    connection.request("POST", PATH, body(), HEADERS | {"Accept-Encoding": "identity"})
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    if answer.status != 200 or b"A step of gradient descent" not in content:
        raise RuntimeError(f"{target.name} answered {answer.status}: {content[:300]!r}")


NGINX = """
worker_processes 1;
daemon off;
pid {home}/nginx.pid;
error_log {home}/error.log warn;
events {{ worker_connections 4096; }}
http {{
  access_log off;
  keepalive_requests 100000000;
  client_body_buffer_size 64k;
  client_body_temp_path {home}/body;
  proxy_temp_path {home}/proxy;
  fastcgi_temp_path {home}/fastcgi;
  uwsgi_temp_path {home}/uwsgi;
  scgi_temp_path {home}/scgi;
  upstream api {{ server 127.0.0.1:{upstream}; keepalive 512; keepalive_requests 100000000; }}
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://api;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffering off;
      proxy_request_buffering off;
    }}
  }}
}}
"""
LITELLM_CONFIG = """
model_list:
  - model_name: gpt-4.1
    litellm_params:
      model: openai/gpt-4.1
      api_base: http://127.0.0.1:{upstream}/v1
      api_key: sk-unused
litellm_settings:
  telemetry: false
general_settings:
  dangerously_permit_weak_or_unset_master_key: true
"""
