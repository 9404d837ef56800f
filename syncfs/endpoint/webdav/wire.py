"""The narrow seam through which every request goes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Protocol

from syncfs._version import __version__
from syncfs.errors import VerificationError

__all__ = [
    "LEAST_BYTES",
    "USER_AGENT",
    "Body",
    "Reply",
    "Timeouts",
    "Wire",
    "announced_bytes",
    "drain",
    "measured",
]

Body = bytes | Iterable[bytes] | None
"""Bytes, which can be sent twice; or pieces, which cannot."""

USER_AGENT = f"syncfs/{__version__}"

_UPLOAD_BYTES_PER_S = 4 << 20


_DRAIN_BYTES = 256 << 10
LEAST_BYTES = 1 << 10
"""What a server must send in the time that one operation may take, if it is to be waited for."""


class Reply(Protocol):
    """The reply to one request; to be closed.

    Attributes:
        status: The status code.
    """

    status: int

    def header(self, name: str) -> str | None:
        """One header, whatever its case, its several values joined by commas; None when it is missing."""
        ...

    def pieces(self) -> Iterator[bytes]:
        """The body as it arrives, once, undecoded, in pieces of at most a few hundred KiB.

        Raises:
            ConnectionError: It broke off, or was shorter than it was announced.
            TimeoutError: Nothing came for too long.
        """
        ...

    def close(self) -> None:
        """Let go: the connection is kept when the body was read to its end, else dropped."""
        ...


class Wire(Protocol):
    """Sends requests; used by many threads at once."""

    def send(self, method: str, target: str, headers: Mapping[str, str], body: Body) -> Reply:
        """Send one request and wait for the head of its reply; redirects are not followed.

        A reply that comes while the body is still being sent ends the sending.

        Args:
            method: HTTP's or WebDAV's.
            target: The quoted path.
            headers: To be added to the client's own.
            body: Bytes; or pieces, sent as they come, with `Content-Length` among the headers.

        Raises:
            EndpointUnavailableError: The server's certificate is not trusted, or it wants one of us.
            VerificationError: The pieces are more or fewer bytes than was announced.
            ConnectionError: It cannot be reached, or hung up.
            TimeoutError: No answer in time.
        """
        ...


class Timeouts:
    """How long to wait, in seconds; None for ever.

    Each is for one operation on the socket, so a slow but steady transfer never ends in one.

    Attributes:
        connect_s: For a connection, its handshake included.
        operation_s: For the next bytes to come, or to be taken; and for the next 1 KiB of a reply, so that
            one that comes byte by byte ends too.
    """

    __slots__ = ("_is_default", "connect_s", "operation_s")

    def __init__(self, connect_s: float | None = 10.0, operation_s: float | None = 30.0) -> None:
        self.connect_s = connect_s
        self.operation_s = operation_s
        self._is_default = (connect_s, operation_s) == (10.0, 30.0)

    def reply_s(self, sent_bytes: int) -> float | None:
        """For the reply to a body of this size.

        A server may have to copy or to scan what it got before it answers; only a user who has set a
        time himself is taken at his word.
        """
        if self.operation_s is None or not self._is_default or sent_bytes < _UPLOAD_BYTES_PER_S:
            return self.operation_s  # not one of its own for a second more: to set it takes two system calls
        return self.operation_s + sent_bytes / _UPLOAD_BYTES_PER_S


def announced_bytes(headers: Mapping[str, str], body: Body) -> int | None:
    """How long the body is; None without one.

    Raises:
        ValueError: Pieces without a `Content-Length`.
    """
    if body is None:
        return None
    return len(body) if isinstance(body, bytes) else int(headers.get("Content-Length", ""))


def measured(pieces: Iterable[bytes], announced: int) -> Iterator[bytes]:
    """Pass the pieces on, as long as they are what was announced.

    Raises:
        VerificationError: They are more, or fewer: their source grew or shrank under our hands.
    """
    sent = 0
    for piece in pieces:
        sent += len(piece)
        if sent > announced:
            raise VerificationError(f"the source gave more than its {announced} bytes", retryable=True)
        yield piece
    if sent < announced:
        raise VerificationError(f"the source gave {sent} of its {announced} bytes", retryable=True)


def drain(reply: Reply) -> None:
    """Read the rest of a body, so that its connection can be used again; not if it is large."""
    received = 0
    try:
        for piece in reply.pieces():
            received += len(piece)
            if received > _DRAIN_BYTES:
                return
    except OSError:
        return  # the status has come, and that was all we wanted
