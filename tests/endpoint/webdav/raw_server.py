"""A server that does what a function says, byte by byte, for what no real server does."""

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self

from syncfs.endpoint.webdav.httpx_wire import HttpxWire
from syncfs.endpoint.webdav.location import Location
from syncfs.endpoint.webdav.socket_wire import SocketWire
from syncfs.endpoint.webdav.wire import Timeouts, Wire

_PATIENCE_S = 20.0


class Talk:
    """One connection, as the server sees it.

    Attributes:
        heads: The heads of the requests that came over it.
    """

    def __init__(self, sock: socket.socket) -> None:
        self.heads: list[str] = []
        self._sock = sock
        self._held = b""

    def request(self) -> str:
        """Read the next request's head; ConnectionError when the client has hung up."""
        while b"\r\n\r\n" not in self._held:
            self._more()
        head, _, self._held = self._held.partition(b"\r\n\r\n")
        self.heads.append(head.decode("latin-1"))
        return self.heads[-1]

    def body(self, size: int) -> bytes:
        """Read that much of a body; ConnectionError when the client has hung up."""
        while len(self._held) < size:
            self._more()
        body, self._held = self._held[:size], self._held[size:]
        return body

    def whole(self) -> tuple[str, bytes]:
        """Read a request with its body."""
        head = self.request()
        length = header(head, "Content-Length")
        return head, self.body(int(length)) if length else b""

    def say(self, text: str | bytes) -> None:
        """Send as it is, line breaks made into those of HTTP."""
        data = text.replace("\n", "\r\n").encode("latin-1") if isinstance(text, str) else text
        self._sock.sendall(data)

    def answer(self, status: int, headers: str = "", body: bytes = b"") -> None:
        """Send a whole reply."""
        self.say(f"HTTP/1.1 {status} Words\nContent-Length: {len(body)}\n{headers}\n")
        self.say(body)

    def end(self) -> None:
        """Hang up."""
        self._sock.shutdown(socket.SHUT_RDWR)

    def reset(self) -> None:
        """Hang up with a reset instead of a goodbye."""
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self._sock.close()

    def _more(self) -> None:
        data = self._sock.recv(65536)
        if not data:
            raise ConnectionError("the client has hung up")
        self._held += data


def header(head: str, name: str) -> str | None:
    """One header of a request's head."""
    for line in head.split("\r\n")[1:]:
        key, _, value = line.partition(":")
        if key.lower() == name.lower():
            return value.strip()
    return None


class RawServer:
    """Calls the function once for each connection, in a thread of its own.

    Attributes:
        talks: All connections so far.
        url: Ends in a slash.
    """

    def __init__(self, serve: Callable[[Talk], None], listener: socket.socket | None = None) -> None:
        self.talks: list[Talk] = []
        self._serve = serve
        self._listener = listener or socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/"
        self._threads = [threading.Thread(target=self._accept)]
        self._socks: list[socket.socket] = []

    def wire(self, kind: str, timeouts: Timeouts | None = None) -> Wire:
        """A wire to it, of either kind."""
        location = Location.parse(self.url, "", None)
        if kind == "sockets":
            return SocketWire(location, timeouts=timeouts)
        import httpx

        times = timeouts or Timeouts()
        timeout = httpx.Timeout(times.operation_s, connect=times.connect_s)
        return HttpxWire(httpx.Client(timeout=timeout, trust_env=False), location.origin, owned=True)

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            sock.settimeout(_PATIENCE_S)
            self._socks.append(sock)
            thread = threading.Thread(target=self._talk, args=(sock,))
            self._threads.append(thread)
            thread.start()

    def _talk(self, sock: socket.socket) -> None:
        talk = Talk(sock)
        self.talks.append(talk)
        with sock, suppress(OSError):  # the client has had enough
            self._serve(talk)

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for sock in self._socks:
            with suppress(OSError):  # closed already
                sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(_PATIENCE_S)
