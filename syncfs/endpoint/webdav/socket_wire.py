"""Requests over sockets of our own, each connection kept alive for the next request."""

from __future__ import annotations

import errno
import os
import time
import weakref
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from syncfs.endpoint.translate import translate
from syncfs.endpoint.webdav.connection import Connection, UnansweredError, connected, failure
from syncfs.endpoint.webdav.location import Location
from syncfs.endpoint.webdav.wire import USER_AGENT, Body, Reply, Timeouts, announced_bytes, measured
from syncfs.errors import PathError

if TYPE_CHECKING:
    import ssl

__all__ = ["SocketWire"]

_REPEATABLE = frozenset({"GET", "HEAD", "OPTIONS", "PROPFIND"})
"""What may be sent again although it may have been acted on.

Not DELETE nor MOVE: in between a stranger may have put something else in that place. Nor PUT: the server
may still be writing what the first one sent.
"""
_WARM_S = 1.0
"""A request that cannot be sent again goes on no connection that was idle for longer: servers hang up on
idle connections, and their goodbye may be on its way."""
_IDLE_CONNECTIONS = 64
_PORTS = {"http": 80, "https": 443}


class SocketWire:
    """Requests over plain sockets or TLS: see `Wire`.

    There are as many connections as requests at once; a thread that sends one after another uses the same.
    """

    def __init__(
        self,
        location: Location,
        *,
        tls: Callable[[], ssl.SSLContext] | None = None,
        headers: Mapping[str, str] | None = None,
        timeouts: Timeouts | None = None,
    ) -> None:
        """Connect to nobody yet.

        Args:
            location: Whose origin all requests go to.
            tls: Makes the context for `https`; called once, before the first connection.
            headers: Sent with every request.
            timeouts: For every operation.
        """
        given = {name.lower(): (name, value) for name, value in (headers or {}).items()}
        fixed = {"host": ("Host", location.authority), "user-agent": ("User-Agent", USER_AGENT)}
        fixed["accept"] = ("Accept", "*/*")
        # A compressed body would have another length than the file.
        fixed["accept-encoding"] = ("Accept-Encoding", "identity")
        fixed |= given
        self._fixed = fixed
        self._fixed_text = _lines(dict(fixed.values()))
        self._host = location.host
        self._port = location.port or _PORTS[location.scheme]
        self._make_tls = tls
        self._tls: ssl.SSLContext | None = None
        self._timeouts = timeouts or Timeouts()
        self._idle: list[Connection] = []
        self._pid = os.getpid()
        weakref.finalize(self, _close_all, self._idle)

    def send(self, method: str, target: str, headers: Mapping[str, str], body: Body) -> Reply:
        """Send one request: see `Wire.send`."""
        announced = announced_bytes(headers, body)
        try:
            head = self._head(method, target, headers, announced)
        except UnicodeEncodeError as error:
            raise translate(error) or error from None
        sendable: bytes | Iterable[bytes] = body or b""
        if not isinstance(sendable, bytes):
            sendable = measured(sendable, announced or 0)
        can_repeat = method in _REPEATABLE
        try:
            connection = self._kept(warm=not can_repeat)
            if connection is not None:
                try:
                    return connection.exchange(method, head, sendable, announced or 0)
                except UnansweredError:
                    if not can_repeat:
                        raise
            return self._connect().exchange(method, head, sendable, announced or 0)
        except OSError as error:
            raise failure(error) from None

    def _head(self, method: str, target: str, headers: Mapping[str, str], announced: int | None) -> bytes:
        own = _lines(headers)
        names = {name.lower() for name in headers}
        if "content-length" not in names:
            if announced is not None:
                own += f"Content-Length: {announced}\r\n"
            elif method == "PUT":
                own += "Content-Length: 0\r\n"
        fixed = self._fixed_text
        if not names.isdisjoint(self._fixed):
            fixed = _lines(dict(pair for name, pair in self._fixed.items() if name not in names))
        return f"{method} {target} HTTP/1.1\r\n{fixed}{own}\r\n".encode("ascii")

    def _kept(self, *, warm: bool) -> Connection | None:
        """An idle connection, the one that was used last; None when there is none that will do."""
        if self._pid != os.getpid():
            # After a fork: the sockets are the parent's. To close ours of them takes nothing from it.
            self._pid = os.getpid()
            _close_all(self._idle)
        while True:
            try:
                connection = self._idle.pop()
            except IndexError:
                return None
            idle_s = time.monotonic() - (connection.idle_since_s or 0.0)
            if not (warm and idle_s > _WARM_S) and not connection.is_stale():
                return connection
            connection.close()

    def _connect(self) -> Connection:
        if self._tls is None and self._make_tls is not None:
            self._tls = self._make_tls()
        sock = connected(self._host, self._port, self._tls, self._timeouts)
        # A weak one, or idle connections would keep the wire alive, which closes them when it goes.
        wire = weakref.ref(self)

        def keep(connection: Connection) -> None:
            if (alive := wire()) is not None and len(alive._idle) < _IDLE_CONNECTIONS:
                alive._idle.append(connection)
            else:
                connection.close()

        return Connection(sock, self._timeouts, keep)


def _lines(headers: Mapping[str, str]) -> str:
    """Headers as they are sent.

    Raises:
        PathError: One of them would be taken for more than one.
    """
    text = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
    if text.count("\n") != len(headers) or text.count("\r") != len(headers):
        raise PathError("a header cannot be sent: it holds a line break", code=errno.EINVAL)
    return text


def _close_all(connections: list[Connection]) -> None:
    while connections:
        connections.pop().close()
