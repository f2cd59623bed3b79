"""The scripts. Each touches the keys of one slot, and its comment argues that it may run twice, late, or be lost.

They are sent whole with ``EVAL``: a server that was restarted, failed over or wiped knows them at once, and the
text is a few hundred bytes beside entries of kilobytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence


def call(script: str, names: Sequence[str], *arguments: Any) -> tuple[Any, ...]:
    """The command that runs a script on these keys."""
    return ("EVAL", script, len(names), *names, *arguments)


PRESENT = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
local known = redis.call('ZSCORE', KEYS[1], ARGV[1])
redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
return {known and 1 or 0, redis.call('ZCARD', KEYS[1])}
"""
"""Put a worker on the list for some milliseconds; whether it was there, and how many there are.

The list says how many share, not who may write: a wrong count makes shares uneven until the next renewal.
"""

LEASE = """
local owner = redis.call('GET', KEYS[1])
if owner and owner ~= ARGV[1] and redis.call('PTTL', KEYS[1]) ~= -1 then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
"""
"""Take a lease that is free, or renew one's own; 0 where somebody else has it.

Atomic, so of two that ask one gets it. One that would never run out, as a restored dump may have it, is nobody's:
whoever held it may be gone for good. A worker that asks late, after its lease went to another, is told so; whatever
it does until then is refused by the checkpoint's fence.
"""

LEAVE = """
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
"""
"""Give a lease back, if it is one's own still."""

PUBLISH = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[2], 'v', ARGV[2], 'd', ARGV[3])
redis.call('DEL', KEYS[1])
return 1
"""
"""Publish the decisions, if the lock under which they were read is one's own still.

A publisher that was stopped between reading and writing finds its lock gone or another's, and writes nothing: so the
last to write has read last. Sent twice, the second finds no lock; the caller repeats, which publishes the same.
"""

APPEND = """
local last = redis.call('HGET', KEYS[2], ARGV[1])
if not last then
  if ARGV[2] ~= '0000000000000000' then return {'unknown', ''} end
elseif ARGV[3] <= last then
  return {'have', last}
elseif ARGV[2] > last then
  return {'gap', last}
end
redis.call('XADD', KEYS[1], '*', 's', ARGV[1], 'f', ARGV[2], 't', ARGV[3], unpack(ARGV, 4))
redis.call('HSET', KEYS[2], ARGV[1], ARGV[3])
redis.call('HSET', KEYS[3], ARGV[1], redis.call('TIME')[1])
return {'ok', ARGV[3]}
"""
"""Append an entry over ``(from, to]`` of a source, if what was appended before reaches up to it.

Numbers are texts of sixteen digits and compared as such: the highest does not fit the doubles of Lua. XADD comes
first, because a server that is out of memory refuses it before anything was written. The writes reach the append-only
file and the replicas as one transaction; were only one of them to survive, the owner would see a repeat (``at`` behind
the stream), which it skips, or a hole (``at`` ahead of it), which it asks for again. Sent twice, the second finds
``to <= last`` and adds nothing. Of two that ship one source, the later is refused or repeats: the claims of the
entries are true whoever made them. A source that is unknown is taken from its beginning only; where it stands
otherwise is for the owner to say, who has it from SQL.
"""

REWIND = """
local last = redis.call('HGET', KEYS[1], ARGV[1])
if not last or last > ARGV[2] then redis.call('HSET', KEYS[1], ARGV[1], ARGV[2]) end
local covered = redis.call('HGET', KEYS[4], ARGV[1])
if covered and covered > ARGV[2] then redis.call('HSET', KEYS[4], ARGV[1], ARGV[2]) end
for i = 3, #ARGV do redis.call('XDEL', KEYS[2], ARGV[i]) end
redis.call('HDEL', KEYS[3], ARGV[1])
return last or ''
"""
"""Ask for a source again beyond a number, and take away entries that lie behind the hole.

What is asked for is not covered, whatever was said before SQL was restored from a backup, so ``covered`` goes back too,
and the spool keeps it. ``at`` only goes back, so it asks for more than is needed at worst, and what comes twice is
skipped. Entries taken away are beyond the number and come again with the rest. By an owner that was replaced and does
not know it, the effect is the same: everything beyond its number is shipped again, and the owner in force skips what it
has.
"""

COVER = """
for i = 1, #ARGV, 2 do
  local last = redis.call('HGET', KEYS[1], ARGV[i])
  if not last or last < ARGV[i + 1] then redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
end
return #ARGV / 2
"""
"""Tell how far a checkpoint in SQL covers each source. Only ever raised: an owner that was replaced tells less.

Said after the commit, so it is true when it is said; lost, it is said again with the next commit or by the next owner.
"""

SETTLE = """
for i = 1, #ARGV, 2 do
  redis.call('HSET', KEYS[2], ARGV[i], ARGV[i + 1])
  if redis.call('HDEL', KEYS[3], ARGV[i]) == 1 or ARGV[i + 1] ~= '9999999999999999' then
    redis.call('HSETNX', KEYS[1], ARGV[i], ARGV[i + 1])
  end
end
return #ARGV / 2
"""
"""A new owner says where SQL stands: ``covered`` as it is, lowered too, since SQL may have been restored from a backup.

``at`` is set where it is missing, for sources that are not done or whose shipper asks. A second time it changes
nothing. By an owner that was replaced it may lower ``covered`` below the truth, which keeps segments longer, until
the owner in force raises it.
"""

BACKLOG = """
local function first(from)
  return redis.call('XRANGE', KEYS[1], from, '+', 'COUNT', 1)[1]
end
local entry, looked = first('-'), 0
while entry and looked < tonumber(ARGV[1]) do
  for i = 1, #entry[2], 2 do
    if entry[2][i] == 'n' and entry[2][i + 1] ~= '0' then return {entry[1], redis.call('TIME')[1]} end
  end
  entry, looked = first('(' .. entry[1]), looked + 1
end
return {'', redis.call('TIME')[1]}
"""
"""Id of the oldest entry with records, of the first so many, and the server's second. It only reads."""
