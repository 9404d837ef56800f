"""Hold a stream of bytes below a rate."""

from __future__ import annotations

import threading
import time

__all__ = ["Throttle"]


class Throttle:
    """A bucket of bytes that fills at a rate and that all transfers draw from.

    Args:
        bytes_per_s: The rate.
        cancel: Ends every wait when set.
    """

    def __init__(self, bytes_per_s: int, cancel: threading.Event) -> None:
        self._bytes_per_s = bytes_per_s
        self._cancel = cancel
        self._lock = threading.Lock()
        self._free_at_s = time.monotonic()

    def take(self, size_bytes: int) -> None:
        """Wait until so many bytes may pass."""
        with self._lock:
            now_s = time.monotonic()
            start_s = max(now_s, self._free_at_s)
            self._free_at_s = start_s + size_bytes / self._bytes_per_s
        if start_s > now_s:
            self._cancel.wait(start_s - now_s)
