"""Every metric of revenuer, in one place. Names, units and labels are part of the product's interface."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

REQUESTS = Counter("revenuer_requests_total", "Requests on the data port, by outcome.", ["outcome"])
REFUSALS = Counter("revenuer_refusals_total", "Requests that the gateway answered itself, by reason.", ["reason"])
FAIL_OPEN = Counter(
    "revenuer_failopen_total", "Requests served although a part of revenuer could not answer.", ["reason"]
)
RULINGS = Counter(
    "revenuer_rulings_total", "Rulings other than allow, by kind and whether simulated.", ["kind", "simulated"]
)
FIRST_BYTE = Histogram(
    "revenuer_first_byte_seconds",
    "From arrival to the first byte of the answer.",
    buckets=(0.005, 0.02, 0.1, 0.5, 1, 2, 5, 10, 30, 120),
)
OPEN = Gauge("revenuer_open_requests", "Requests in flight.", multiprocess_mode="livesum")
NOT_LOGGED = Counter("revenuer_not_logged_total", "Records that could not be logged, by kind.", ["kind"])
FORWARDED_EARLY = Counter(
    "revenuer_forwarded_before_durable_total", "Requests forwarded before their start record was synced."
)
SPOOL_BYTES = Gauge("revenuer_spool_bytes", "Bytes in the spool.", multiprocess_mode="mostrecent")
SPOOL_CORRUPT = Counter("revenuer_spool_corrupt_bytes_total", "Bytes of damaged segments put in quarantine.")
LAG_SECONDS = Gauge("revenuer_lag_seconds", "Age of the oldest record not yet scored.", multiprocess_mode="mostrecent")
LAG_BYTES = Gauge("revenuer_lag_bytes", "Bytes of the spool not yet scored.", multiprocess_mode="mostrecent")
EVENTS = Counter("revenuer_events_total", "Events taken from the spool, by stage.", ["stage"])
SKIPPED = Counter("revenuer_skipped_total", "What the worker could not take and passed over, by stage.", ["stage"])
DUPLICATES = Counter("revenuer_duplicates_total", "Records skipped because they were taken before.")
EVALUATIONS = Counter("revenuer_evaluations_total", "Scorings of an entity, by scope.", ["scope"])
FLAGS = Counter("revenuer_flags_total", "Flags raised, by severity.", ["severity"])
DETECTOR_ERRORS = Counter(
    "revenuer_detector_errors_total", "Failures of one detector, left out of that score.", ["detector"]
)
CONTROL = Counter("revenuer_control_requests_total", "Requests on the control port, by status.", ["status"])
