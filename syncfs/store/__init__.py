"""Where the base of a pair lives between runs, who may run, and what ran before.

Decisions:
    **One SQLite file a pair, one row a path, keyed by (parent, name), WITHOUT ROWID.** The engine asks for
    one directory at a time, so one directory's rows lie side by side. 2,000 directories of 50 records load in
    0.22 s (2.2 µs a record), and take 18 MB on disk. One packed blob per directory would load faster, but
    every single outcome would rewrite its whole directory.
    **Beside the rows, one small row a directory: its seal** (`syncfs.core.seal`). A directory of which both
    sides still bear their marks needs none of its records: of a run over 100,000 unchanged files, making
    records and entries was two thirds of the time. What changes a record breaks the seal in one transaction.
    Format 1 had none; such a file gets the table when it is next opened to be written.
    **WAL while a run is on, a plain rollback-mode file at rest.** WAL commits cost no fsync and a killed run
    loses at most its open batch. But a WAL file cannot even be *read* without two more files beside it, which
    a reader leaves behind (measured, 3.40), so `plan` would write. Going back at the end costs 1.4 ms.
    **The whole file is checked on every open** (`quick_check`): 15-25 ms per 100,000 records, 3 % of the
    fastest run over as many. Without it, damage in the middle would show only half-way through a run.
    **Damage never locks anyone out.** The file is set aside under a name that says so, and the run is a first
    run: a union, which deletes nothing. A *newer* format is refused instead: its owner wants it kept.
    **Integers beyond 64 bits are stored as blobs, names that are no Unicode as text with NUL escapes**,
    marked by a bit in the row so that other rows are read without a look at their values. FUSE filesystems
    hand out inodes above 2**63, and Linux file names are bytes.
    **flock(2) by hand where there is one.** filelock does the same there, and was 25 ms of every run's start.
    **The lock's name does not depend on the pair's order.** A push of (A, B) and one of (B, A) have two
    states but write to the same two directories, so they exclude each other.
    **Who holds the lock is written beside it, not in it**: on Windows nobody else can read a locked file. The
    operating system drops the lock when its holder dies; a note that is left over means nothing and is
    overwritten.
    **Plugins that remember what can be found out again share `cachefile`**: three had each their own way
    through damage, forks and files that cannot be written.
"""

from syncfs.store.location import is_url, lock_path, open_store, state_path, swapped_exists
from syncfs.store.lock import Holder, PairLock
from syncfs.store.memory import MemoryStore
from syncfs.store.sqlite import SqliteStore
from syncfs.store.store import Run, Store

__all__ = [
    "Holder",
    "MemoryStore",
    "PairLock",
    "Run",
    "SqliteStore",
    "Store",
    "is_url",
    "lock_path",
    "open_store",
    "state_path",
    "swapped_exists",
]
