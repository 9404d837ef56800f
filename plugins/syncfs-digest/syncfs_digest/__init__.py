"""`cached-digest`: a comparator by content digest that remembers what it read.

Decisions:
    **A time counts as settled by the clock of its own side at the moment before reading.** What was read then
    is the last content of that tick: any later change gets a later time. Where that clock was not measured,
    two days must have passed, which no wrong time zone exceeds.
    **A fingerprint needs an entity tag or a change time.** Size and mtime alone can be restored by anyone.
    **xxh3_128 is the default**: six times as fast as BLAKE3, and the comparison guards against accidents.
"""

from syncfs_digest.comparator import CachedDigest, StoredDigest, syncfs_comparators

__all__ = ["CachedDigest", "StoredDigest", "syncfs_comparators"]
