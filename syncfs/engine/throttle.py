"""Hold a stream of bytes below a rate."""

from __future__ import annotations

import threading
import time

__all__ = ["Throttle"]


_CREDIT_S = 0.05
"""So much of the rate is made up for after a wait that took longer than asked, or a pause between files."""
_PIECE_S = 0.1
_LEAST_PIECE_BYTES = 4 << 10


class Throttle:
    """A bucket of bytes that fills at a rate and that all transfers draw from.

    Args:
        bytes_per_s: The rate.
        cancel: Ends every wait when set.

    Attributes:
        bytes_per_s: The rate.
        piece_bytes: The most to take at once, so that the stream stays even at low rates.
    """

    def __init__(self, bytes_per_s: int, cancel: threading.Event) -> None:
        self.piece_bytes = max(_LEAST_PIECE_BYTES, int(bytes_per_s * _PIECE_S))
        self.bytes_per_s = bytes_per_s
        self._cancel = cancel
        self._lock = threading.Lock()
        self._free_at_s = time.monotonic()

    def take(self, size_bytes: int) -> None:
        """Wait until so many bytes may pass.

        Everyone takes a stretch of time of its own, so any number of threads share one rate exactly; what
        wakes too late has lost nothing, since the stretches do not move.
        """
        with self._lock:
            now_s = time.monotonic()
            start_s = max(now_s - _CREDIT_S, self._free_at_s)
            self._free_at_s = start_s + size_bytes / self.bytes_per_s
        if start_s > now_s:
            self._cancel.wait(start_s - now_s)
