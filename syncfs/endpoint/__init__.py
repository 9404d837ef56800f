"""The only place that knows fsspec, webdav4, HTTP and the operating system's files.

`resolve` turns what a user names (a filesystem object, a `UPath`, a path, a URL) into an `Endpoint`; the
engine sees nothing else.

Decisions:
    Local directories are reached component by component from the root, each opened relative to the one
    above with `O_NOFOLLOW`, and not by path. A path would follow a directory that was swapped for a
    symlink after it was listed, out of the root. It costs two system calls a level (see `beneath.py`).

    Exceptions are translated by the names of their classes: `isinstance` would import every library
    (httpx alone takes 60 ms) to say that none of them failed.

    A filesystem that fsspec resolves is written through a temporary file and a rename, unless its own
    write is known to be all or nothing (object stores, memory): fsspec's buffered files publish what they
    have when they are closed, also when they are closed by an exception.

    An empty directory of an object store is an empty object with a reserved name in it. Without one it
    would not be there, and its absence would look like a deletion; it costs one request a directory.

    A listing may bear a mark, which proves the next one to say the same: of a local directory a hash of its
    names' plain `lstat` facets, taken before any object is made of them; of a WebDAV directory a hash of the
    raw body. 200,000 entries cost 0.7 s of `scandir` and `lstat`, 0.1 s more with their marks, and 1.4 s
    more as entries that are compared one by one (measured together, on a busy machine).

    In a large tree the directories of a local side are recognised by a process of its own, ahead of the walk
    (see `recogniser`): under one interpreter's lock two trees are looked at one after the other. 100,000
    unchanged files on both sides then take 0.9-1.1 s instead of 1.3-1.5 (rsync: 0.75-0.9, same rounds).

    Local files are made durable by one syncfs(2) a batch: 0.03 s for 2,000 files of 4 KiB, where an fsync
    of each takes 0.6 s.

    A name that must not be taken from anyone is taken by link(2) and the temporary name unlinked;
    renameat2(2) would be one call instead of two, but needs ctypes in the hot path and exists on Linux
    only. Between the last look at a file that is replaced and its replacement lie some 10 µs in which a
    stranger's edit is overwritten: no portable call closes that gap.

    FTP directories are listed by MLSD here and not by fsspec, whose `ls` answers a refusal with an empty
    list. A file is sent there in one piece and not in fsspec's, which need REST; above 8 MiB it goes by way
    of the local disk. Wrappers that keep copies (`filecache`) are looked through: a copy is no evidence.

    SFTP is served one call at a time: paramiko's client hands the reply that one thread waits for to another,
    and hangs. A channel a thread on one connection would be faster over a slow line; servers allow ten.

    S3 is looked at by listings of one key, since HEAD tells other times than listings do, and written by one
    PUT, or the end of a multipart upload, under If-None-Match or If-Match where a probe found that it
    heeds them. Unprobed it is sent none: some services refuse every request that bears one. A multipart
    upload's tag is no digest (it has a dash) and is not taken for one.

    Azure is asked by the client that adlfs has made, and not through adlfs, which takes paths for URLs (`a?`
    and `a#` land on `a`), lists what begins alike, and knows no If-Match. Conditions are part of that
    service's protocol, so none is probed for, and the reply to a write tells the whole entry: an edit costs
    one request instead of five, a new file two instead of seven. The client's own repetitions are turned off:
    it waits 15 s before the first, and took 90 s to say that nobody answers; ours take 3 s.

    Plain web servers are listed by their index pages, read here: fsspec's `ls` takes any page for a
    directory, and its `info` any error for a missing file. One HEAD a file is the price, since no index tells
    exact sizes. A tar tells a member's time and no more: an edit of the same size whose time was set back
    shows with `--verify` only.
"""

import logging

# Here, below all that logs, and not in `syncfs/__init__.py`: `syncfs --version` would wait 15 ms for it.
logging.getLogger("syncfs").addHandler(logging.NullHandler())
