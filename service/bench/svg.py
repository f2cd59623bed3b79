"""SVG: a plot as a drawing inside the page. Colours come from the page's style, so that it is read in the dark too."""

from __future__ import annotations

import math
from html import escape
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.bench.plot import Axis, Curve, Plot

WIDTH, HEIGHT = 640, 360
LEFT, RIGHT, TOP, BOTTOM = 56, 196, 34, 44
"""Room around the field; the legend stands to its right."""
COLOURS = 8
"""Classes c0 .. c7 of the style sheet; further curves begin anew with dashes."""


def draw(plot: Plot) -> str:
    """The plot as an ``svg`` element."""
    parts = [
        f"<svg viewBox='0 0 {WIDTH} {HEIGHT}' role='img' aria-label='{escape(plot.title, quote=True)}'>",
        f"<text class='title' x='{LEFT}' y='18'>{escape(plot.title)}</text>",
        *_grid(plot),
        *(_curve(curve, number, plot) for number, curve in enumerate(plot.curves)),
        *_legend(plot.curves),
        "</svg>",
    ]
    return "".join(parts)


def ticks(axis: Axis) -> list[float]:
    """Round values along an axis."""
    if axis.log:
        first, last = math.ceil(math.log10(axis.low) - 1e-9), math.floor(math.log10(axis.high) + 1e-9)
        return [10.0**power for power in range(first, last + 1)]
    span = axis.high - axis.low
    step = 10.0 ** math.floor(math.log10(span))
    step = next(s for s in (step / 5, step / 2, step, step * 2) if span / s <= 6)
    first = math.ceil(axis.low / step - 1e-9)
    return [round(i * step, 10) for i in range(first, math.floor(axis.high / step + 1e-9) + 1)]


def place(value: float, axis: Axis) -> float:
    """Where a value lies along its axis, 0 to 1; values beyond it lie on the edge."""
    low, high, at = axis.low, axis.high, value
    if axis.log:
        low, high, at = math.log10(low), math.log10(high), math.log10(max(value, axis.low))
    return min(max((at - low) / (high - low), 0.0), 1.0)


def _x(value: float, axis: Axis) -> float:
    return LEFT + place(value, axis) * (WIDTH - LEFT - RIGHT)


def _y(value: float, axis: Axis) -> float:
    return HEIGHT - BOTTOM - place(value, axis) * (HEIGHT - TOP - BOTTOM)


def _grid(plot: Plot) -> list[str]:
    bottom, right = HEIGHT - BOTTOM, WIDTH - RIGHT
    parts = []
    for tick in ticks(plot.x):
        x = _x(tick, plot.x)
        parts.append(f"<line class='grid' x1='{x:.1f}' y1='{TOP}' x2='{x:.1f}' y2='{bottom}'/>")
        parts.append(
            f"<text class='tick' x='{x:.1f}' y='{bottom + 15}' text-anchor='middle'>{_label(tick, plot.x)}</text>"
        )
    for tick in ticks(plot.y):
        y = _y(tick, plot.y)
        parts.append(f"<line class='grid' x1='{LEFT}' y1='{y:.1f}' x2='{right}' y2='{y:.1f}'/>")
        parts.append(
            f"<text class='tick' x='{LEFT - 6}' y='{y + 4:.1f}' text-anchor='end'>{_label(tick, plot.y)}</text>"
        )
    middle = (LEFT + right) / 2
    parts.append(f"<text class='axis' x='{middle}' y='{HEIGHT - 8}' text-anchor='middle'>{escape(plot.x.label)}</text>")
    y = (TOP + bottom) / 2
    turned = f"x='14' y='{y}' text-anchor='middle' transform='rotate(-90 14 {y})'"
    parts.append(f"<text class='axis' {turned}>{escape(plot.y.label)}</text>")
    return parts


def _label(value: float, axis: Axis) -> str:
    return f"{100 * value:g} %" if axis.percent else f"{value:,g}"


def _class(number: int, curve: Curve) -> str:
    return f"c{number % COLOURS}{' dashed' if number >= COLOURS else ''}{' ours' if curve.emphasis else ''}"


def _curve(curve: Curve, number: int, plot: Plot) -> str:
    placed = [(_x(x, plot.x), _y(y, plot.y)) for x, y in curve.points]
    if curve.steps:
        corners = [(b[0], a[1]) for a, b in pairwise(placed)]
        placed = [p for pair in zip(placed, [*corners, placed[-1]], strict=True) for p in pair] if placed else []
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in placed)
    return f"<polyline class='{_class(number, curve)}' points='{points}'><title>{escape(curve.name)}</title></polyline>"


def _legend(curves: Sequence[Curve]) -> list[str]:
    left = WIDTH - RIGHT + 14
    parts = []
    for number, curve in enumerate(curves):
        y = TOP + 8 + 18 * number
        parts.append(f"<line class='{_class(number, curve)}' x1='{left}' y1='{y}' x2='{left + 20}' y2='{y}'/>")
        parts.append(f"<text class='tick' x='{left + 26}' y='{y + 4}'>{escape(curve.name)}</text>")
    return parts
