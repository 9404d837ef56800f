"""A WebDAV directory whose server keeps a note of each file's digest, in one property."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import replace
from typing import Any, BinaryIO, NamedTuple, Self, cast

from syncfs.core import Entry, Kind, Listing, Written
from syncfs.endpoint.endpoint import CHUNK_BYTES, Content
from syncfs.endpoint.webdav import WebdavEndpoint
from syncfs.endpoint.webdav.etag import proves_content
from syncfs.endpoint.webdav.extra import Extra
from syncfs.endpoint.webdav.properties import set_property
from syncfs.endpoint.webdav.remote import Found
from syncfs.errors import SyncfsError
from syncfs_digest.hasher import Hasher, hasher_of

__all__ = ["NOTE", "NotedEndpoint", "note_of", "with_note"]

NOTE = "urn:syncfs note"
"""The property: JSON with `digest`, `size_bytes`, `etag` and, where it is known, the source's `mtime_ns`."""

_STORERS = 8


class _Written(NamedTuple):
    """A file that this run wrote."""

    digest: str
    mtime_ns: int | None
    shown: Entry | Written


def note_of(digest: str, entry: Entry, mtime_ns: int | None) -> str:
    """The note for a file that shows itself as this entry."""
    facts: dict[str, Any] = {"digest": digest, "size_bytes": entry.size_bytes, "etag": entry.etag}
    if mtime_ns is not None:
        facts["mtime_ns"] = mtime_ns
    return json.dumps(facts, separators=(",", ":"))


def with_note(entry: Entry, properties: Mapping[str, str]) -> Entry:
    """The entry with the digest of its note, if that note is about this very content.

    Properties outlive an upload and a move: the tag and the size in it must be those of the file now.
    """
    text = properties.get(NOTE)
    if text is None or entry.kind is not Kind.FILE or entry.etag is None:
        return entry
    try:
        facts = json.loads(text)
        is_its = facts["etag"] == entry.etag and facts["size_bytes"] == entry.size_bytes
        digest = facts["digest"]
    except (ValueError, KeyError, TypeError):
        return entry
    return entry._replace(digest=digest) if is_its and isinstance(digest, str) and ":" in digest else entry


class NotedEndpoint(WebdavEndpoint):
    """A WebDAV endpoint seen in another way: its entries tell the digests that the server keeps."""

    _algorithm: str
    _may_write: bool
    _written: dict[str, _Written]
    _notes: dict[str, str]
    _noting: threading.Lock

    @classmethod
    def of(cls, endpoint: WebdavEndpoint, algorithm: str, *, may_write: bool) -> Self:
        """See an endpoint so for one run; what either of the two learns of the server both know."""
        made = cls.__new__(cls)
        made.__dict__ = endpoint.__dict__
        made._remote.extra = Extra((NOTE,), with_note)
        made._algorithm, made._may_write = algorithm, may_write
        made._written, made._notes, made._noting = {}, {}, threading.Lock()
        return made

    def leave(self) -> None:
        """See it as it was."""
        self._remote.extra = Extra()
        for name in ("_algorithm", "_may_write", "_written", "_notes", "_noting"):
            del self.__dict__[name]

    def write(self, path: str, content: Content, *, expect: Entry | None, token: str) -> Entry | Written:
        """Write as ever, and remember the digest of what was written."""
        if not self._may_write:
            return super().write(path, content, expect=expect, token=token)
        hasher = hasher_of(self._algorithm)
        watched = replace(content, chunks=_digested(content.chunks, hasher), pour=None)
        shown = super().write(path, watched, expect=expect, token=token)
        digest = f"{self._algorithm}:{hasher.hexdigest()}"
        with self._noting:
            self._written[path] = _Written(digest, content.mtime_ns, shown)
        return shown

    def open(self, path: str) -> AbstractContextManager[BinaryIO]:
        """Open as ever; what is read to its end is worth a note."""
        return self._noted(path) if self._may_write else super().open(path)

    @contextmanager
    def _noted(self, path: str) -> Iterator[BinaryIO]:
        # Looked at first: should it change from here on, the note will have another tag than the file.
        found = self._remote.find(path, depth=0, collection=False)
        entry = found.status.itself
        hasher = hasher_of(self._algorithm)
        with super().open(path) as file:
            tee = _Tee(file, hasher)
            with io.BufferedReader(tee, CHUNK_BYTES) as buffered:
                yield cast(BinaryIO, buffered)
        if tee.is_at_end and tee.size_bytes == entry.size_bytes and not found.is_racy(entry):
            self._note(path, f"{self._algorithm}:{hasher.hexdigest()}", entry, None)

    def _listed(self, path: str, found: Found) -> Listing:
        """A listing shows what our own writes have become: now their notes can name the tag."""
        listing = super()._listed(path, found)
        for name, entry in listing.entries.items():
            child = f"{path}/{name}" if path else name
            written = self._written.get(child)
            if written is not None and name not in listing.racy and _is_ours(entry, written.shown):
                self._note(child, written.digest, entry, written.mtime_ns)
        return listing

    def _note(self, path: str, digest: str, entry: Entry, mtime_ns: int | None) -> None:
        if entry.etag is not None:
            with self._noting:
                self._written.pop(path, None)
                self._notes[path] = note_of(digest, entry, mtime_ns)

    def store_notes(self) -> None:
        """Store a note for each file that was written or read, one request each.

        A server that keeps no properties is asked once.
        """
        for path, written in list(self._written.items()):
            shown = written.shown
            # Nobody listed it, because the reply itself named its tag.
            if isinstance(shown, Written) and shown.etag and proves_content(shown.etag, shown.latest_ns):
                entry = Entry(Kind.FILE, shown.size_bytes, None, shown.etag)
                self._note(path, written.digest, entry, written.mtime_ns)
        notes = iter(list(self._notes.items()))
        first = next(notes, None)
        if first is None or not (self._store(*first) and self._keeps(*first)):
            return
        with ThreadPoolExecutor(_STORERS, thread_name_prefix="syncfs-note") as pool:
            list(pool.map(lambda each: self._store(*each), notes))

    def _store(self, path: str, note: str) -> bool:
        """Whether it is stored; that it is not costs a later run a download, and is no problem now."""
        with suppress(OSError, SyncfsError):
            return set_property(self._remote.session, self._location.target(path), NOTE, note)
        return False

    def _keeps(self, path: str, note: str) -> bool:
        """Whether a note that the server said yes to is really there."""
        with suppress(OSError, SyncfsError):
            status = self._remote.find(path, depth=0, collection=False).status
            return status.extra.get("", {}).get(NOTE) == note
        return False


def _is_ours(entry: Entry, shown: Entry | Written) -> bool:
    return shown.is_shown_by(entry) if isinstance(shown, Written) else shown == entry


def _digested(chunks: Iterator[bytes], hasher: Hasher) -> Iterator[bytes]:
    for chunk in chunks:
        hasher.update(chunk)
        yield chunk


class _Tee(io.RawIOBase):
    """Passes a file on and digests it."""

    def __init__(self, file: BinaryIO, hasher: Hasher) -> None:
        super().__init__()
        self._file, self._hasher = file, hasher
        self.size_bytes = 0
        self.is_at_end = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._file.read(len(buffer))
        buffer[: len(data)] = data
        self._hasher.update(data)
        self.size_bytes += len(data)
        self.is_at_end = not data
        return len(data)
