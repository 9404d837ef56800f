"""Ctrl-C: the first lets running copies finish, the second ends the process."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from syncfs.cli.exits import Exit

__all__ = ["interruptible"]

_STDERR = 2
_SHOW_CURSOR = b"\x1b[?25h"


@contextmanager
def interruptible() -> Iterator[threading.Event]:
    """Give the event that the first SIGINT sets; the second ends the process at once with code 130.

    Outside the main thread, where Python hands out no signals, the event is never set.
    """
    cancel = threading.Event()

    def handle(signum: int, frame: FrameType | None) -> None:
        # os.write and not print: a handler may run in the middle of another print. os._exit and not an
        # exception: that would wait for every running copy. Nothing is lost by it, see kill -9.
        if cancel.is_set():
            os.write(_STDERR, (_SHOW_CURSOR if os.isatty(_STDERR) else b"") + b"\n")
            os._exit(Exit.INTERRUPTED)
        cancel.set()
        os.write(_STDERR, b"\nsyncfs: interrupted; running copies finish, Ctrl-C again stops at once\n")

    if threading.current_thread() is not threading.main_thread():
        yield cancel
        return
    previous = signal.signal(signal.SIGINT, handle)
    try:
        yield cancel
    finally:
        signal.signal(signal.SIGINT, previous)
