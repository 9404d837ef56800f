"""Do something again that failed, when that may help."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import TypeVar

from syncfs.errors import PathError

__all__ = ["between", "repeated"]

T = TypeVar("T")

_TRIES = 4
_FIRST_WAIT_S = 0.2
_PATIENCE_S = 8.0
"""No try begins later than this after the first: a dead server is reported, not waited for."""


def between(least_s: float, most_s: float) -> float:
    """Some time between two, so that those who failed together do not come back together.

    Not by `random`: it takes 4 ms to load, and is wanted only when something has gone wrong.
    """
    return least_s + (most_s - least_s) * int.from_bytes(os.urandom(4)) / 2**32


def repeated(call: Callable[[], T]) -> T:
    """Do what changes nothing when it is done twice, until it succeeds or patience ends.

    Waits 0.2 s, 0.4 s, ... with jitter, or what the server asked for when that is affordable.
    """
    deadline = time.monotonic() + _PATIENCE_S
    wait_s = _FIRST_WAIT_S
    for _ in range(_TRIES - 1):
        try:
            return call()
        except (ConnectionError, TimeoutError, PathError) as error:
            if isinstance(error, PathError) and not error.retryable:
                raise
            asked_s = error.retry_after_s if isinstance(error, PathError) else None
            pause_s = asked_s if asked_s is not None else between(0.5 * wait_s, wait_s)
            if time.monotonic() + pause_s > deadline:
                raise
        time.sleep(pause_s)
        wait_s *= 2
    return call()
