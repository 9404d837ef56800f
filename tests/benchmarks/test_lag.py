"""What the relay adds: its delay, once each way, whatever else travels."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.benchmarks.lag import Lag

DELAY_MS = 25.0
ROUND_TRIP_S = 2 * DELAY_MS / 1000


@pytest.fixture
def echo() -> Iterator[int]:
    """The port of a server that sends back what it gets, by way of a relay."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)

    def answer(connection: socket.socket) -> None:
        with connection:
            while piece := connection.recv(1 << 16):
                connection.sendall(piece)

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=(connection,), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    with listener, Lag(listener.getsockname()[1], DELAY_MS) as lag:
        yield lag.port
        listener.shutdown(socket.SHUT_RDWR)


def exchange(connection: socket.socket, content: bytes) -> float:
    """Send and get back; the seconds that it took."""
    started_s = time.monotonic()
    sender = threading.Thread(target=connection.sendall, args=(content,))
    sender.start()
    received = bytearray()
    while len(received) < len(content):
        piece = connection.recv(1 << 16)
        assert piece, "the relay hung up"
        received += piece
    sender.join()
    assert received == content
    return time.monotonic() - started_s


def test_a_round_trip_takes_the_delay_twice(echo: int) -> None:
    with socket.create_connection(("127.0.0.1", echo)) as connection:
        seconds = [exchange(connection, b"x") for _ in range(20)]
    assert min(seconds) >= ROUND_TRIP_S
    assert min(seconds) < 1.5 * ROUND_TRIP_S


def test_what_follows_closely_is_not_delayed_again(echo: int) -> None:
    with socket.create_connection(("127.0.0.1", echo)) as connection:
        seconds = [exchange(connection, bytes(range(256)) * 4096) for _ in range(5)]
    # A relay that slept before each piece of 64 KiB would take sixteen times the round trip.
    assert ROUND_TRIP_S <= min(seconds) < 4 * ROUND_TRIP_S


def test_connections_do_not_wait_for_each_other(echo: int) -> None:
    with ExitStack() as stack:
        connections = [stack.enter_context(socket.create_connection(("127.0.0.1", echo))) for _ in range(32)]
        seconds = []
        for _ in range(5):
            started_s = time.monotonic()
            for connection in connections:
                connection.sendall(b"x")
            for connection in connections:
                assert connection.recv(1) == b"x"
            seconds.append(time.monotonic() - started_s)
    assert ROUND_TRIP_S <= min(seconds) < 4 * ROUND_TRIP_S


def test_an_end_comes_through_after_all_that_went_before(echo: int) -> None:
    with socket.create_connection(("127.0.0.1", echo)) as connection:
        connection.sendall(b"last words")
        connection.shutdown(socket.SHUT_WR)
        received = b""
        while piece := connection.recv(100):
            received += piece
    assert received == b"last words"
