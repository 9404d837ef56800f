"""Hand events to whoever listens: in batches, in order, from one thread."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from syncfs.core.event import Event, EventKind

if TYPE_CHECKING:
    from fsspec.callbacks import Callback

__all__ = ["Listener", "Teller", "told"]

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


def told(callback: Callback) -> Listener:
    """Speak to an fsspec callback: its size is the bytes to copy, its value those that were."""

    def tell(events: Sequence[Event]) -> None:
        for event in events:
            if event.kind is EventKind.PLANNED:
                callback.set_size(event.size_bytes)
            elif event.kind is EventKind.TRANSFERRED:
                callback.relative_update(event.size_bytes)

    return tell
