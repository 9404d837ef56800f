"""A rate that any number of threads share."""

from __future__ import annotations

import threading
import time

import pytest

from syncfs.engine.throttle import Throttle


class Waits(threading.Event):
    """Notes what it is asked to wait, and lets that much time pass at once."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__()
        self.now_s = 100.0
        monkeypatch.setattr(time, "monotonic", lambda: self.now_s)

    def wait(self, timeout: float | None = None) -> bool:
        self.now_s += timeout or 0.0
        return False


def test_many_small_files_pass_at_the_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Waits(monkeypatch)
    limited = Throttle(1_000_000, clock)
    for _ in range(2_000):
        limited.take(4096)
    assert clock.now_s - 100.0 == pytest.approx(2_000 * 4096 / 1_000_000, rel=0.01)


def test_a_pause_earns_next_to_no_credit(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Waits(monkeypatch)
    limited = Throttle(1_000_000, clock)
    limited.take(1)
    clock.now_s += 60.0
    started_s = clock.now_s
    for _ in range(100):
        limited.take(10_000)
    assert clock.now_s - started_s == pytest.approx(1.0, abs=0.07)


def test_pieces_are_a_tenth_of_a_second() -> None:
    assert Throttle(1_000_000, threading.Event()).piece_bytes == 100_000
    assert Throttle(1_000, threading.Event()).piece_bytes == 4096


def test_threads_share_one_rate_and_a_cancelled_wait_ends() -> None:
    cancel = threading.Event()
    limited = Throttle(400_000, cancel)
    started_s = time.monotonic()

    def copy() -> None:
        for _ in range(10):
            limited.take(1_000)

    threads = [threading.Thread(target=copy) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert time.monotonic() - started_s >= 160_000 / 400_000 - 0.06
    waiting = threading.Thread(target=limited.take, args=(400_000_000,))
    waiting.start()
    threading.Thread(target=limited.take, args=(1,)).start()
    cancel.set()
    waiting.join(10)
    assert not waiting.is_alive()
