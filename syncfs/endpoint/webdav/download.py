"""Read a file: for a copy, which must be whole and the expected one, and for a comparator."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, cast

from syncfs.core.entry import Entry
from syncfs.endpoint.endpoint import CHUNK_BYTES
from syncfs.endpoint.webdav.clock import SECOND_NS, parse_http_date
from syncfs.endpoint.webdav.etag import normalised_etag
from syncfs.endpoint.webdav.profile import Etags
from syncfs.endpoint.webdav.remote import Remote, is_racy
from syncfs.endpoint.webdav.session import Answer, drain, refusal, retry_after_s
from syncfs.endpoint.webdav.wire import Reply
from syncfs.errors import PathError, StaleEntryError, VerificationError

__all__ = ["WebdavSource", "opened", "stream"]

_FRUIT_BYTES = 64 << 10
_FRUITLESS_TRIES = 3
"""So many requests for the rest may bring less than that before the copy is given up."""

_AT_ONCE_BYTES = 8 << 10
"""What every server reads at once and nobody can tear; WsgiDAV and PHP take 8 KiB, rclone 32, Node 64. A copy
of 200 KB from rclone was seen to be of two versions."""


class WebdavSource:
    """A streamed GET that goes on where it broke off: see `Source`."""

    def __init__(self, remote: Remote, path: str, expect: Entry, reply: Reply) -> None:
        self.size_bytes = 0
        self.mode: int | None = None
        self._remote = remote
        self._path = path
        self._expect = expect
        self._reply = reply
        self._date_s = parse_http_date(reply.header("Date") or "")
        self._tag = self._continuing_tag(reply)
        self._is_resumed = False

    def __enter__(self) -> WebdavSource:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def is_racy(self) -> bool:
        """Whether the fingerprint may hide a later change, judged at the start of the reply."""
        return is_racy(self._expect, self._date_s, is_coarse=self._remote.profile.etags is Etags.COARSE)

    def check(self) -> None:
        """Make sure by the reply's head that it is the expected file, and learn its size.

        Raises:
            StaleEntryError: It is another one.
            PathError: Nobody tells its size.
        """
        length, size_bytes = _length(self._reply), self._expect.size_bytes
        if not _agrees(self._reply, length, self._expect):
            # The file's own headers may come from elsewhere than the listing's properties (a proxy, a
            # cache, another tag): only the property can say whether the entry is still the same.
            self._remote.expect(self._path, self._expect)
            if None not in (length, size_bytes) and length != size_bytes:
                raise StaleEntryError(
                    f"{self._path!r} has another size than the server lists", path=self._path
                )
        found = length if length is not None else size_bytes
        if found is None:
            raise PathError(f"the server does not tell the size of {self._path!r}", path=self._path)
        self.size_bytes = found

    def chunks(self) -> Iterator[bytes]:
        """Yield the content: see `Source.chunks`."""
        if self.size_bytes <= CHUNK_BYTES:
            content = b"".join(self._pieces())
            self._prove()
            if content:
                yield content
            return
        held = bytearray()
        for piece in self._pieces():
            held += piece
            # What is held back at the end is the proof's stake: it is yielded once all has come.
            while len(held) > CHUNK_BYTES:
                yield bytes(held[:CHUNK_BYTES])
                del held[:CHUNK_BYTES]
        self._prove()
        yield bytes(held)

    def close(self) -> None:
        """Let go of the connection."""
        self._reply.close()

    def _prove(self) -> None:
        """Make sure that what was received is one version of the file."""
        is_torn_by_others = self.size_bytes > _AT_ONCE_BYTES and not self._remote.profile.reads_whole
        if self._is_resumed or is_torn_by_others:
            # A server that does not promise otherwise writes into the file that it is sending: another
            # client's upload may have been mixed in.
            self._remote.expect(self._path, self._expect)

    def _pieces(self) -> Iterator[bytes]:
        """The body; where it breaks off, the rest is asked for, as long as each request brings some."""
        received = 0
        tries = 0
        while True:
            before = received
            try:
                for piece in self._reply.pieces():
                    received += len(piece)
                    if received > self.size_bytes:
                        raise VerificationError(
                            f"the server sends more of {self._path!r} than its {self.size_bytes} bytes",
                            path=self._path,
                        )
                    yield piece
                if received == self.size_bytes:
                    return
                failure: OSError = VerificationError(
                    f"the server sent {received} of the {self.size_bytes} bytes of {self._path!r}",
                    path=self._path,
                    retryable=True,
                )
            except (ConnectionError, TimeoutError) as error:
                if received == self.size_bytes:
                    return
                failure = error
            tries = 1 if received - before >= _FRUIT_BYTES else tries + 1
            if self._tag is None or not received or tries > _FRUITLESS_TRIES:
                raise failure
            self._resume(received, failure)

    def _resume(self, start: int, failure: OSError) -> None:
        """Ask for the rest of the very same content.

        Raises:
            OSError: `failure`, when the server gives anything else: the copy starts again.
        """
        self._reply.close()
        headers = {
            "Accept-Encoding": "identity",
            "Range": f"bytes={start}-",
            "If-Range": f'"{self._tag}"',
        }
        session, target = self._remote.session, self._remote.location.target(self._path)
        reply, _ = session.repeat(lambda: session.send("GET", target, headers))
        self._reply = reply
        # Some ignore If-Range and send the rest of whatever is there now: only the reply's own tag counts.
        is_rest = (
            reply.status == 206
            and (reply.header("Content-Range") or "").strip()
            == f"bytes {start}-{self.size_bytes - 1}/{self.size_bytes}"
            and reply.header("Content-Encoding") in (None, "", "identity")
            and _strong_tag(reply) == self._tag
        )
        if not is_rest:
            raise failure
        self._is_resumed = True

    def _continuing_tag(self, reply: Reply) -> str | None:
        """The tag by which the rest can be asked for; None when it would not prove that it is the rest."""
        return None if self.is_racy else _strong_tag(reply)


def _strong_tag(reply: Reply) -> str | None:
    """The reply's entity tag as it stands between its quotes; None when it is weak or no tag."""
    text = (reply.header("ETag") or "").strip()
    return text[1:-1] if len(text) > 2 and text[0] == text[-1] == '"' else None


class _Stream(io.RawIOBase):
    """A reply's body as a raw file."""

    def __init__(self, path: str, reply: Reply, size_bytes: int) -> None:
        super().__init__()
        self._path = path
        self._reply = reply
        self._pieces = reply.pieces()
        self._held = memoryview(b"")
        self._missing = size_bytes

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        into = memoryview(buffer).cast("B")  # type: ignore[arg-type]
        while not self._held:
            piece = next(self._pieces, None)
            if piece is None:
                if self._missing:
                    raise VerificationError(
                        f"the server sent too little of {self._path!r}", path=self._path, retryable=True
                    )
                return 0
            self._missing -= len(piece)
            if self._missing < 0:
                raise VerificationError(f"the server sends too much of {self._path!r}", path=self._path)
            self._held = memoryview(piece)
        size = min(len(into), len(self._held))
        into[:size] = self._held[:size]
        self._held = self._held[size:]
        return size

    def close(self) -> None:
        if not self.closed:
            self._reply.close()
        super().close()


def opened(remote: Remote, path: str, expect: Entry) -> WebdavSource:
    """Open a file for a copy: see `Endpoint.read`; it closes itself as a context manager."""
    source = WebdavSource(remote, path, expect, _get(remote, path))
    try:
        source.check()
    except BaseException:
        source.close()
        raise
    return source


@contextmanager
def stream(remote: Remote, path: str) -> Iterator[BinaryIO]:
    """Open a file for a comparator: see `Endpoint.open`."""
    reply = _get(remote, path)
    try:
        size_bytes = _length(reply)
        if size_bytes is None:
            # Without a length nothing would tell a file that was cut short, nor one that never ends.
            entry = remote.look(path)
            size_bytes = entry.size_bytes if entry is not None else None
        if size_bytes is None:
            raise PathError(f"the server does not tell the size of {path!r}", path=path)
        with io.BufferedReader(_Stream(path, reply, size_bytes), CHUNK_BYTES) as file:
            yield cast(BinaryIO, file)
    finally:
        reply.close()


def _get(remote: Remote, path: str) -> Reply:
    """Begin a GET, repeatedly if need be; the reply's status is 200."""
    return remote.session.repeat(lambda: _get_once(remote, path))


def _get_once(remote: Remote, path: str) -> Reply:
    # A compressed body would have another length than the file, and none to hold it to.
    headers = {"Accept-Encoding": "identity"}
    reply, _ = remote.session.send("GET", remote.location.target(path), headers)
    if reply.status != 200:
        answer = Answer(reply.status, None, retry_after_s(reply))
        drain(reply)
        reply.close()
        raise refusal(answer, "cannot read", path)
    if reply.header("Content-Encoding") not in (None, "", "identity"):
        reply.close()
        raise PathError(f"the server compresses {path!r} although it was asked for as it is", path=path)
    return reply


def _length(reply: Reply) -> int | None:
    text = reply.header("Content-Length") or ""
    return int(text) if text.isascii() and text.isdigit() else None


def _agrees(reply: Reply, length: int | None, expect: Entry) -> bool:
    """Whether the reply's headers, as far as they go, are those of the expected entry."""
    etag = normalised_etag(reply.header("ETag"))
    seconds = parse_http_date(reply.header("Last-Modified") or "")
    return (
        (length is None or expect.size_bytes is None or length == expect.size_bytes)
        and (etag is None or expect.etag is None or etag == expect.etag)
        and (seconds is None or expect.mtime_ns is None or seconds * SECOND_NS == expect.mtime_ns)
    )
