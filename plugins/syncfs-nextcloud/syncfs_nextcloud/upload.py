"""Put a file in place: in one request, or in chunks."""

from __future__ import annotations

import errno
import hashlib
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from typing import NamedTuple

from syncfs.core.entry import Entry, Kind, Written
from syncfs.endpoint.endpoint import Content
from syncfs.endpoint.webdav.clock import SECOND_NS
from syncfs.endpoint.webdav.etag import normalised_etag
from syncfs.endpoint.webdav.location import quoted
from syncfs.endpoint.webdav.remote import Remote
from syncfs.endpoint.webdav.session import Answer, drain, retry_after_s
from syncfs.errors import StaleEntryError, SyncfsError, VerificationError

__all__ = ["Uploads"]

_SEND_BYTES = 128 << 10
_MOST_CHUNKS = 10_000


class _Reply(NamedTuple):
    """What a write's reply says of the file."""

    answer: Answer
    file_id: str | None
    takes_mtime: bool
    sha256: str | None


class Uploads:
    """Writes files to one root; used by many threads at once.

    Args:
        remote: The root.
        segments: Where uploads in chunks are gathered.
        chunk_bytes: The size of each but the last.
    """

    def __init__(self, remote: Remote, segments: tuple[str, ...], chunk_bytes: int) -> None:
        self._remote = remote
        self._root = "/" + "".join(quoted(segment) + "/" for segment in segments)
        self._chunk_bytes = chunk_bytes
        self._settling = threading.Lock()
        self._is_true: bool | None = None
        """Whether the first write's reply was seen to be true; None before it."""

    def put(self, path: str, content: Content, expect: Entry | None) -> Entry | Written:
        """Write what is small enough to be in hand, with one PUT.

        Raises:
            StaleEntryError: The target is not what was expected.
            VerificationError: The server has other bytes than were sent, or the source gave others.
        """
        body = b"".join(_exactly(content))
        digest = hashlib.sha256(body, usedforsecurity=False).hexdigest()
        headers = {
            "Content-Type": "application/octet-stream",
            "Content-Length": str(len(body)),
            "X-Hash": "sha256",
            **self._facts(content.mtime_ns, digest),
            **self._conditions(path, expect),
        }
        target = self._remote.location.target(path)
        start_ns = time.time_ns()
        try:
            reply = self._ask("PUT", target, headers, body)
        except ConnectionError as error:
            if error.errno not in (errno.ECONNRESET, errno.EPIPE):
                raise
            reply = self._ask("PUT", target, headers, body)  # it hung up on an idle connection
        self._demand(reply.answer, path, expect)
        if reply.sha256 is not None and reply.sha256.lower() != digest:
            raise VerificationError(
                f"the server has other bytes of {path!r} than were sent", path=path, retryable=True
            )
        return self._settled(path, content, digest, reply, start_ns)

    def put_in_chunks(self, path: str, content: Content, expect: Entry | None, token: str) -> Entry | Written:
        """Write in requests of one chunk each, which the server puts together and in place at the end.

        Nothing is seen of it before. What is uploaded in vain is removed; where even that fails the server
        removes it after a day.

        Raises:
            StaleEntryError: The target is not what was expected, when all of it has been sent.
            VerificationError: The source gave other bytes than it announced.
        """
        chunk_bytes = max(self._chunk_bytes, -(-content.size_bytes // _MOST_CHUNKS))
        location = self._remote.location
        directory, destination = f"{self._root}{quoted(f'syncfs-{token}')}/", location.absolute(path)
        common = {"Destination": destination, "OC-Total-Length": str(content.size_bytes)}
        self._begin(directory, common, path)
        start_ns = time.time_ns()
        is_done = False
        try:
            pieces = _Pieces(content)
            for number, start in enumerate(range(0, content.size_bytes, chunk_bytes), 1):
                size = min(chunk_bytes, content.size_bytes - start)
                headers = {**common, "Content-Length": str(size), "Content-Type": "application/octet-stream"}
                answer = self._send(f"{directory}{number:05}", headers, pieces, size)
                if not 200 <= answer.status < 300:
                    raise self._remote.failure(answer, "cannot write", path)
            pieces.finish()
            digest = pieces.digest.hexdigest()
            headers = {
                **common,
                **self._facts(content.mtime_ns, digest),
                "Overwrite": "F" if expect is None else "T",
            }
            if expect is not None:
                if expect.etag is None:
                    self._remote.expect(path, expect)
                else:
                    # If-Match would be about what is moved; this names the target (RFC 4918, 10.4).
                    headers["If"] = f'<{destination}> (["{expect.etag}"])'
            reply = self._ask("MOVE", f"{directory}.file", headers, None)
            self._demand(reply.answer, path, expect)
            is_done = True
        finally:
            if not is_done:
                with suppress(OSError, SyncfsError):
                    self._remote.session.ask("DELETE", directory, {})
        return self._looked_at(path, content, digest, reply, start_ns)

    def _begin(self, directory: str, headers: dict[str, str], path: str) -> None:
        ask = self._remote.session.ask
        answer = ask("MKCOL", directory, headers)
        if answer.status == 405:  # an earlier try's, which could not be removed
            ask("DELETE", directory, {})
            answer = ask("MKCOL", directory, headers)
        if answer.status != 201:
            raise self._remote.failure(answer, "cannot begin to write", path)

    def _send(self, target: str, headers: dict[str, str], pieces: _Pieces, size: int) -> Answer:
        try:
            return self._remote.session.ask("PUT", target, headers, pieces.take(size))
        except Exception:
            if pieces.error is not None:
                raise pieces.error from None  # the source's fault, not the wire's
            raise

    def _ask(self, method: str, target: str, headers: dict[str, str], body: bytes | None) -> _Reply:
        reply, _ = self._remote.session.send(method, target, headers, body)
        with closing(reply):
            found = _Reply(
                Answer(reply.status, reply.header("OC-ETag") or reply.header("ETag"), retry_after_s(reply)),
                reply.header("OC-FileId"),
                (reply.header("X-OC-MTime") or "").strip().lower() == "accepted",
                reply.header("X-Hash-SHA256"),
            )
            drain(reply)
        return found

    def _facts(self, mtime_ns: int | None, digest: str) -> dict[str, str]:
        """What the server is to keep with the file."""
        facts = {"OC-Checksum": f"SHA256:{digest}"}
        if mtime_ns is not None and mtime_ns >= SECOND_NS:  # 0 and less mean "not given"
            facts["X-OC-Mtime"] = str(mtime_ns // SECOND_NS)
        return facts

    def _conditions(self, path: str, expect: Entry | None) -> dict[str, str]:
        if expect is None:
            return {"If-None-Match": "*"}
        if expect.etag is None:
            self._remote.expect(path, expect)
            return {}
        return {"If-Match": f'"{expect.etag}"'}

    def _demand(self, answer: Answer, path: str, expect: Entry | None) -> None:
        if answer.status == 412:
            what = "appeared" if expect is None else "changed"
            raise StaleEntryError(f"{path!r} has {what} on the server", path=path)
        if not 200 <= answer.status < 300:
            raise self._remote.failure(answer, "cannot write", path)

    def _settled(
        self, path: str, content: Content, digest: str, reply: _Reply, start_ns: int
    ) -> Entry | Written:
        """What the file looks like now, by the reply where such replies are known to be true."""
        told = self._told(content, digest, reply)
        if told is None:
            return self._looked_at(path, content, digest, reply, start_ns)
        with self._settling:  # many begin at once: one looks, the others wait for what it sees
            if self._is_true is None:
                seen = self._looked_at(path, content, digest, reply, start_ns)
                if isinstance(seen, Entry):
                    self._is_true = seen == told
                return seen
        return told if self._is_true else self._looked_at(path, content, digest, reply, start_ns)

    def _told(self, content: Content, digest: str, reply: _Reply) -> Entry | None:
        """The entry that the reply lets us expect; None when it does not tell enough."""
        etag = normalised_etag(reply.answer.etag)
        if etag is None or reply.file_id is None or not reply.takes_mtime or content.mtime_ns is None:
            return None
        mtime_ns = content.mtime_ns // SECOND_NS * SECOND_NS
        return Entry(Kind.FILE, content.size_bytes, mtime_ns, etag, f"sha256:{digest}", reply.file_id)

    def _looked_at(
        self, path: str, content: Content, digest: str, reply: _Reply, start_ns: int
    ) -> Entry | Written:
        """What the file looks like now, if it can be ours and nobody else's later one."""
        etag = normalised_etag(reply.answer.etag)
        seen = self._remote.look(path)
        if seen is not None and seen.size_bytes == content.size_bytes:
            if etag is not None and seen.etag == etag:
                return seen
            if etag is None and seen.digest == f"sha256:{digest}":
                return seen
        earliest_ns, latest_ns = self._remote.session.clock.window(start_ns, time.time_ns())
        if reply.takes_mtime and content.mtime_ns is not None:
            earliest_ns = latest_ns = content.mtime_ns // SECOND_NS * SECOND_NS
        return Written(content.size_bytes, etag, earliest_ns, latest_ns)


class _Pieces:
    """A content, given out in parts of any size, and digested on the way."""

    def __init__(self, content: Content) -> None:
        self._chunks = iter(content.chunks)
        self._held = b""
        self.digest = hashlib.sha256(usedforsecurity=False)
        self.error: BaseException | None = None

    def take(self, size: int) -> Iterator[bytes]:
        """The next so many bytes, in small pieces."""
        while size:
            if not self._held:
                self._held = self._next()
            piece, self._held = self._held[: min(size, _SEND_BYTES)], self._held[min(size, _SEND_BYTES) :]
            self.digest.update(piece)
            size -= len(piece)
            yield piece

    def finish(self) -> None:
        """Make sure that the source has no more than it announced.

        Raises:
            VerificationError: It has.
        """
        if self._held or next(self._chunks, b""):
            raise VerificationError("the source gave more bytes than it announced", retryable=True)

    def _next(self) -> bytes:
        try:
            chunk = next(self._chunks, None)
            if chunk is None:
                raise VerificationError("the source gave fewer bytes than it announced", retryable=True)
            return chunk
        except Exception as error:
            self.error = error
            raise


def _exactly(content: Content) -> Iterator[bytes]:
    """The chunks, as long as they are what was announced."""
    size = 0
    for chunk in content.chunks:
        size += len(chunk)
        yield chunk
    if size != content.size_bytes:
        raise VerificationError(
            f"the source gave {size} bytes instead of {content.size_bytes}", retryable=True
        )
