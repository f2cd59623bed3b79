"""Window files: the windows of one file of texts, each held against another file of benign ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from service.bench.suite import BenchError
from service.bench.texts import read
from service.bench.twosample.views import Views
from service.bench.twosample.window import SMALLEST, WindowTest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Line:
    """What is printed of a window."""

    window: int
    """From 0, in file order."""
    n: int
    """Texts in it."""
    score: float
    p_value: float


def judge(benign: Path, suspect: Path, n: int, *, seed: int, note: Callable[[str], None]) -> Iterator[Line]:
    """The windows of ``n`` texts of the suspect file, consecutive in file order.

    Parameters
    ----------
    benign
        Its first half is the reference, its second the calibration.
    note
        Told what was dropped, and what one has to know to read the numbers.

    Raises
    ------
    BenchError
        A file cannot be read or is too small.

    """
    good, held = read(benign), read(suspect)
    half = len(good) // 2
    if half < SMALLEST:
        raise BenchError(f"{benign}: {len(good):,} benign texts are too few; each half needs at least {SMALLEST}")
    if len(held) < n:
        raise BenchError(f"{suspect}: {len(held):,} texts are fewer than one window of {n:,}; take a smaller --window")
    if half < 2 * n:
        note(
            f"each half of {benign} has {half:,} texts, under two windows: chance is judged from draws of {half // 2:,}"
        )
    if len(held) % n:
        note(f"the last {len(held) % n:,} texts of {suspect} fill no window and are dropped")
    views = Views.of(good)
    test = WindowTest(views.take(slice(0, half)), views.take(slice(half, None)), n, seed=seed)
    for window in range(len(held) // n):
        verdict = test(Views.of(held[window * n : (window + 1) * n]))
        yield Line(window, n, verdict.score, verdict.p_value)
