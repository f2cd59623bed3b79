"""The stream between gateways and workers, on Redis or Valkey, one server or a Cluster.

A *shipper* beside each gateway appends what the spool holds to the *partitions*; a partition is a stream that one
*owner* at a time reads. An *entry* is a claim over a range of a source's numbering: ``(from, to]`` of the source
holds exactly these records of this partition, perhaps none. *at* is how far a source was shipped, *covered* how far a
checkpoint in SQL covers it. *Leases* advise who should own what.

What is promised
----------------
Every record that a gateway acknowledged is taken into the states and the log exactly once in effect, in its source's
order, whatever happens to Redis, as long as the spool's disk and SQL live. Between sources the order follows from what
they logged, so that states and evaluations are those of an undisturbed run, unless one was silent for longer than
``source.SILENCE``, more than ``source.BUFFER`` waited, or what the last section names.

The argument
------------
1. *Positions are in SQL only*, in the transaction that stores what was made of the records, behind the fence of the
   partition's epoch. So whatever an owner reads twice, or reads and cannot commit, counts once.
2. *Ranges are contiguous.* The owner takes an entry only where its ``from`` is at or below what it has of the source,
   and of it only what is beyond. Claims are sealed with their range as context, so they are true whoever appended them.
   Hence what is taken of a source is always all of the partition's records up to a number, each once.
3. *A hole is found and asked for.* It shows as an entry that begins beyond what the owner has, or, when the stream was
   read to its end, as an ``at`` beyond it. Then the owner sets ``at`` back, and the shipper follows within a second.
4. *The spool is released only behind the checkpoint*: what every partition's ``covered`` says, which is written after
   the commit. So what may be asked for is on the disk; ``log.retain`` keeps more, for a database restored from a
   backup. What was asked for and is gone is told as a gap with the number of records, and the stream goes on.

``at``, ``covered`` and the entries are hints: each may be lost, repeated or set back at any time. 2 and 3 hold for
every content that they may have, so there is no state of Redis from which the stream does not go on correctly.

Why a new boot is never passed by
---------------------------------
An owner gives out what no source that it knows can come before. So it must know of a boot before anybody's clock is
beyond that boot's first query. To hold everything some seconds back would make that likely; this makes it certain:

1. A boot is *announced* by an entry over nothing, ``(0, 0]``, in every partition, and its gateway takes no query before
   (``bootstrap.gateway``). What others log after its first query is appended after the announcement, so whoever reads
   it has read that.
2. Nothing of an older boot of the host goes to a partition where a newer one is not announced. So where the stream was
   away at a gateway's start, which is not held up for long by that, its predecessor, which has not ended for the
   owner, keeps the place.
3. An owner that begins, also after the stream or SQL was away, gives out nothing for ``source.PATIENCE`` seconds of the
   stream's own time: within that every shipper is back and has announced what it has.

Why each of these ends well
---------------------------
*A segment shipped twice*: the append script refuses what ``at`` has; what gets past it (a lost ``at``, a lost answer)
the owner skips by its head.

*A lost tail* (failover, append-only file of everysec): entries and ``at`` go back together; the shipper's next append
begins beyond ``at``, is refused with the number, and it goes on from there. Had only one of them survived: point 3.

*A wipe*: ``at`` is missing, so appends are refused as unknown. The owner sets it from SQL when it sees that it went
back; a shipper asks for boots that nobody says anything of. A boot whose beginning is on the disk is shipped from
there if nobody answers. The number of partitions comes back with the next renewal of a lease, the decisions with the
next look of the control plane. An owner whose cursor is beyond the new ids reads from the beginning once ``at`` went
back.

*A stale owner trimming*: it trims and covers what it committed before it was replaced, which is committed still; by
``MINID``, so never what it has not read. Entries that it takes away behind what it believes to be a hole are shipped
again, because the same script sets ``at`` back. What it reads it cannot commit.

*A paused shipper*: on its return Redis says where it stands. Meanwhile its sources stop holding others up after
``SILENCE`` seconds; what it ships late is taken late, once.

*Two shippers on one folder*: the lock ``shipper.lock`` refuses the second. Where a file system lied about the lock,
both append true claims, and one of each pair is refused or skipped.

*A gateway killed while Redis is down*: its boot stays in the spool and is shipped and closed with an entry through
``FINAL`` when Redis is back, the next boot beside it.

*Postgres restored from an older backup*: whoever owned a partition finds its row not as it left it and stores nothing;
it begins again from what is there. The owner finds entries beyond its positions and asks back to them, which lowers
``covered`` too. What the spool retains comes again, the rest is told as a gap.

*Another number of partitions*: the command that shares callers out anew clears the stream of the old ones, and shippers
follow the number that is published.

*Partial pipelines*: every command has its own outcome. Commands behind a lost one are refused as holes or were taken;
for each partition the shipper goes on from the answer that it has, or reads again from what it knows.

*MOVED, ASK, TRYAGAIN* are followed one command at a time; *READONLY, LOADING, CLUSTERDOWN, OOM, MISCONF*, timeouts
and lost connections make the partition wait, 0.2 to 5 seconds with jitter, others go on. The shipper stops at 70 % of
Redis' memory, so that owners can go on and make room; entries behind a hole are deleted, so that they cannot fill it.

*An unreadable entry* is set aside and its range asked for again; if it comes unreadable twice, a gap tells how many
records it was said to hold. *An entry of a newer version* stays where it is, and the partition is given back.

What is not promised: clocks of hosts that differ order what they logged by what they say, and a boot whose host's
clock is behind is taken late by as much. A gateway that begins while the stream is away, with no predecessor that is
still open, and whose shipper needs longer than ``source.PATIENCE`` to come back, is taken late too. Two boots that
begin in the same nanosecond on two hosts would share a name. A host that is lost with its disk takes along what was
not shipped; the leases alone keep nobody from anything.
"""

from __future__ import annotations
