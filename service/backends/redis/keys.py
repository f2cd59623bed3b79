"""Names of everything in Redis. A partition's keys share the slot of ``{number}``, the others that of ``{g}``."""

from __future__ import annotations

WORKERS = "rv:{g}:workers"
"""Sorted set: worker -> millisecond at which it counts as gone."""
PARTITIONS = "rv:{g}:partitions"
"""How many partitions the installation has, published for the shippers. The word of record is in SQL."""
DECISIONS = "rv:{g}:decisions"
"""Hash: ``v`` the version, ``d`` the document as the decisions file has it."""
PUBLISHING = "rv:{g}:publishing"
"""Token of the control plane that is publishing decisions just now."""


def stream(partition: int) -> str:
    """Stream of a partition's entries."""
    return f"rv:{{{partition}}}:in"


def shipped(partition: int) -> str:
    """Hash: source -> number through which its entries were appended. To set it back asks for them again."""
    return f"rv:{{{partition}}}:at"


def when(partition: int) -> str:
    """Hash: source -> second of the server's clock at which its last entry was appended."""
    return f"rv:{{{partition}}}:when"


def asked(partition: int) -> str:
    """Hash: sources whose shippers ask the owner where they stand, because ``at`` does not say."""
    return f"rv:{{{partition}}}:asked"


def covered(partition: int) -> str:
    """Hash: source -> number through which a checkpoint in SQL covers it."""
    return f"rv:{{{partition}}}:covered"


def aside(partition: int) -> str:
    """Stream of entries that could not be read, kept for whoever looks into it."""
    return f"rv:{{{partition}}}:aside"


def lease(partition: int) -> str:
    """Name of the worker that tends the partition."""
    return f"rv:{{{partition}}}:lease"
