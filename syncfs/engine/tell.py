"""Hand events to whoever listens: in batches, in order, from one thread."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from syncfs.core.event import Event

__all__ = ["Listener", "Teller"]

Listener = Callable[[Sequence[Event]], object]

BATCH = 256
BATCH_S = 0.1


class Teller:
    """Collects events and hands them on.

    Args:
        listeners: Called with each batch; what they raise is theirs and ends the run.
    """

    def __init__(self, listeners: Sequence[Listener]) -> None:
        self._listeners = listeners
        self._events: list[Event] = []
        self._flushed_s = time.monotonic()

    def __call__(self, event: Event) -> None:
        """Take one event."""
        if not self._listeners:
            return
        self._events.append(event)
        if len(self._events) >= BATCH or time.monotonic() - self._flushed_s >= BATCH_S:
            self.flush()

    def flush(self) -> None:
        """Hand on what is there."""
        events, self._events = self._events, []
        self._flushed_s = time.monotonic()
        if events:
            for listener in self._listeners:
                listener(events)
