"""An executor for syncfs: copies on the workers of Dask distributed.

Chosen by `executor="dask"`, or `--executor dask:address=tcp://scheduler:8786`.

Decisions:
    **Dask is imported when a run has something to copy**, not when plugins are listed: it takes a second.
    **What is sent is one opaque parcel.** Dask looks into lists for futures of its own, and writes the
    arguments of what fails into its workers' logs: a parcel shows nothing.
    **Each result is waited for in a thread of ours.** Dask's own bridge to `concurrent.futures` asks for a
    future's state after it has taken its result; where a worker dies in between, it takes the result for an
    exception and tries to raise it.
    **A cluster of our own speaks TLS** with a certificate made for it: a Dask port is a shell for whoever can
    connect to it, and every user of a machine can connect to its loopback.
"""

from collections.abc import Iterator

from syncfs.plugin import ExecutorStrategy, hookimpl
from syncfs_dask.strategy import Dask

__all__ = ["Dask", "syncfs_executors"]


@hookimpl
def syncfs_executors() -> Iterator[type[ExecutorStrategy]]:
    """Register it."""
    yield Dask
