"""A TCP relay that adds a delay each way and nothing else: the distance to a server far away.

    python -m tests.benchmarks.lag PORT [DELAY_MS]     relays to 127.0.0.1:PORT, prints its own port

Bytes are passed on a fixed time after they came: what follows closely behind travels at the same time
(pipelined, as on a long line), connections do not wait for each other, and the rate is not limited. All
delays are alike, so what came first is due first, and one queue for everything replaces a heap of timers.
"""

from __future__ import annotations

import select
import socket
import subprocess
import sys
import time
from collections import deque
from contextlib import suppress
from types import TracebackType
from typing import Self

from tests.servers.server import end

_PIECE_BYTES = 256 << 10
_WINDOW_BYTES = 64 << 20
"""The most that one direction holds back: at 10 ms, more than any loopback carries."""


class _Flow:
    """One direction of one connection."""

    __slots__ = ("ended", "held_bytes", "ready", "source", "target")

    def __init__(self, source: socket.socket, target: socket.socket) -> None:
        self.source, self.target = source, target
        self.ready: deque[memoryview] = deque()
        self.held_bytes = 0
        self.ended = False


class _Relay:
    """All connections, in one thread."""

    def __init__(self, port: int, delay_s: float) -> None:
        self._to = ("127.0.0.1", port)
        self._delay_s = delay_s
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self._listener.setblocking(False)
        self.port = self._listener.getsockname()[1]
        self._epoll = select.epoll()
        self._epoll.register(self._listener, select.EPOLLIN)
        self._reading: dict[int, _Flow] = {}
        self._writing: dict[int, _Flow] = {}
        self._interests: dict[int, int] = {}
        self._due: deque[tuple[float, _Flow, bytes]] = deque()

    def run(self) -> None:
        """Relay until the process ends."""
        listener, now = self._listener.fileno(), time.monotonic
        while True:
            wait_s = max(0.0, self._due[0][0] - now()) if self._due else None
            # `epoll` waits in whole milliseconds; a look at its own descriptor waits as finely as asked.
            select.select([self._epoll], [], [], wait_s)
            for fd, happened in self._epoll.poll(0):
                if fd == listener:
                    self._accept()
                    continue
                if happened & select.EPOLLOUT and (flow := self._writing.get(fd)):
                    self._send(flow)
                if happened & ~select.EPOLLOUT and (flow := self._reading.get(fd)):
                    self._receive(flow)
            due = self._due
            while due and due[0][0] <= now():
                _, flow, piece = due.popleft()
                flow.ready.append(memoryview(piece))
                if len(flow.ready) == 1:
                    self._send(flow)

    def _accept(self) -> None:
        with suppress(BlockingIOError):
            while True:
                near, _ = self._listener.accept()
                far = socket.create_connection(self._to)
                for each, other in ((near, far), (far, near)):
                    each.setblocking(False)
                    each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    flow = _Flow(each, other)
                    self._reading[each.fileno()] = self._writing[other.fileno()] = flow
                for each in (near, far):
                    self._interests[each.fileno()] = select.EPOLLIN
                    self._epoll.register(each, select.EPOLLIN)

    def _receive(self, flow: _Flow) -> None:
        try:
            piece = flow.source.recv(_PIECE_BYTES)
        except BlockingIOError:
            return
        except OSError:
            piece = b""
        flow.held_bytes += len(piece)
        self._due.append((time.monotonic() + self._delay_s, flow, piece))
        if not piece:
            flow.ended = True
        if flow.ended or flow.held_bytes > _WINDOW_BYTES:
            self._want(flow.source, select.EPOLLIN, False)

    def _send(self, flow: _Flow) -> None:
        while flow.ready:
            piece = flow.ready[0]
            if not piece:  # the end
                with suppress(OSError):
                    flow.target.shutdown(socket.SHUT_WR)
                flow.ready.clear()
                self._close_if_done(flow)
                return
            try:
                sent = flow.target.send(piece)
            except BlockingIOError:
                self._want(flow.target, select.EPOLLOUT, True)
                return
            except OSError:  # nobody listens any more: what is left is of no use
                sent = len(piece)
            flow.held_bytes -= sent
            if sent == len(piece):
                flow.ready.popleft()
            else:
                flow.ready[0] = piece[sent:]
            if not flow.ended and flow.held_bytes <= _WINDOW_BYTES:
                self._want(flow.source, select.EPOLLIN, True)
        self._want(flow.target, select.EPOLLOUT, False)

    def _want(self, each: socket.socket, what: int, wanted: bool) -> None:
        fd = each.fileno()
        before = self._interests.get(fd)
        if before is None:
            return
        after = before | what if wanted else before & ~what
        if after != before:
            self._interests[fd] = after
            self._epoll.modify(fd, after)

    def _close_if_done(self, flow: _Flow) -> None:
        """Close both ends once both directions have ended and delivered."""
        back = self._reading.get(flow.target.fileno())
        if back is None or not back.ended or back.held_bytes or back.ready:
            return
        if any(waiting is back for _, waiting, _ in self._due):
            return
        for each in (flow.source, flow.target):
            fd = each.fileno()
            self._epoll.unregister(fd)
            for table in (self._reading, self._writing, self._interests):
                table.pop(fd, None)
            each.close()


class Lag:
    """A relay in a process of its own, for the length of a `with` block.

    Args:
        port: Where to relay to, on loopback.
        delay_ms: What is added each way.

    Attributes:
        port: Where it listens, on loopback.
    """

    port: int

    def __init__(self, port: int, delay_ms: float = 10.0) -> None:
        self._command = [sys.executable, "-m", "tests.benchmarks.lag", str(port), str(delay_ms)]

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(self._command, stdout=subprocess.PIPE)
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        end(self._process)
        assert self._process.stdout is not None
        self._process.stdout.close()


def main(port: str, delay_ms: str = "10") -> None:
    """Relay until killed."""
    relay = _Relay(int(port), float(delay_ms) / 1000)
    sys.stdout.write(f"{relay.port}\n")
    sys.stdout.flush()
    relay.run()


if __name__ == "__main__":
    main(*sys.argv[1:])
