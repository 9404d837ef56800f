"""HTTP/1.1 on a socket, as little as a proxy needs: heads, and bodies in pieces, each byte as it came."""

import contextlib
import selectors
import socket
from collections.abc import Iterator
from dataclasses import dataclass

_PIECE_BYTES = 65536
_HEAD_LIMIT_BYTES = 262144
_TIMEOUT_S = 120.0

# A piece of a body: what crosses the wire, and how much of it is content and not the framing of chunks.
Piece = tuple[bytes, int]


class ConnectionEndedError(ConnectionError):
    """The other side went away in the middle of a message."""


@dataclass(frozen=True, slots=True)
class Head:
    """A start line with its headers.

    Attributes:
        raw: All of it as it was sent, with the empty line at its end.
        start: The three words of the start line.
        headers: Lower-case names; of repeated ones the last.
    """

    raw: bytes
    start: tuple[str, str, str]
    headers: dict[str, str]

    @property
    def status(self) -> int:
        """A reply's status."""
        return int(self.start[1])

    @property
    def closes(self) -> bool:
        """Whether its sender ends the connection after this message."""
        connection = self.headers.get("connection", "").lower()
        return "close" in connection or ("HTTP/1.0" in self.start and "keep-alive" not in connection)

    @property
    def chunked(self) -> bool:
        """Whether the body comes in chunks."""
        return self.headers.get("transfer-encoding", "").lower().endswith("chunked")

    @property
    def length(self) -> int | None:
        """The body's length where it is announced."""
        announced = self.headers.get("content-length")
        return None if announced is None else int(announced)


class Stream:
    """A connected socket with what has been received and not read yet."""

    def __init__(self, connection: socket.socket) -> None:
        connection.settimeout(_TIMEOUT_S)
        # Heads and bodies are sent apart: without this each exchange would wait for a delayed
        # acknowledgement.
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket = connection
        self.received = b""

    def send(self, data: bytes) -> None:
        """All of `data`, at the receiver's pace."""
        self.socket.sendall(data)

    def close(self) -> None:
        """End it in both directions, waking whoever waits for it in another thread."""
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()

    def head(self) -> Head | None:
        """The next head; None when the other side ended the connection instead."""
        while (end := self.received.find(b"\r\n\r\n")) < 0:
            if len(self.received) > _HEAD_LIMIT_BYTES:
                raise ConnectionEndedError("a head without an end")
            if not self._receive():
                if self.received:
                    raise ConnectionEndedError("in a head")
                return None
        raw = self._take(end + 4)
        first, *rest = raw.decode("latin-1")[:-4].split("\r\n")
        words = [*first.split(" ", 2), "", ""]
        pairs = (line.partition(":") for line in rest)
        headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
        return Head(raw, (words[0], words[1], words[2]), headers)

    def request_body(self, head: Head) -> Iterator[Piece]:
        """The body that follows a request's head."""
        return self._chunks() if head.chunked else self._exactly(head.length or 0)

    def reply_body(self, head: Head, method: str) -> Iterator[Piece]:
        """The body that follows the head of a reply to `method`."""
        if method == "HEAD" or head.status in (204, 304) or head.status < 200:
            return iter(())
        if head.chunked:
            return self._chunks()
        return self._to_the_end() if head.length is None else self._exactly(head.length)

    def _receive(self) -> bool:
        more = self.socket.recv(_PIECE_BYTES)
        self.received += more
        return bool(more)

    def _take(self, size: int) -> bytes:
        taken, self.received = self.received[:size], self.received[size:]
        return taken

    def _exactly(self, size: int) -> Iterator[Piece]:
        while size:
            if not self.received and not self._receive():
                raise ConnectionEndedError(f"{size} bytes before the end of a body")
            piece = self._take(size)
            size -= len(piece)
            yield piece, len(piece)

    def _to_the_end(self) -> Iterator[Piece]:
        while self.received or self._receive():
            piece = self._take(_PIECE_BYTES)
            yield piece, len(piece)

    def _line(self) -> bytes:
        while (end := self.received.find(b"\n")) < 0:
            if not self._receive():
                raise ConnectionEndedError("in a chunk's size")
        return self._take(end + 1)

    def _chunks(self) -> Iterator[Piece]:
        while True:
            line = self._line()
            yield line, 0
            size = int(line.partition(b";")[0], 16)
            if size == 0:
                break
            yield from self._exactly(size)
            yield self._line(), 0
        while True:
            trailer = self._line()
            yield trailer, 0
            if trailer in (b"\r\n", b"\n"):
                return


def cut(body: Iterator[Piece], after_bytes: int) -> Iterator[Piece]:
    """`body` up to `after_bytes` bytes of content."""
    left = after_bytes
    while left > 0:
        try:
            data, content = next(body)
        except StopIteration:
            return
        if content:
            data, content = data[:left], min(content, left)
        left -= content
        yield data, content


def content_of(body: Iterator[Piece]) -> bytes:
    """All of a body, without the framing of chunks."""
    return b"".join(data for data, content in body if content)


def wake_on_either(first: Stream, second: Stream) -> bool:
    """Wait until one of two idle connections has something to say; whether it is `first` with a message."""
    if first.received:
        return True
    with selectors.DefaultSelector() as selector:
        selector.register(first.socket, selectors.EVENT_READ)
        selector.register(second.socket, selectors.EVENT_READ)
        ready = {key.fileobj for key, _ in selector.select()}
    return second.socket not in ready
