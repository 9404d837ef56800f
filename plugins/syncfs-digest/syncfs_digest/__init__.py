"""`cached-digest` and `stored-digest`: comparators by content digest that remember what was read.

Decisions:
    **A time counts as settled by the clock of its own side at the moment before reading.** What was read then
    is the last content of that tick: any later change gets a later time. Where that clock was not measured,
    two days must have passed, which no wrong time zone exceeds.
    **A fingerprint needs an entity tag or a change time.** Size and mtime alone can be restored by anyone.
    **xxh3_128 is the default**: six times as fast as BLAKE3, and the comparison guards against accidents.
    **Notes on a server are stored when a run ends well**, not with each upload: only a listing after the
    write names the tag that they belong to (Apache's PUT names none), and that listing is made anyway. A run
    that dies costs the next one a download.
    **A note's modification time is for other tools.** The verdict rests on digests alone.
"""

from syncfs_digest.comparator import CachedDigest, StoredDigest, syncfs_comparators

__all__ = ["CachedDigest", "StoredDigest", "syncfs_comparators"]
