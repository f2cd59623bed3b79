from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import resource
from service.bootstrap.gateway import _allow_files
_, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (256, {hard}))
_allow_files(900)
print(resource.getrlimit(resource.RLIMIT_NOFILE)[0])
"""


def allowed(hard: str) -> str:
    """What a process with 256 files is allowed after it asked for 900, and what it said."""
    done = subprocess.run([sys.executable, "-c", PROGRAM.format(hard=hard)], capture_output=True, text=True, check=True)
    return done.stdout + done.stderr


def test_the_gateway_takes_the_files_that_its_connections_need() -> None:
    """The limit that a system starts a process with is raised as far as is needed and allowed, and else it is said."""
    assert allowed("hard").strip() == "900"
    few = allowed("512")
    assert "512" in few
    assert "gateway.few_files" in few
