"""One connection to a server: a request goes out, and the head of its reply comes in."""

from __future__ import annotations

import errno
import re
import select
import socket
import struct
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, cast

from syncfs.endpoint.translate import translate
from syncfs.endpoint.webdav.reply import HEAD_BYTES, Head, SocketReply, broken, parse_head
from syncfs.endpoint.webdav.wire import LEAST_BYTES, Timeouts

if TYPE_CHECKING:
    import ssl

__all__ = ["Connection", "UnansweredError", "connected", "failure"]

_INTERIM_REPLIES = 32
_RECEIVE_BYTES = 16 << 10
_AT_ONCE_BYTES = 64 << 10
"""A body up to this goes with its head in one piece; a larger one is sent watching for an early reply."""

_FAILED = "the connection failed: "
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_LINE_END = re.compile(rb"\r?\n")
_BY_KERNEL = sys.platform == "linux" and struct.calcsize("l") == 8
"""Whether the kernel bounds the operations on a plain socket. Under a timeout of Python's each takes two
system calls, the first only to wait; and after each the interpreter's lock has to be waited for."""
_ON_ITS_WAY_S = 1.0
"""How long a reply is waited for after sending failed: it arrived before the failure, or never will."""


class UnansweredError(ConnectionResetError):
    """The server hung up before the first byte of a reply."""


def failure(error: OSError) -> OSError:
    """What to raise for what a socket or TLS raised: the same words as through any other library."""
    ours = translate(error)
    if ours is None and isinstance(error, ConnectionError) and not _says_so(error):
        return ConnectionError(error.errno, _FAILED + (error.strerror or type(error).__name__))
    return ours or error


def _says_so(error: ConnectionError) -> bool:
    return (error.strerror or "").startswith(_FAILED)


def _unanswered(words: str) -> UnansweredError:
    said = words if words.startswith(_FAILED) else _FAILED + words
    return UnansweredError(errno.ECONNRESET, said)


def connected(host: str, port: int, tls: ssl.SSLContext | None, timeouts: Timeouts) -> socket.socket:
    """Open a socket to a server.

    Raises:
        OSError: As the system, or the TLS library, raises it.
    """
    # As bytes: for a text Python loads its table of international names first.
    name = cast("str", host.encode("ascii")) if host.isascii() else host
    sock = socket.create_connection((name, port), timeouts.connect_s)
    try:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # A server may compute for minutes: without it, whoever keeps track in between forgets us.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        if tls is not None:
            sock = tls.wrap_socket(sock, server_hostname=host)
        _bound(sock, timeouts.operation_s)
    except BaseException:
        sock.close()
        raise
    return sock


def _bound(sock: socket.socket, timeout_s: float | None) -> None:
    """Let no further operation on a socket take longer."""
    if not _BY_KERNEL or _is_encrypted(sock):
        sock.settimeout(timeout_s)
        return
    if sock.gettimeout() is not None:
        sock.settimeout(None)
    whole_us = 0 if timeout_s is None else max(1, int(timeout_s * 1e6))
    for option in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
        sock.setsockopt(socket.SOL_SOCKET, option, struct.pack("ll", *divmod(whole_us, 1_000_000)))


def _is_encrypted(sock: socket.socket) -> bool:
    tls = sys.modules.get("ssl")  # a run over plain http does not load it, which takes 4 ms
    return tls is not None and isinstance(sock, tls.SSLSocket)


def _means(error: OSError, *names: str) -> bool:
    """Whether an error is one of the `ssl` module's."""
    return type(error).__module__ == "ssl" and type(error).__name__ in names


class Connection:
    """A socket, used for one request at a time.

    Attributes:
        idle_since_s: When its last reply was done with, by the monotonic clock; None before the first.
    """

    def __init__(self, sock: socket.socket, timeouts: Timeouts, keep: Callable[[Connection], None]) -> None:
        """Take over a socket.

        Args:
            sock: Belongs to the connection from now on.
            timeouts: For its operations.
            keep: Called when a reply is done with and the connection can be used again.
        """
        self.idle_since_s: float | None = None
        self._sock = sock
        self._timeouts = timeouts
        self._keep = keep
        self._held = b""
        self._waited_s = 0.0
        self._came_bytes = 0
        self._at_once = socket.MSG_DONTWAIT if _BY_KERNEL and not _is_encrypted(sock) else 0

    def close(self) -> None:
        """Hang up."""
        self._sock.close()

    def is_stale(self) -> bool:
        """Whether the server has hung up, or said something unasked, since the last reply."""
        return _ready(self._sock, 0, write=False)[0]

    def exchange(
        self, method: str, head: bytes, body: bytes | Iterable[bytes], announced: int
    ) -> SocketReply:
        """Send a request and wait for the head of its reply.

        Args:
            method: Its method.
            head: Its head.
            body: Its body, empty for none.
            announced: The body's size.

        Raises:
            UnansweredError: The server hung up instead of answering.
            OSError: The connection failed.
            BaseException: Whatever the pieces of the body raise.
        """
        self._waited_s, self._came_bytes = 0.0, 0
        try:
            reply = self._send(head, body)
            was_sent = reply is None
            if reply is None:
                reply = self._head(self._timeouts.reply_s(announced))
            return SocketReply(self, reply, method, was_sent=was_sent)
        except BaseException:
            self.close()
            raise

    def _send(self, head: bytes, body: bytes | Iterable[bytes]) -> Head | None:
        """Send everything; stop and return the reply when it comes before the end."""
        try:
            if isinstance(body, bytes) and len(body) <= _AT_ONCE_BYTES:
                self._sock.sendall(head + body if body else head)
                return None
            for piece in _halved(body) if isinstance(body, bytes) else body:
                early = self._push(memoryview(head + piece if head else piece))
                if early is not None:
                    return early
                head = b""
            if head:  # there was no piece
                self._sock.sendall(head)
        except BlockingIOError:  # the kernel's word for it
            raise TimeoutError("timed out") from None
        except OSError as error:
            if isinstance(error, BrokenPipeError | ConnectionResetError) or _means(error, "SSLEOFError"):
                return self._last_words(error)
            raise
        return None

    def _push(self, view: memoryview) -> Head | None:
        """Send one piece; stop and return the reply when it comes before the end."""
        waits_s = self._timeouts.operation_s
        while view:
            readable, writable = _ready(self._sock, waits_s, write=True)
            if not (readable or writable):
                raise TimeoutError
            if readable and (early := self._early()) is not None:
                return early
            if writable:
                with suppress(BlockingIOError):
                    view = view[self._sock.send(view, self._at_once) :]
        return None

    def _early(self) -> Head | None:
        """The final reply, if it is what has arrived."""
        self._sock.settimeout(0)
        try:
            self._held += self._sock.recv(_RECEIVE_BYTES)
        except OSError as error:
            if isinstance(error, BlockingIOError) or _means(error, "SSLWantReadError", "SSLWantWriteError"):
                return None  # TLS's own: a ticket, say
            raise
        finally:
            _bound(self._sock, self._timeouts.operation_s)
        if not self._held:
            raise _unanswered("the server hung up during the upload")
        while self._held:
            head = self._one_head()
            if head.status >= 200:
                return head
        return None

    def _last_words(self, error: OSError) -> Head:
        """The reply of a server that hung up before it had everything: 413, say."""
        try:
            return self._head(_ON_ITS_WAY_S)
        except OSError:
            raise error if self._held else _unanswered(error.strerror or "") from None

    def _head(self, timeout_s: float | None) -> Head:
        """The head of the final reply."""
        sock = self._sock
        if timeout_s != self._timeouts.operation_s:
            _bound(sock, timeout_s)
        for _ in range(_INTERIM_REPLIES):
            head = self._one_head()
            if head.status >= 200:
                if timeout_s != self._timeouts.operation_s:
                    _bound(sock, self._timeouts.operation_s)
                return head
        raise broken("the server sends interim replies without end")

    def _one_head(self) -> Head:
        """The head of one reply, interim ones too."""
        held = self._held
        searched = 0
        while (match := _HEAD_END.search(held, searched)) is None:
            searched = max(0, len(held) - 3)
            if len(held) > HEAD_BYTES:
                raise broken("the head of the answer is too long")
            if held and not held.startswith(b"HTTP/"[: len(held)]):
                raise broken("the answer is not HTTP/1.1")
            try:
                received = self._receive(_RECEIVE_BYTES, has_begun=bool(held))
            except ConnectionError as error:
                if held:
                    raise
                raise _unanswered(error.strerror or "") from None
            if not received:
                if held:
                    raise broken("the server hung up in the middle of its answer")
                raise _unanswered("the server hung up without an answer")
            held += received
            self._held = held
        self._held = held[match.end() :]
        return parse_head(held[: match.start()].replace(b"\r\n", b"\n"))

    def receive(self, at_most: int) -> bytes:
        """Some bytes of the body: see `Incoming`."""
        held = self._held
        if not held:
            return self._receive(at_most)
        self._held = held[at_most:]
        return held[:at_most]

    def line(self, at_most: int) -> bytes:
        """One line of a chunked body: see `Incoming`."""
        while (match := _LINE_END.search(self._held)) is None:
            if len(self._held) > at_most:
                raise broken("the answer's chunks are malformed")
            received = self._receive(_AT_ONCE_BYTES)
            if not received:
                raise broken("the server hung up in the middle of its answer")
            self._held += received
        line = self._held[: match.start()]
        self._held = self._held[match.end() :]
        return line

    def _receive(self, at_most: int, *, has_begun: bool = True) -> bytes:
        before_s = time.monotonic()
        try:
            received = self._sock.recv(at_most)
            if has_begun:
                self._keep_pace(len(received), time.monotonic() - before_s)
            return received
        except BlockingIOError:  # the kernel's word for it
            raise TimeoutError("timed out") from None
        except OSError as error:
            # Here too, because a body is read long after the request was sent.
            raise failure(error) from None

    def _keep_pace(self, came_bytes: int, waited_s: float) -> None:
        """Count what came and how long we waited for it, not what we did in between.

        A server that sends a byte a second keeps every single wait short, and us for ever. That it thinks
        before it begins is another matter.

        Raises:
            TimeoutError: It is too slow to be waited for.
        """
        self._waited_s += waited_s
        self._came_bytes += came_bytes
        if self._came_bytes >= LEAST_BYTES:
            self._waited_s, self._came_bytes = 0.0, 0
        elif self._timeouts.operation_s is not None and self._waited_s > self._timeouts.operation_s:
            raise TimeoutError

    def release(self, *, reusable: bool) -> None:
        """The reply is done with: see `Incoming`."""
        # What was sent beyond a reply's end must never be taken for the next one.
        has_surplus = bool(self._held) or self._has_pending()
        if reusable and not has_surplus:
            self.idle_since_s = time.monotonic()
            self._keep(self)
        else:
            self.close()

    def _has_pending(self) -> bool:
        """Whether TLS holds bytes that are decrypted already."""
        sock = self._sock
        return _is_encrypted(sock) and cast("ssl.SSLSocket", sock).pending() > 0


def _halved(body: bytes) -> tuple[memoryview, memoryview]:
    """A body in two, so that not all of it is copied behind the head."""
    view = memoryview(body)
    return view[:_AT_ONCE_BYTES], view[_AT_ONCE_BYTES:]


if hasattr(select, "poll"):

    def _ready(sock: socket.socket, timeout_s: float | None, *, write: bool) -> tuple[bool, bool]:
        """Wait until it can be read from (or has failed), or written to."""
        poll = select.poll()
        poll.register(sock, select.POLLIN | (select.POLLOUT if write else 0))
        found = poll.poll(None if timeout_s is None else timeout_s * 1000)
        flags = found[0][1] if found else 0
        return bool(flags & ~select.POLLOUT), bool(flags & select.POLLOUT)

else:  # Windows

    def _ready(sock: socket.socket, timeout_s: float | None, *, write: bool) -> tuple[bool, bool]:
        """Wait until it can be read from (or has failed), or written to."""
        readable, writable, _ = select.select([sock], [sock] if write else [], [], timeout_s)
        return bool(readable), bool(writable)
