"""Put a file in place: two ways, and which of them a server needs."""

from __future__ import annotations

import errno
import time
from collections.abc import Iterator
from contextlib import suppress

from syncfs.core import paths
from syncfs.core.entry import Entry, Written
from syncfs.endpoint.endpoint import CHUNK_BYTES, Content
from syncfs.endpoint.webdav.etag import normalised_etag, tells_size
from syncfs.endpoint.webdav.remote import Remote
from syncfs.endpoint.webdav.session import Answer
from syncfs.errors import PathError, StaleEntryError, SyncfsError, VerificationError

__all__ = ["publish"]

_SEND_BYTES = 128 << 10
"""What is handed to the socket at once: httpcore copies the rest of a piece after each partial send."""


def publish(remote: Remote, path: str, content: Content, *, expect: Entry | None, token: str) -> Written:
    """Write a file so that whoever looks sees the old content or the new, whole: see `Endpoint.write`."""
    profile = remote.profile
    # A condition is checked when its PUT begins: a stranger who writes while a large body is on its way
    # would be overwritten unseen.
    is_brief = content.size_bytes <= CHUNK_BYTES
    if is_brief and profile.puts_atomically and profile.honours_conditions:
        return _put_in_place(remote, path, content, expect)
    return _put_and_move(remote, path, content, expect, token)


class _Body:
    """A content as a request's body, watched: how much of it went, and what its source raised."""

    def __init__(self, content: Content) -> None:
        self._content = content
        self.error: BaseException | None = None
        self.is_sent = False

    def __iter__(self) -> Iterator[bytes]:
        announced = self._content.size_bytes
        sent = 0
        try:
            for chunk in self._content.chunks:
                sent += len(chunk)
                if sent > announced:
                    raise VerificationError(
                        f"the source gave more than its {announced} bytes", retryable=True
                    )
                if len(chunk) <= _SEND_BYTES:
                    yield chunk
                    continue
                for start in range(0, len(chunk), _SEND_BYTES):
                    yield chunk[start : start + _SEND_BYTES]
            if sent < announced:
                raise VerificationError(f"the source gave {sent} of its {announced} bytes", retryable=True)
        except Exception as error:
            # Raised through the HTTP library, which tears the connection: the server sees an aborted
            # PUT. Kept aside because it is the source's fault, not the wire's.
            self.error = error
            raise
        self.is_sent = True


def _put(remote: Remote, path: str, content: Content, conditions: dict[str, str]) -> tuple[Answer, int, int]:
    """Send one PUT.

    Returns:
        The answer, and our clock in nanoseconds before and after.

    Raises:
        VerificationError: The server said yes before it had everything.
        OSError: What the source raised, as it is; or the connection's failure.
    """
    headers = {
        "Content-Type": "application/octet-stream",
        "Content-Length": str(content.size_bytes),
        **conditions,
    }
    target = remote.location.target(path)
    session = remote.session
    if content.size_bytes <= CHUNK_BYTES:
        # In hand as a whole: the source is known to be sound before anything is sent, and the request
        # can be sent again when the server hangs up on an idle connection.
        small = b"".join(_Body(content))
        start_ns = time.time_ns()
        try:
            answer = session.ask("PUT", target, headers, small)
        except ConnectionError as error:
            if error.errno not in (errno.ECONNRESET, errno.EPIPE):
                raise
            answer = session.ask("PUT", target, headers, small)
        return answer, start_ns, time.time_ns()
    body = _Body(content)
    start_ns = time.time_ns()
    try:
        answer = session.ask("PUT", target, headers, body)
    except Exception:
        if body.error is not None:
            raise body.error from None
        raise
    if answer.status < 300 and not body.is_sent:
        raise VerificationError(
            f"the server confirmed {path!r} before it had all of it", path=path, retryable=True
        )
    return answer, start_ns, time.time_ns()


def _put_in_place(remote: Remote, path: str, content: Content, expect: Entry | None) -> Written:
    """One PUT, for a server that keeps the old file until it has the new one."""
    conditions = {"If-None-Match": "*"} if expect is None else remote.put_conditions(path, expect)
    answer, start_ns, end_ns = _put(remote, path, content, conditions)
    if answer.status == 412:
        raise StaleEntryError(
            f"{path!r} has {'appeared' if expect is None else 'changed'} on the server", path=path
        )
    if not 200 <= answer.status < 300:
        raise remote.failure(answer, "cannot write", path)
    earliest_ns, latest_ns = remote.session.clock.window(start_ns, end_ns)
    return Written(content.size_bytes, normalised_etag(answer.etag), earliest_ns, latest_ns)


def _put_and_move(remote: Remote, path: str, content: Content, expect: Entry | None, token: str) -> Written:
    """PUT under a temporary name, then MOVE, for a server whose PUT truncates in place or is unknown.

    MOVE with `Overwrite: F` is the one guard that every server was seen to heed.
    """
    session, location = remote.session, remote.location
    destination = remote.destination(path)
    directory, _ = paths.split(path)
    run, _, number = token.rpartition("-")
    name = paths.temp_name(run, int(number), hidden=remote.profile.lists_dotfiles)
    temporary = paths.join(directory, name)
    is_published = False
    try:
        answer, start_ns, end_ns = _put(remote, temporary, content, {})
        if not 200 <= answer.status < 300:
            raise remote.failure(answer, "cannot write", path)
        etag = normalised_etag(answer.etag)
        _verify(remote, temporary, etag, content.size_bytes, path)
        headers = {
            "Destination": destination,
            "Overwrite": "F" if expect is None else "T",
        }
        if expect is not None:
            # The look as well: a proxy in between may have renamed what the header names.
            remote.expect(path, expect)
            headers |= remote.tagged(path, expect)
        moved = session.ask("MOVE", location.target(temporary), headers)
        if moved.status == 412:
            what = "appeared" if expect is None else "changed"
            raise StaleEntryError(f"{path!r} has {what} on the server", path=path)
        if moved.status not in (200, 201, 204):
            raise remote.failure(moved, "cannot put in place", path)
        is_published = True
        end_ns = time.time_ns()
    finally:
        if not is_published:
            # Never the target: whatever went wrong, what it holds is not ours to remove.
            with suppress(OSError, SyncfsError):
                session.ask("DELETE", location.target(temporary), {})
    if not remote.profile.keeps_etag_on_move:
        etag = normalised_etag(moved.etag)
    earliest_ns, latest_ns = session.clock.window(start_ns, end_ns)
    return Written(content.size_bytes, etag, earliest_ns, latest_ns)


def _verify(remote: Remote, temporary: str, etag: str | None, size_bytes: int, path: str) -> None:
    """Make sure that the server holds every byte before it goes public.

    Raises:
        VerificationError: It does not.
        PathError: It cannot be told.
    """
    if tells_size(etag, size_bytes):
        return
    if remote.profile.appends_size_to_etag and etag is not None and etag.endswith(f"{size_bytes:x}"):
        return
    staged = remote.look(temporary)
    if staged is None or (staged.size_bytes is not None and staged.size_bytes != size_bytes):
        held = "nothing" if staged is None else f"{staged.size_bytes} bytes"
        raise VerificationError(
            f"the server holds {held} of the {size_bytes} bytes sent for {path!r}",
            path=path,
            retryable=True,
        )
    if staged.size_bytes is None:
        raise PathError(f"the server does not tell the size of what it holds of {path!r}", path=path)
