"""Read an HTTP/1.1 reply off a connection: its head within strict limits, its body by its framing.

RFC 9112, sections 4 to 6. `http.client` is not strict enough for a server that lies: it follows interim
replies and trailers without end, takes 103 for the final one, and a body cut short for a whole one.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple, Protocol

__all__ = ["HEAD_BYTES", "Head", "Incoming", "SocketReply", "broken", "parse_head"]

HEAD_BYTES = 64 << 10
"""The most that the head of a reply, or all its trailers, may have."""

PIECE_BYTES = 256 << 10
_LINE_BYTES = 4096
_STATUS_LINE = re.compile(r"HTTP/1\.([01]) ([1-5][0-9][0-9])(?: |$)")
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;|$)")
_DIGITS = re.compile(r"[0-9]{1,18}")
_FIELD = re.compile(r"^([!-9;-~]+):[ \t]*(.*)$", re.MULTILINE)
"""A line that is a header as every server writes it: one pass over all of them, where `_fields` takes five
steps for each."""


class Incoming(Protocol):
    """What arrives on a connection."""

    def receive(self, at_most: int) -> bytes:
        """Some bytes, no more than that many; none when the server has hung up."""
        ...

    def line(self, at_most: int) -> bytes:
        """One line without its end; ConnectionError when it is longer than that."""
        ...

    def release(self, *, reusable: bool) -> None:
        """The reply is done with."""
        ...


class Head(NamedTuple):
    """The head of a reply.

    Attributes:
        status: The status code.
        headers: Values by lower-case name; several of one name joined by commas.
        persists: Whether the server keeps the connection, provided that the body's end can be found.
    """

    status: int
    headers: dict[str, str]
    persists: bool


def broken(words: str) -> ConnectionError:
    """The exception for a reply that is none, or not whole."""
    return ConnectionResetError(errno.ECONNRESET, f"the connection failed: {words}")


def parse_head(raw: bytes) -> Head:
    """Take a head apart, given without the empty line at its end.

    Raises:
        ConnectionError: It is none.
    """
    first, _, rest = raw.decode("latin-1").partition("\n")
    match = _STATUS_LINE.match(first)
    if match is None:
        raise broken("the answer is not HTTP/1.1")
    found = _FIELD.findall(rest)
    headers = {name.lower(): value.strip() for name, value in found}
    if len(headers) <= rest.count("\n"):  # a line is something else, or a name comes twice
        headers = _fields(rest)
    connection = headers.get("connection", "").lower()
    persists = "close" not in connection if match[1] == "1" else "keep-alive" in connection
    return Head(int(match[2]), headers, persists)


def _fields(text: str) -> dict[str, str]:
    """The headers of a head, whatever they look like."""
    headers: dict[str, str] = {}
    name = ""
    for line in text.split("\n") if text else ():
        if line[:1] in (" ", "\t") and name:  # a folded line goes on with the one before
            headers[name] = f"{headers[name]} {line.strip()}"
            continue
        name, colon, value = line.partition(":")
        name = name.lower()
        if not colon or not name or name != name.strip():
            raise broken("a header of the answer is malformed")
        value = value.strip()
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


class SocketReply:
    """A reply whose body is still to be read: see `Reply`."""

    __slots__ = ("_headers", "_incoming", "_is_done", "_left", "_persists", "_read", "status")

    def __init__(self, incoming: Incoming, head: Head, method: str, *, was_sent: bool) -> None:
        """Begin to read a body.

        Args:
            incoming: Where it arrives.
            head: Has been read from there.
            method: Of the request.
            was_sent: Whether the request went as a whole; if not, its connection cannot be used again.

        Raises:
            ConnectionError: Its end cannot be found.
        """
        self.status = head.status
        self._headers = head.headers
        self._incoming = incoming
        self._persists = head.persists and was_sent
        self._is_done = False
        self._left = 0
        self._read: Callable[[], Iterator[bytes]] = self._counted
        coding = head.headers.get("transfer-encoding")
        length = head.headers.get("content-length")
        if method == "HEAD" or head.status in (204, 304):
            pass
        elif coding:
            if coding.lower() != "chunked":
                raise broken("the answer comes in a transfer coding that was not asked for")
            self._read = self._chunked
            # Both a coding and a length: who wrote one of them did not know of the other.
            self._persists = self._persists and length is None
            return
        elif length is not None:
            self._left = _length(length)
        else:
            self._persists = False
            self._read = self._until_closed
            return
        if not self._left:
            self._done()

    def header(self, name: str) -> str | None:
        """One header: see `Reply.header`."""
        return self._headers.get(name.lower())

    def pieces(self) -> Iterator[bytes]:
        """The body: see `Reply.pieces`."""
        return iter(()) if self._is_done else self._read()

    def close(self) -> None:
        """Let go: see `Reply.close`."""
        if not self._is_done:
            self._is_done = True
            self._incoming.release(reusable=False)

    def _done(self) -> None:
        self._is_done = True
        self._incoming.release(reusable=self._persists)

    def _counted(self) -> Iterator[bytes]:
        yield from self._take()
        self._done()

    def _take(self) -> Iterator[bytes]:
        """The next `_left` bytes."""
        receive = self._incoming.receive
        while self._left:
            piece = receive(min(self._left, PIECE_BYTES))
            if not piece:
                raise broken(f"the answer ended {self._left} bytes before its announced end")
            self._left -= len(piece)
            yield piece

    def _until_closed(self) -> Iterator[bytes]:
        while piece := self._incoming.receive(PIECE_BYTES):
            yield piece
        self._done()

    def _chunked(self) -> Iterator[bytes]:
        line = self._incoming.line
        while True:
            match = _CHUNK_SIZE.match(line(_LINE_BYTES))
            if match is None:
                raise broken("the answer's chunks are malformed")
            self._left = int(match[1], 16)
            if not self._left:
                break
            yield from self._take()
            if line(2):
                raise broken("the answer's chunks are malformed")
        received = 0
        while trailer := line(_LINE_BYTES):
            received += len(trailer)
            if received > HEAD_BYTES:
                raise broken("the answer's trailers are too long")
        self._done()


def _length(text: str) -> int:
    """`Content-Length`, which may be repeated, but not with another value (RFC 9112, section 6.3)."""
    if not _DIGITS.fullmatch(text):
        values = {value.strip() for value in text.split(",")}
        text = values.pop()
        if values or not _DIGITS.fullmatch(text):
            raise broken("the answer's Content-Length makes no sense")
    return int(text)
