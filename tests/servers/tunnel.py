"""A small proxy that knows CONNECT (RFC 9110, section 9.3.6) and nothing else, as firewalls have them."""

import base64
import contextlib
import selectors
import socket
import threading
from types import TracebackType
from typing import Self

from tests.servers.http_stream import Stream
from tests.servers.listener import Listener

_TIMEOUT_S = 20.0


class Tunnel:
    """The running proxy: use it as a context manager.

    Attributes:
        url: Its address, without userinfo.
        heads: What it was told before each tunnel began; of what goes through one it understands nothing.
        passed_bytes: How much went through, both ways.

    Args:
        user: Who may use it; empty for anybody.
        password: Of `user`.
    """

    def __init__(self, user: str = "", password: str = "") -> None:
        self._login = base64.b64encode(f"{user}:{password}".encode()).decode() if user else ""
        self.heads: list[str] = []
        self.passed_bytes = 0
        self._listener = Listener(self.serve)
        self.port: int = self._listener.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._listener.serve_forever, args=(0.02,))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.shutdown()
        self._thread.join(10)
        self._listener.server_close()

    def serve(self, client: socket.socket) -> None:
        """Ask who it is, connect, and pass on what comes."""
        with contextlib.suppress(OSError):
            head = Stream(client).head()
            if head is None:
                return
            self.heads.append(head.raw.decode("latin-1"))
            method, address, _ = head.start
            if method != "CONNECT":
                client.sendall(b"HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\n\r\n")
            elif self._login and head.headers.get("proxy-authorization") != f"Basic {self._login}":
                client.sendall(
                    b"HTTP/1.1 407 Proxy Authentication Required\r\n"
                    b'Proxy-Authenticate: Basic realm="tunnel"\r\nContent-Length: 0\r\n\r\n'
                )
            else:
                host, _, port = address.rpartition(":")
                with socket.create_connection((host.strip("[]"), int(port)), _TIMEOUT_S) as server:
                    client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                    self._pass(client, server)

    def _pass(self, client: socket.socket, server: socket.socket) -> None:
        """Pass everything on until one of them hangs up."""
        with selectors.DefaultSelector() as selector:
            selector.register(client, selectors.EVENT_READ, server)
            selector.register(server, selectors.EVENT_READ, client)
            while ready := selector.select(_TIMEOUT_S):
                for key, _ in ready:
                    assert isinstance(key.fileobj, socket.socket)
                    data = key.fileobj.recv(65536)
                    if not data:
                        return
                    self.passed_bytes += len(data)
                    key.data.sendall(data)
