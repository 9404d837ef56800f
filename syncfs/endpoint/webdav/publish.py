"""Put a file in place: two ways, and which of them a server needs."""

from __future__ import annotations

import errno
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress

from syncfs.core import paths
from syncfs.core.entry import Entry, Written
from syncfs.endpoint.endpoint import CHUNK_BYTES, Content
from syncfs.endpoint.webdav.dated import Dated
from syncfs.endpoint.webdav.etag import normalised_etag, tells_size
from syncfs.endpoint.webdav.remote import Remote
from syncfs.endpoint.webdav.session import Answer
from syncfs.errors import (
    PathError,
    StaleEntryError,
    SyncfsError,
    UnsupportedNameError,
    VerificationError,
)

__all__ = ["publish"]

_SEND_BYTES = 128 << 10
"""What is handed to the socket at once: httpcore copies the rest of a piece after each partial send."""


def publish(remote: Remote, path: str, content: Content, *, expect: Entry | None, token: str) -> Written:
    """Write a file so that whoever looks sees the old content or the new, whole: see `Endpoint.write`."""
    remote.demand_name(path)
    # A condition is checked when its PUT begins: a stranger who writes while a large body is on its way
    # would be overwritten unseen.
    is_brief = content.size_bytes <= CHUNK_BYTES
    if is_brief and remote.profile.writes_in_place:
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


def _in_hand(content: Content) -> bytes:
    """A brief content as a whole: its source is known to be sound before anything is sent.

    Raises:
        VerificationError: It is more, or less, than was announced.
    """
    announced, size_bytes = content.size_bytes, 0
    chunks: list[bytes] = []
    for chunk in content.chunks:
        size_bytes += len(chunk)
        if size_bytes > announced:
            raise VerificationError(f"the source gave more than its {announced} bytes", retryable=True)
        chunks.append(chunk)
    if size_bytes < announced:
        raise VerificationError(f"the source gave {size_bytes} of its {announced} bytes", retryable=True)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _stage(remote: Remote, path: str, content: Content, headers: Mapping[str, str]) -> Answer:
    """Send one PUT under a temporary name; only once.

    A server that writes in place may still be at it when the connection is gone (WsgiDAV): after another
    PUT of that name was verified it would cut it short.

    Raises:
        VerificationError: The server said yes before it had everything.
        OSError: What the source raised, as it is; or the connection's failure.
    """
    target = remote.location.target(path)
    if content.size_bytes <= CHUNK_BYTES:
        headers = _described(content.size_bytes, headers)
        return remote.session.ask("PUT", target, headers, _in_hand(content))
    body = _Body(content)
    headers = _described(content.size_bytes, headers)
    try:
        answer = remote.session.ask("PUT", target, headers, body)
    except Exception:
        if body.error is not None:
            raise body.error from None
        raise
    if answer.status < 300 and not body.is_sent:
        raise VerificationError(
            f"the server confirmed {path!r} before it had all of it", path=path, retryable=True
        )
    return answer


def _put(remote: Remote, path: str, data: bytes, headers: Mapping[str, str]) -> Answer:
    """Send a PUT of what is in hand: once more when the server hangs up on an idle connection."""
    target, headers = remote.location.target(path), _described(len(data), headers)
    try:
        return remote.session.ask("PUT", target, headers, data)
    except ConnectionError as error:
        if error.errno not in (errno.ECONNRESET, errno.EPIPE):
            raise
        return remote.session.ask("PUT", target, headers, data)


def _described(size_bytes: int, headers: Mapping[str, str]) -> dict[str, str]:
    return {"Content-Type": "application/octet-stream", "Content-Length": str(size_bytes), **headers}


def _put_in_place(remote: Remote, path: str, content: Content, expect: Entry | None) -> Written:
    """One PUT, for a server that keeps the old file until it has the new one."""
    dated = Dated(remote, content.mtime_ns)
    data = _in_hand(content)
    conditions = {"If-None-Match": "*"} if expect is None else remote.put_conditions(path, expect)
    start_ns = time.time_ns()
    answer = _put(remote, path, data, dated.headers | conditions)
    if answer.status == 412:
        if expect is None:
            raise remote.appeared(path)
        # Refused for the tag's weakness, or because it changed: only a look can tell. What it shows to be
        # unchanged is put again, guarded by that look.
        remote.expect(path, expect)
        answer = _put(remote, path, data, dated.headers)
    if not 200 <= answer.status < 300:
        raise remote.failure(answer, "cannot write", path)
    dated.set(path)
    if dated.wants_a_look:
        dated.check(remote.look(path))
    return _told(remote, content.size_bytes, start_ns, _replied_etag(remote, answer), dated)


def _put_and_move(remote: Remote, path: str, content: Content, expect: Entry | None, token: str) -> Written:
    """PUT under a temporary name, then MOVE, for a server whose PUT truncates in place or is unknown.

    MOVE with `Overwrite: F` is the one guard that every server was seen to heed.
    """
    session, location, profile = remote.session, remote.location, remote.profile
    destination = remote.destination(path)
    directory, _ = paths.split(path)
    temporary = paths.join(directory, paths.temp_name(token, hidden=profile.lists_dotfiles))
    dated = Dated(remote, content.mtime_ns)
    start_ns = time.time_ns()
    is_published = False
    try:
        answer = _stage(remote, temporary, content, dated.headers)
        if not 200 <= answer.status < 300:
            raise remote.failure(answer, "cannot write", path)
        dated.set(temporary)
        etag = _replied_etag(remote, answer)
        if dated.wants_a_look or not _tells_size(remote, answer, content.size_bytes):
            staged = _verified(remote, temporary, content.size_bytes, path)
            dated.check(staged)
            etag = staged.etag
        headers = {"Destination": destination, "Overwrite": "F" if expect is None else "T"}
        if expect is not None:
            # The look as well: a proxy in between may have renamed what the header names.
            remote.expect(path, expect)
            headers |= remote.tagged("MOVE", path, expect)
        elif not profile.heeds_overwrite:
            remote.expect(path, None)
        moved = session.ask("MOVE", location.target(temporary), headers)
        if moved.status == 412:
            if expect is None:
                raise remote.appeared(path)
            raise StaleEntryError(f"{path!r} has changed on the server", path=path)
        if moved.status not in (200, 201, 204):
            if expect is not None:
                if remote.look(path) is None and remote.look(temporary) is None:
                    # Sent twice by a proxy: rclone clears the target before it finds nothing to move there.
                    raise PathError(f"{path!r} was put in place and is gone again", path=path, retryable=True)
                remote.expect(path, expect)  # another's MOVE may have been in our way: then it is stale
            raise remote.failure(moved, "cannot put in place", path)
        if remote.is_long(path) and remote.look(path) is None:
            # sabre/dav says yes to a name that its disk refuses.
            raise UnsupportedNameError(f"{path!r} is longer than this server takes, it seems", path=path)
        is_published = True
    finally:
        if not is_published:
            # Never the target: whatever went wrong, what it holds is not ours to remove.
            with suppress(OSError, SyncfsError):
                session.ask("DELETE", location.target(temporary), {})
    return _told(remote, content.size_bytes, start_ns, etag if profile.keeps_etag_on_move else None, dated)


def _replied_etag(remote: Remote, answer: Answer) -> str | None:
    """The tag in a PUT's reply; None where it is not the one that a listing will show."""
    return normalised_etag(answer.etag) if remote.profile.replies_with_etag else None


def _tells_size(remote: Remote, answer: Answer, size_bytes: int) -> bool:
    """Whether a PUT's reply proves by its tag that the server has every byte."""
    etag = normalised_etag(answer.etag)
    if etag is not None and remote.profile.ends_etag_in_size:
        return etag.endswith(f"{size_bytes:x}")
    return tells_size(etag, size_bytes)


def _verified(remote: Remote, temporary: str, size_bytes: int, path: str) -> Entry:
    """Make sure by a look that the server holds every byte before it goes public.

    Raises:
        VerificationError: It does not.
        PathError: It cannot be told.
    """
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
    return staged


def _told(remote: Remote, size_bytes: int, start_ns: int, etag: str | None, dated: Dated) -> Written:
    """What to expect of a file's next listing, now that it is in place.

    Args:
        remote: Where it is.
        size_bytes: Its size.
        start_ns: When its PUT began, by our clock.
        etag: The file's tag, from the PUT's reply or a look at what was staged; None when it is not known.
        dated: The mtime that it was given.
    """
    if dated.mtime_ns is not None:
        return Written(size_bytes, etag, dated.mtime_ns, dated.mtime_ns)
    earliest_ns, latest_ns = remote.session.clock.window(start_ns, time.time_ns())
    return Written(size_bytes, etag, earliest_ns, latest_ns)
