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
"""
