"""A user's files on Nextcloud or ownCloud as an endpoint."""

from __future__ import annotations

import threading
from dataclasses import replace

from syncfs.core.capabilities import Capabilities
from syncfs.core.entry import Entry, Kind, Written
from syncfs.core.listing import AS_MARKED, Listing
from syncfs.core.paths import is_reserved, join, split
from syncfs.endpoint.endpoint import CHUNK_BYTES, Content
from syncfs.endpoint.webdav import WebdavEndpoint
from syncfs.endpoint.webdav.remote import Found
from syncfs.errors import ConfigError, EndpointUnavailableError
from syncfs_nextcloud.filesystem import NextcloudFileSystem
from syncfs_nextcloud.memory import Memory, default_path, memory_at
from syncfs_nextcloud.properties import EXTRA, FILE_ID, is_mounted, tag_of
from syncfs_nextcloud.upload import Uploads

__all__ = ["NextcloudEndpoint"]


class NextcloudEndpoint(WebdavEndpoint):
    """A directory on a Nextcloud or ownCloud server; what it does not say itself is plain WebDAV.

    Args:
        fs: The user's files.
        path: The directory in them.

    Raises:
        ConfigError: The address is not that of a user's files.
    """

    def __init__(self, fs: NextcloudFileSystem, path: str = "") -> None:
        super().__init__(fs, path)
        self._fs = fs  # whose client closes its connections when it goes
        self._remote.extra = EXTRA
        self._uploads = Uploads(
            self._remote, _upload_segments(self._location.segments, self._location.user), fs.chunk_bytes
        )
        self._memory: Memory | None = None if fs.cache == "" else memory_at(fs.cache or default_path())
        self._lock = threading.Lock()
        self._tags: dict[str, str] = {}  # proven in this run
        self._known: set[str] = set()  # whose directories' tags are among them
        self._turns: dict[str, threading.Lock] = {}
        self._writes = 0

    @property
    def url(self) -> str:
        """The root, `nextcloud(s)://user@host/remote.php/dav/files/user/path`, without a password."""
        return "nextcloud" + super().url.removeprefix("webdav")

    @property
    def capabilities(self) -> Capabilities:
        """What this side can do."""
        return replace(super().capabilities, keeps_mtime=True, confirms_writes=True)

    def check_root(self) -> str | None:
        """See `Endpoint.check_root`; one request, which is all that a run costs where nothing changed.

        Returns:
            The root's file id: another directory in its place has another.

        Raises:
            EndpointUnavailableError: Also when this is neither Nextcloud nor ownCloud.
        """
        with self._lock:
            self._tags, self._known, self._turns, self._writes = {}, set(), {}, 0
        super().check_root()
        assert self._root is not None
        file_id = self._root.status.extra.get("", {}).get(FILE_ID)
        if not file_id:
            raise EndpointUnavailableError(
                f"{self.url} is neither Nextcloud nor ownCloud (it tells no file ids); use"
                f" {super().url.partition(':')[0]}:// instead"
            )
        self._listed("", self._root)  # whatever is listed first, the tags below the root are known
        return file_id

    def list_unless(self, path: str, mark: bytes | None) -> Listing:
        """See `Marking.list_unless`; no request where a listing of this run has shown the tag that proves it.

        The tag is the mark: it stands for the whole subtree.
        """
        listing = self._by_tag(path, self._proven_tag(path))
        return AS_MARKED if mark is not None and listing.mark == mark else listing

    def _by_tag(self, path: str, tag: str | None) -> Listing:
        """List a directory, by the tag that it has if that is proven and what it stands for is remembered."""
        if tag is None or self._memory is None or self.identity is None:
            return super().list_unless(path, None)
        found = self._memory.get(self.identity, path, tag)
        if found is None:
            with self._lock:
                turn = self._turns.setdefault(path, threading.Lock())
            with turn:  # it and what is below it are asked for at once, and one of them is to list it
                found = self._memory.get(self.identity, path, tag)
                if found is None:
                    return super().list_unless(path, None)
        listing, tags = found
        self._learn(path, tags, self._writes)
        return replace(listing, mark=_mark_of(tag))

    def _proven_tag(self, path: str) -> str | None:
        """The tag that a directory has in this run; None when no listing of this run proves one.

        Directories are listed ahead of their parents. So a parent whose own tag is proven is listed first:
        whoever asks next finds it remembered, and what has not changed below it is asked for by nobody.
        """
        parent = split(path)[0]
        if path not in self._tags and parent and parent not in self._known:
            above = self._proven_tag(parent)
            if above is not None and self._memory is not None and self._memory.works():
                self._by_tag(parent, above)
        return self._tags.get(path)

    def _listed(self, path: str, found: Found) -> Listing:
        """Remember what a directory holds, and the tags that will prove it."""
        writes, listing = self._writes, replace(found.listing(), mark=None)
        itself = found.status.extra.get("", {})
        tag = tag_of(itself)
        if self._memory is None or tag is None or is_mounted(itself):
            return listing
        tags = {
            name: child
            for name, properties in found.status.extra.items()
            if name in listing.entries
            and listing.entries[name].kind is Kind.DIRECTORY
            and not is_mounted(properties)
            and (child := tag_of(properties)) is not None
        }
        self._learn(path, tags, writes)
        if listing.racy or listing.leftovers or self.identity is None:
            return listing
        if path:
            self._memory.put(self.identity, path, tag, listing, tags)
        return replace(listing, mark=_mark_of(tag))

    def _learn(self, path: str, tags: dict[str, str], writes: int) -> None:
        """Believe the tags of a directory's directories, unless something was written since."""
        with self._lock:
            if writes == self._writes == 0:
                self._known.add(path)
                self._tags.update((join(path, name), tag) for name, tag in tags.items())

    def _wrote(self) -> None:
        """Forget all tags: every directory above a write has another one now."""
        with self._lock:
            self._writes += 1
            self._tags, self._known = {}, set()

    def write(self, path: str, content: Content, *, expect: Entry | None, token: str) -> Entry | Written:
        """Put a file in place: see `Endpoint.write` and the package's *Decisions*."""
        self._root = None
        self._wrote()
        if content.size_bytes <= CHUNK_BYTES:
            return self._uploads.put(path, content, expect)
        return self._uploads.put_in_chunks(path, content, expect, token)

    def make_directory(self, path: str) -> None:
        """See `Endpoint.make_directory`."""
        self._wrote()
        super().make_directory(path)

    def remove_file(self, path: str, *, expect: Entry) -> None:
        """See `Endpoint.remove_file`."""
        self._wrote()
        super().remove_file(path, expect=expect)

    def remove_directory(self, path: str) -> None:
        """See `Endpoint.remove_directory`."""
        self._wrote()
        super().remove_directory(path)

    def remove_leftover(self, path: str) -> None:
        """See `Endpoint.remove_leftover`."""
        self._wrote()
        super().remove_leftover(path)

    def move(self, path: str, to: str, *, expect: Entry) -> Entry | Written | None:
        """See `Endpoint.move`; the file keeps its id, by which it is known again under its new name."""
        self._wrote()
        moved = super().move(path, to, expect=expect)
        if moved is None or is_reserved(to.partition("/")[0]):
            return moved  # nobody records what is in the trash
        entry = self.stat(to)
        if entry is not None and entry.file_id == expect.file_id and entry.size_bytes == expect.size_bytes:
            return entry
        return moved


def _mark_of(tag: str) -> bytes:
    return f"nextcloud {tag}".encode()


def _upload_segments(segments: tuple[str, ...], user: str | None) -> tuple[str, ...]:
    """Where uploads in chunks are gathered: beside the user's files."""
    for index, segment in enumerate(segments):
        if segment == "files" and segments[index - 1 : index] == ("dav",) and len(segments) > index + 1:
            return (*segments[:index], "uploads", segments[index + 1])
        if segment == "webdav" and segments[index - 1 : index] == ("remote.php",) and user:
            return (*segments[:index], "dav", "uploads", user)
    raise ConfigError("nextcloud: the address is not that of a user's files: .../remote.php/dav/files/USER")
