"""Fill a real, tiny disk through the real sink, kill the process, and print what was left: run by ``test_tmpfs``."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

from service.backends.spool import SpoolWriter
from tests.service.backends.spool.factories import KEY, a_start, an_end, lost, queries, read_all

QUERIES = 8000
AT_ONCE = 16


async def fill(spool: Path, report: int) -> None:
    """Append more than fits, say how many were acknowledged, and wait for the end."""
    writer = SpoolWriter.open(spool, KEY, segment_bytes=256 * 1024, reserve_bytes=256 * 1024)
    acknowledged = 0
    for first in range(1, QUERIES + 1, AT_ONCE):
        numbers = range(first, first + AT_ONCE)
        records = [a_start(number, body=os.urandom(1000)) for number in numbers] + [an_end(n) for n in numbers]
        acknowledged += sum(await asyncio.gather(*map(writer.append, records)))
    os.write(report, json.dumps(acknowledged).encode())
    await asyncio.sleep(60)


def main(disk: Path) -> None:
    """Fill, kill, read."""
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        asyncio.run(fill(disk / "spool", write_end))
        os._exit(1)
    acknowledged = int(os.read(read_end, 100))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    records = read_all(disk / "spool")
    json.dump(
        {
            "acknowledged": acknowledged,
            "written": len(queries(records)),
            "lost": lost(records),
            "without_text": sum(not getattr(record, "full", True) for record in records),
        },
        sys.stdout,
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
