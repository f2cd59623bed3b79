"""Scheduling: who gets the processor first when gateway and worker both want it.

Niceness says how much of a busy processor a process gets, not how soon. Since
Linux 6.12 a task may ask for a shorter slice of time; on waking up it then
preempts one with a longer slice at once, and takes no more time altogether
(sched(7), SCHED_OTHER). A thread under SCHED_IDLE gives way at once to all
others, but may starve, and without privileges cannot be brought back: so only
a helper thread is put there, and whoever is in a hurry does without it.
Elsewhere than on Linux nothing happens.
"""

from __future__ import annotations

import ctypes
import os
import platform
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")
SHORTEST = 100_000
"""Nanoseconds: the least the kernel takes."""
_CALLS = {"x86_64": 314, "aarch64": 274}
"""Number of sched_setattr(2), which the C library does not wrap."""


class _Attributes(ctypes.Structure):
    """``struct sched_attr`` of the kernel, in its first version."""

    _fields_ = (
        ("size", ctypes.c_uint32),
        ("policy", ctypes.c_uint32),
        ("flags", ctypes.c_uint64),
        ("nice", ctypes.c_int32),
        ("priority", ctypes.c_uint32),
        ("runtime", ctypes.c_uint64),
        ("deadline", ctypes.c_uint64),
        ("period", ctypes.c_uint64),
    )


class Leisure:
    """Runs calls, one at a time, in a thread that gets the processor when nobody else wants it."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "leisure", _stand_back)

    def __call__(self, call: Callable[[], T]) -> T:
        """The call's answer, or what it raised."""
        return self._thread.submit(call).result()


def _stand_back() -> None:
    if sys.platform == "linux":
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))  # of this thread alone


def take_turns_often() -> bool:
    """Give this thread the shortest slice; whether the system took it."""
    call = _CALLS.get(platform.machine())
    if sys.platform != "linux" or call is None:
        return False
    nice = os.getpriority(os.PRIO_PROCESS, 0)
    attributes = _Attributes(size=ctypes.sizeof(_Attributes), nice=nice, runtime=SHORTEST)
    return bool(ctypes.CDLL(None, use_errno=True).syscall(call, 0, ctypes.byref(attributes), 0) == 0)
