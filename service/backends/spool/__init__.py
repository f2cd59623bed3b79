"""The spool: the gateway's append-only log on its local disk, and the worker's way of reading it.

A *boot* is one opening of the folder by one gateway; its name is the source of its records. A *segment* is one
file of one boot, written by nobody else, ever. A *block* is one group of records, sealed and checked as one. The
*ledger* is a boot's small file with the exact number of records that could not be logged; the *reserve* is disk
space set aside so that queries are still logged, without their text, when the disk is full.
"""

from __future__ import annotations

from service.backends.spool.folder import FINAL, SpoolError
from service.backends.spool.reader import SpoolReader
from service.backends.spool.tail import SpoolTail, Tail, Times
from service.backends.spool.writer import SpoolWriter

__all__ = ["FINAL", "SpoolError", "SpoolReader", "SpoolTail", "SpoolWriter", "Tail", "Times"]
