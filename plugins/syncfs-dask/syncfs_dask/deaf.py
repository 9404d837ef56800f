"""Loaded by each worker of a cluster of our own: only the run hears Ctrl-C.

A terminal sends SIGINT to all processes of a command. The run lets copies under way finish, and records them;
workers that die of it meanwhile have nothing to tell.
"""

from __future__ import annotations

import signal

__all__ = ["dask_setup"]


def dask_setup(_worker: object) -> None:
    """Let the worker, in whose process and main thread this runs, ignore SIGINT."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
