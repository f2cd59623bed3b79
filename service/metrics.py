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
LAG_SECONDS = Gauge(
    "revenuer_lag_seconds",
    "Age of a partition's oldest record not yet scored, by the worker that tends it.",
    ["partition"],
    multiprocess_mode="mostrecent",
)
LAG_BYTES = Gauge(
    "revenuer_lag_bytes",
    "Bytes of a partition not yet scored, by the worker that tends it.",
    ["partition"],
    multiprocess_mode="mostrecent",
)
EPOCH = Gauge(
    "revenuer_partition_epoch",
    "Claim under which this worker tends the partition: one more each time that it changes hands; 0 where it does not.",
    ["partition"],
    multiprocess_mode="livemax",
)
FENCED = Counter(
    "revenuer_fenced_total", "Commits refused because another worker had claimed the partition: nothing of them counts."
)
EVENTS = Counter("revenuer_events_total", "Events taken from the spool or the stream, by stage.", ["stage"])
SKIPPED = Counter("revenuer_skipped_total", "What the worker could not take and passed over, by stage.", ["stage"])
DUPLICATES = Counter("revenuer_duplicates_total", "Records skipped because they were taken before.")
GAPS = Counter(
    "revenuer_gaps_total",
    "Records that sources told they could not log, as the log took note of them, by kind.",
    ["kind"],
)
LATE = Counter(
    "revenuer_late_records_total",
    "Records taken after the stream's time had passed them: logged, and scored as they came.",
)
REWINDS = Counter(
    "revenuer_rewinds_total", "Times that a worker asked a source to ship again what the stream had lost."
)
SET_ASIDE = Counter(
    "revenuer_stream_set_aside_total", "Entries of the stream that could not be opened: damaged, or of another key."
)
SHIPPED = Counter("revenuer_shipped_records_total", "Records put into the shared stream.")
SHIPPED_BYTES = Counter("revenuer_shipped_bytes_total", "Sealed bytes put into the shared stream.")
RESHIPPED = Counter(
    "revenuer_reshipped_records_total", "Records put into the shared stream again, as its readers asked."
)
UNSHIPPED = Gauge(
    "revenuer_unshipped_seconds",
    "Age of the spool's oldest record that is not in the shared stream.",
    multiprocess_mode="mostrecent",
)
UNCOVERED = Gauge(
    "revenuer_uncovered_records",
    "Records of the spool that no checkpoint covers yet, so that it must keep them.",
    multiprocess_mode="mostrecent",
)
SHIPPER_PAUSED = Gauge(
    "revenuer_shipper_paused",
    "1 while the shipper waits for the shared stream's store.",
    multiprocess_mode="mostrecent",
)
DECISIONS_AGE = Gauge(
    "revenuer_decisions_age_seconds",
    "Since this host last knew that it has the newest decisions.",
    multiprocess_mode="mostrecent",
)
DECISIONS_UNPUBLISHED = Gauge(
    "revenuer_decisions_unpublished",
    "1 while a change of the decisions is stored and not yet published to the gateways.",
    multiprocess_mode="mostrecent",
)
EVALUATIONS = Counter("revenuer_evaluations_total", "Scorings of an entity, by scope.", ["scope"])
FLAGS = Counter("revenuer_flags_total", "Flags raised, by severity.", ["severity"])
DETECTOR_ERRORS = Counter(
    "revenuer_detector_errors_total", "Failures of one detector, left out of that score.", ["detector"]
)
CONTROL = Counter("revenuer_control_requests_total", "Requests on the control port, by status.", ["status"])
