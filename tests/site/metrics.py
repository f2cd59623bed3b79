"""The page of metrics, from ``service/metrics.py``."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

from service import metrics
from tests.site.page import code, page, table

KINDS = {Counter: "counter", Gauge: "gauge", Histogram: "histogram"}
HEAD = ("metric", "kind", "labels", "means")

INTRODUCTION = """\
At `/metrics` on the control port, for a token with the role admin, as Prometheus reads them: the figures of
all processes of this host. A gateway or worker that runs by itself shows its own at the address of the
setting `metrics`. Which of them to watch, and what to do, is in [operations](../operations.md#what-to-watch)."""


def render() -> str:
    """The page."""
    return page(
        "Metrics",
        INTRODUCTION,
        table(HEAD, (_row(metric) for metric in vars(metrics).values() if type(metric) in KINDS)),
    )


def _row(metric: Counter | Gauge | Histogram) -> tuple[str, str, str, str]:
    (family,) = metric.describe()
    name = f"{family.name}_total" if isinstance(metric, Counter) else family.name
    return code(name), KINDS[type(metric)], ", ".join(map(code, metric._labelnames)), family.documentation
