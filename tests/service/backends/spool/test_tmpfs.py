"""The same promise as in ``test_faults``, on a disk that is really full."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.service.backends.spool.on_tmpfs import QUERIES

if TYPE_CHECKING:
    from pathlib import Path


def test_a_tiny_disk(tmp_path: Path) -> None:
    """What was written and what the gap counts are all that was appended, also after a kill on a full disk."""
    if not shutil.which("unshare"):
        pytest.skip("no unshare to mount a tmpfs with; test_faults.py holds the same with an injected full disk")
    unshare = ["unshare", "-m", "sh", "-c"]
    mount = f"mount -t tmpfs -o size=4m tmpfs {tmp_path}"
    if subprocess.run([*unshare, f"{mount} 2>&1"], check=False, capture_output=True).returncode:
        pytest.skip("no permission to mount a tmpfs; test_faults.py holds the same with an injected full disk")
    script = f"{mount} && exec {sys.executable} -m tests.service.backends.spool.on_tmpfs {tmp_path}"
    done = subprocess.run([*unshare, script], check=True, capture_output=True, timeout=120)
    figures = json.loads(done.stdout.splitlines()[-1])
    assert figures["written"] == figures["acknowledged"]
    assert figures["written"] + figures["lost"] == 2 * QUERIES
    assert figures["lost"] > 0
    assert figures["without_text"] > 0
