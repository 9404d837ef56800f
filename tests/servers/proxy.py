"""A proxy in front of a server that lets everything through as it is, except what a `Fault` says.

    with Proxy(server.url, Fault(Reply(503), method="PUT", nth=3)) as proxy:
        ...  # talk to proxy.url; the third PUT is answered 503 and never reaches the server

Host and Destination are forwarded unchanged. Both name the proxy, so a server that compares them finds them
alike. Each connection of a client has one to the server, and lives exactly as long: what a server does when
its client dies, it does through the proxy too.
"""

import socket
import threading
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from tests.servers.exchange import Exchange
from tests.servers.faults import (
    Action,
    Corrupt,
    CutHead,
    CutReply,
    CutRequest,
    Delay,
    DropAfter,
    DropBefore,
    Fault,
    Meanwhile,
    Repeat,
    ReplaceBody,
    Reply,
)
from tests.servers.http_stream import Head, Stream, wake_on_either
from tests.servers.listener import Listener
from tests.servers.server import STOP_TIMEOUT_S, Request

__all__ = [
    "Corrupt",
    "CutHead",
    "CutReply",
    "CutRequest",
    "Delay",
    "DropAfter",
    "DropBefore",
    "Fault",
    "Meanwhile",
    "Proxy",
    "Repeat",
    "ReplaceBody",
    "Reply",
]


class Proxy:
    """The running proxy: use it as a context manager, or `start` and `stop` it.

    Attributes:
        url: As the server's, with the proxy's port.
        faults: In force now; where several would happen to one request, the first does.
    """

    def __init__(self, upstream_url: str, *faults: Fault) -> None:
        parts = urlsplit(upstream_url)
        self.upstream = (parts.hostname or "127.0.0.1", parts.port or 80)
        self.faults = list(faults)
        self.stopping = threading.Event()
        self._requests: list[Request] = []
        self._bugs: list[BaseException] = []
        self._open: set[Stream] = set()
        self._lock = threading.Lock()
        self._listener = Listener(self.serve)
        self.url = f"http://127.0.0.1:{self._listener.server_address[1]}{parts.path}"
        self._thread = threading.Thread(
            target=self._listener.serve_forever, args=(0.02,), name="proxy", daemon=True
        )

    def start(self) -> None:
        """Accept connections from now on."""
        self._thread.start()

    def stop(self) -> None:
        """End all connections; AssertionError if the proxy itself failed on one."""
        self.stopping.set()
        if self._thread.is_alive():
            self._listener.shutdown()
            self._thread.join(STOP_TIMEOUT_S)
        self._listener.server_close()
        with self._lock:
            streams = list(self._open)
        for stream in streams:
            stream.close()
        assert not self._bugs, f"the proxy failed: {self._bugs}"

    def add(self, fault: Fault) -> Fault:
        """Put one more fault in force."""
        with self._lock:
            self.faults.append(fault)
        return fault

    def clear_faults(self) -> None:
        """Let everything through from now on."""
        with self._lock:
            self.faults.clear()

    def requests(self) -> list[Request]:
        """Those seen since the start or `clear_requests`, with the status that the client saw (0: none)."""
        return list(self._requests)

    def clear_requests(self) -> None:
        """Forget the requests so far."""
        self._requests.clear()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def serve(self, connection: socket.socket) -> None:
        """Pass on all that comes over one client's connection, until one of both sides ends it."""
        client = self._opened(connection)
        upstream: Stream | None = None
        try:
            # The server may end an idle connection: the client must notice then, not with its next request.
            while upstream is None or wake_on_either(client, upstream):
                head = client.head()
                if head is None:
                    return
                exchange = Exchange(
                    client, head, self._action_for(head), self._requests.append, self.stopping
                )
                try:
                    if exchange.reaches_the_server():
                        upstream = upstream or self._connected()
                        exchange.forward(upstream, self._connected)
                finally:
                    # Also when a side went away before a reply: no request is missing from the list.
                    exchange.record(0)
                if exchange.ends:
                    return
        except OSError:
            # One side is gone; ending the other is all that is left, and what the other would see without us.
            return
        except Exception as bug:
            self._bugs.append(bug)
        finally:
            for stream in (client, upstream):
                if stream is not None:
                    stream.close()
                    with self._lock:
                        self._open.discard(stream)

    def _opened(self, connection: socket.socket) -> Stream:
        stream = Stream(connection)
        with self._lock:
            self._open.add(stream)
        return stream

    def _connected(self) -> Stream:
        return self._opened(socket.create_connection(self.upstream, 10))

    def _action_for(self, head: Head) -> Action | None:
        method, path, _ = head.start
        chosen: Fault | None = None
        with self._lock:
            for fault in self.faults:
                if fault.is_due(method, path) and chosen is None:
                    chosen = fault
                    fault.fired += 1
        return chosen.action if chosen else None
