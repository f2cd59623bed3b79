"""A shorter slice of time: asked for without changing anything else."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

import pytest

from service.scheduling import Leisure

ASK = """
import os
from service.scheduling import take_turns_often
os.nice(7)
taken = take_turns_often()
print(taken, os.getpriority(os.PRIO_PROCESS, 0), os.sched_getscheduler(0) == os.SCHED_OTHER)
"""


def test_only_the_slice_changes() -> None:
    """Niceness and policy stay as they were, and Linux on a known machine takes the request."""
    done = subprocess.run([sys.executable, "-c", ASK], capture_output=True, text=True, check=True)
    known = sys.platform == "linux" and platform.machine() in ("x86_64", "aarch64")
    assert done.stdout.split() == [str(known), "7", "True"]


def test_leisure_stands_back_alone() -> None:
    """The call runs under the idle policy where there is one, the caller does not; answers and errors come through."""
    leisure = Leisure()
    if sys.platform == "linux":
        assert leisure(lambda: os.sched_getscheduler(0)) == os.SCHED_IDLE
        assert os.sched_getscheduler(0) == os.SCHED_OTHER
    assert leisure(lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        leisure(lambda: 1 // 0)
