"""Glossary: what the console's words mean, in one place. Pages show an entry beside the word."""

from __future__ import annotations

TERMS: dict[str, str] = {
    "alert": "The flags of one entity as one piece of work, with a status and, once closed, a verdict.",
    "flag": "The machine's word: evidence crossed a threshold. It is never changed afterwards.",
    "priority": "Severity times expected harm: queries and accounts count on a logarithmic scale.",
    "severity": (
        "How sure, in units of the alarm budget: medium is within it, high within a tenth, critical within a hundredth."
    ),
    "score": "Combined score from 0 to 1 over all groups of signals; high is suspicious.",
    "p-value": "Share of benign entities of about the same size that are at least this extreme in this signal.",
    "benign median": "Half of the benign entities of about the same size are below this value.",
    "benign p99": "99 of 100 benign entities of about the same size are on the ordinary side of this value.",
    "contribution": (
        "How much of the surprise is this signal's: minus the logarithm of its p-value, as a share of the sum over the"
        " reasons. It orders reasons; it is not a probability."
    ),
    "false-positive rate": (
        "Share of benign account-days that score at least as high, counted on the baseline's benign traffic, with its"
        " 95 % Clopper-Pearson interval."
    ),
    "queries": "Requests to the model API since the entity was first seen.",
    "decision": "What gateways do with somebody's requests: annotate, throttle, block or allow, until when and why.",
    "event time": "Time at which a query was completed; replayed history has its own.",
    "time to review": "From the flag that opened an alert to its closing with a verdict; the median.",
    "claim": "Keeps others away from an alert; it ends by itself 15 minutes after the last change.",
    "simulated": "Recorded and counted, and not enforced by any gateway.",
    "annotate": "Requests pass, with a header towards the upstream.",
    "throttle": "Requests are answered with 429 and Retry-After.",
    "block": "Requests are answered with 403.",
    "allow": "Requests pass whatever a wider decision says.",
    "waiting": "For an answer from outside: the customer, another team.",
    "true positive": "The entity distils the model.",
    "false positive": "The evidence was wrong or was misread.",
    "benign": "The evidence was right and its cause is allowed.",
    "template": "Words that the shown prompts have in common, in order; a slot is where they differ.",
    "technique": "MITRE ATLAS id of what this would be part of.",
    "not logged": "Records that gateways counted because they could not log them.",
    "lag": "Age of the oldest record that no worker has taken yet.",
    "epoch": "How often the partition was claimed; one that climbs all the time means two workers in dispute.",
    "shadow": "Measured and stored, and does not count.",
    "fires": "Share of the evaluations of entities taken as benign in which the detector was out of line.",
    "witness": "A file outside the database that keeps heads of the audit log, so that a cut-off end is seen.",
    "declared job": "Work that its owner announced, with an end and a budget of queries, so that nobody need ask.",
    "benign share": "Share of what honest accounts share that is as much like a campaign.",
    "hits": "Flags that it has hidden since it was made.",
    "eased": "Flags of the account that stayed at low because a job was declared.",
    "precision": (
        "Share of closed alerts that reviewers judged true positive, of those judged true positive, false positive or"
        " benign, with its 95 % Clopper-Pearson interval. It says nothing of what was never flagged."
    ),
    "topic": "One of the 256 cells of the fixed codebook that every prompt's meaning falls into.",
}
"""Term -> one sentence."""
