"""Any synchronous fsspec filesystem as an `Endpoint`."""

from __future__ import annotations

import errno
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, BinaryIO, NamedTuple
from urllib.parse import quote

from syncfs.core.capabilities import Capabilities
from syncfs.core.entry import DIRECTORY, Entry, Kind, Written
from syncfs.core.listing import Listing, ListingStatus
from syncfs.core.paths import is_temporary, join, name_problem, split, temp_name
from syncfs.endpoint.connection import Connection
from syncfs.endpoint.endpoint import Content
from syncfs.endpoint.identity import identity_of, url_of
from syncfs.endpoint.items import listing_of, may_hide_a_change
from syncfs.endpoint.put import put_at_once, put_staged, put_whole
from syncfs.endpoint.source import GenericSource
from syncfs.errors import (
    EndpointUnavailableError,
    PathError,
    StaleEntryError,
    UnsupportedNameError,
    VerificationError,
)

__all__ = ["MARKER", "GenericEndpoint"]

MARKER = ".syncfs-directory"
"""An empty file that keeps an empty directory where directories are only implied."""
SKEW_NS = 120_000_000_000
"""By how much a server's clock may differ from ours for an mtime to count as that of our own write."""


class Placed(NamedTuple):
    """What tells our own write when it is looked at.

    Attributes:
        staged: The entry of the temporary file that it was.
        digest: Of what was sent.
        etag: Of the reply.
        entry: Of the reply, where that tells all that a look would.
    """

    staged: Entry | None = None
    digest: str | None = None
    etag: str | None = None
    entry: Entry | None = None


class GenericEndpoint:
    """A directory in an fsspec filesystem; see `Endpoint` for what every method promises.

    Object stores, SFTP, FTP, SMB, memory, archives: what they have in common, and nothing more. mtimes
    are not kept; entity tags and digests are used where the filesystem tells them.

    Args:
        fs: The filesystem, synchronous, and no wrapper around another one (see `resolve`).
        path: The root in it.
    """

    _connects: type[Connection] = Connection

    def __init__(self, fs: Any, path: str = "") -> None:
        self._connection = self._connects(fs)
        self._family = self._connection.family
        self._root = str(fs._strip_protocol(path)).rstrip("/")
        self.url = url_of(fs, self._root, self._family)
        self.identity = identity_of(fs, self._root, self._family)
        in_memory = self._family.name == "memory"
        self.capabilities = Capabilities(
            keeps_mtime=self._family.keeps_mtime,
            mtime_grain_ns=self._family.grain_ns,
            reads_cheaply=in_memory,
            lists_inline=in_memory,
            confirms_writes=True,
            can_move=self._family.is_writable,
            folds_case=self._family.folds_case,
            is_writable=self._family.is_writable,
            clock_skew_ns=0 if in_memory else None,
        )

    def __repr__(self) -> str:
        return f"GenericEndpoint({self.url!r})"

    def check_root(self) -> str | None:
        """Make sure of the root; nothing tells it from another one in its place."""
        hint = " (a WebDAV server is written webdavs://)" if self._family.name == "http" else ""
        try:
            found = self._connection.entry(self._full(""), "")
        except EndpointUnavailableError:
            raise
        except OSError as error:
            raise EndpointUnavailableError(
                f"{self.url} cannot be reached: {error.strerror or error}{hint}",
                retryable=isinstance(error, ConnectionError | TimeoutError)
                or bool(getattr(error, "retryable", False)),
            ) from error
        if found is None:
            raise EndpointUnavailableError(f"{self.url} does not exist{hint}") from FileNotFoundError(
                errno.ENOENT, "not found", self.url
            )
        if found is not DIRECTORY:
            raise EndpointUnavailableError(f"{self.url} is not a directory{hint}") from NotADirectoryError(
                errno.ENOTDIR, "not a directory", self.url
            )
        return None

    def make_root(self) -> None:
        """Make the root; nothing happens when it is there already. A bucket is never made."""
        root = self._root.lstrip("/")
        parent = self._root.rpartition("/")[0] or self._connection.fs.root_marker
        if self._family.implies_directories:
            parent = root.partition("/")[0]  # only the bucket must be there
        try:
            if parent == root or self._connection.entry(parent, "") is not DIRECTORY:
                raise EndpointUnavailableError(
                    f"{self.url} cannot be made: what should hold it does not exist"
                )
            self.make_directory("")
        except EndpointUnavailableError:
            raise
        except OSError as error:
            raise EndpointUnavailableError(f"{self.url} cannot be made: {error.strerror or error}") from error

    def list(self, path: str) -> Listing:
        """List one directory by `ls`."""
        observed_ns = time.time_ns()
        try:
            full = self._full(path)
            items = self._connection.items(full, path)
        except (FileNotFoundError, NotADirectoryError):
            # Its parent listed it, so this is no evidence of a removal; a root that vanished looks so too.
            self.check_root()
            return Listing(status=ListingStatus.REFUSED, reason=f"{path or self.url}: is not there any more")
        except EndpointUnavailableError:
            raise
        except PermissionError as error:
            return Listing(
                status=ListingStatus.REFUSED, reason=f"{path or self.url}: {error.strerror or error}"
            )
        except OSError as error:
            return Listing(
                status=ListingStatus.FAILED, reason=f"{path or self.url}: {error.strerror or error}"
            )
        return listing_of(items, full, path or self.url, self._family, observed_ns)

    def stat(self, path: str) -> Entry | None:
        """Look at one path afresh."""
        return self._connection.entry(self._full(path), path)

    @contextmanager
    def read(self, path: str, expect: Entry) -> Iterator[GenericSource]:
        """Open a file for a copy; whether it is the expected one is found out after reading it."""
        if expect.size_bytes is None:
            raise PathError(f"{path}: its size is not known, so a copy cannot be verified", path=path)
        opened_ns = time.time_ns()
        try:
            file = self._connection.open(self._full(path), path)
        except (FileNotFoundError, IsADirectoryError):
            raise StaleEntryError(f"{path}: there is no such file any more", path=path) from None
        try:
            is_racy = may_hide_a_change(expect, opened_ns, self._family)
            yield GenericSource(self, file, path, expect, is_racy)
        finally:
            file.close()

    @contextmanager
    def open(self, path: str) -> Iterator[BinaryIO]:
        """Open a file as it is now."""
        full = self._full(path)
        # Some read a directory as an empty file, others what is missing.
        found = self._connection.entry(full, path)
        if found is None:
            raise FileNotFoundError(errno.ENOENT, "not found", path)
        if found is DIRECTORY:
            raise IsADirectoryError(errno.EISDIR, "is a directory", path)
        file = self._connection.open(full, path)
        try:
            yield file
        finally:
            file.close()

    def write(self, path: str, content: Content, *, expect: Entry | None, token: str) -> Entry | Written:
        """Put a file in place: at once where the filesystem does so, else staged and renamed."""
        self._demand_writable(path)

        def demand() -> None:
            self._demand(path, expect)

        demand()
        started_ns = time.time_ns()
        placed = self._place(path, content, demand, expect=expect, token=token)
        return self._read_back(path, content.size_bytes, placed, started_ns)

    def _place(
        self, path: str, content: Content, demand: Callable[[], None], *, expect: Entry | None, token: str
    ) -> Placed:
        """Put a file where `demand` finds what is expected."""
        full, is_new = self._full(path), expect is None
        directory, _ = split(path)
        if self._family.name == "memory":
            self._demand_directory(directory, path)
            put_at_once(self._connection, full, path, content, demand, is_new=is_new)
            return Placed()
        if self._family.puts_whole:
            return Placed(digest=put_whole(self._connection, full, path, content, demand))
        temporary = self._full(join(directory, temp_name(token)))
        try:
            staged = put_staged(self._connection, temporary, full, path, content, demand, is_new=is_new)
        except PathError:
            # FTP has one answer for all that it refuses: what is missing is worth a look.
            self._demand_directory(directory, path)
            raise
        return Placed(staged=staged)

    def _take(self, path: str, expect: Entry) -> None:
        """Remove a file that was found to be what is expected."""
        self._connection.remove(self._full(path), path)

    def _read_back(self, path: str, size_bytes: int, placed: Placed, started_ns: int) -> Entry | Written:
        """What stands there after our write, if it can be ours."""
        staged, digest, etag, entry = placed
        if entry is not None:
            return entry
        found = self.stat(path)
        if found is None or found.kind is not Kind.FILE:
            return Written(size_bytes)
        if etag is not None:  # of the reply to our own request
            return found if found.etag == etag else Written(size_bytes)
        if found.size_bytes != size_bytes and staged is not None:
            return Written(size_bytes)  # what was staged had its size: this is somebody else's
        if found.size_bytes != size_bytes:
            raise VerificationError(
                f"{path}: shows {found.size_bytes} bytes after {size_bytes} were written", path=path
            )
        if digest is not None and found.digest is not None:
            return found if found.digest == digest else Written(size_bytes)
        if found.mtime_ns is None:
            return Written(size_bytes)
        if staged is not None and found.mtime_ns == staged.mtime_ns:
            return found
        slack_ns = self._family.grain_ns + (SKEW_NS if self.capabilities.clock_skew_ns is None else 0)
        is_ours = started_ns - slack_ns <= found.mtime_ns <= time.time_ns() + slack_ns
        return found if is_ours else Written(size_bytes)

    def make_directory(self, path: str) -> None:
        """Make one directory; nothing happens when it is there already."""
        self._demand_writable(path)
        full = self._full(path)
        if self._family.implies_directories:
            found = self.stat(path)
            if found is not None and found is not DIRECTORY:
                raise StaleEntryError(f"{path}: is no directory", path=path)
            self._connection.put(f"{full}/{MARKER}", path, b"")
            return
        if path and self._family.name == "memory":
            self._demand_directory(split(path)[0], path)
        try:
            self._connection.make_directory(full, path)
        except OSError:
            found = self.stat(path)
            if found is None:
                if path:
                    self._demand_directory(split(path)[0], path)
                raise
            if found is not DIRECTORY:
                raise StaleEntryError(f"{path}: is no directory", path=path) from None

    def remove_file(self, path: str, *, expect: Entry) -> None:
        """Remove a file for good."""
        self._demand_writable(path)
        self._demand(path, expect)
        try:
            self._take(path, expect)
        except FileNotFoundError:
            raise StaleEntryError(f"{path}: is gone", path=path) from None

    def remove_directory(self, path: str) -> None:
        """Remove a directory that is empty; one that was only implied is gone by itself."""
        self._demand_writable(path)
        full = self._full(path)
        vanishes = self._family.implies_directories or self._family.name == "memory"
        try:
            items = self._connection.items(full, path)
        except FileNotFoundError:
            if vanishes:
                return
            raise StaleEntryError(f"{path}: is gone", path=path) from None
        names = {str(item["name"]).strip("/") for item in items} - {full.strip("/")}
        marker = f"{full.strip('/')}/{MARKER}"
        if names - {marker} or any(item.get("type") == "file" for item in items if len(names) == 0):
            raise StaleEntryError(f"{path}: is not empty, so it stays", path=path)
        if self._family.implies_directories:
            if marker in names:
                self._connection.remove(f"{full}/{MARKER}", path)
            return
        self._connection.remove_directory(full, path)

    def move(self, path: str, to: str, *, expect: Entry) -> Entry | Written | None:
        """Rename on this side; a directory file by file where the filesystem cannot."""
        self._demand_writable(path)
        self._demand(path, expect)
        self._demand(to, None)
        self._demand_directory(split(to)[0], to)
        started_ns = time.time_ns()
        if expect.kind is not Kind.DIRECTORY:
            self._move_file(path, to, expect)
            placed = Placed(staged=expect, digest=expect.digest)
            return self._read_back(to, expect.size_bytes or 0, placed, started_ns)
        if self._connection.renames:
            self._connection.rename(self._full(path), self._full(to), path)
        else:
            self._move_tree(path, to)
        return None

    def _move_file(self, path: str, to: str, expect: Entry) -> None:
        """Rename, or copy and remove. Whatever goes wrong between the two leaves both."""
        full, full_to = self._full(path), self._full(to)
        if self._connection.renames:
            self._connection.rename(full, full_to, path)
            return
        self._connection.copy(full, full_to, path)
        copied = self.stat(to)
        if copied is None or copied.size_bytes != expect.size_bytes:
            raise VerificationError(f"{path}: its copy at {to} is not whole; both are left", path=path)
        self._demand(path, expect)  # an edit since is not in the copy
        self._take(path, expect)

    def _move_tree(self, path: str, to: str) -> None:
        self.make_directory(to)
        full = self._full(path)
        for item in self._connection.items(full, path):
            name = str(item["name"]).strip("/").removeprefix(full.strip("/") + "/")
            if name_problem(name) is not None:
                continue
            if item.get("type") == "directory":
                self._move_tree(join(path, name), join(to, name))
            elif name != MARKER and (entry := self.stat(join(path, name))) is not None:
                self._move_file(join(path, name), join(to, name), entry)
        self.remove_directory(path)

    def remove_leftover(self, path: str) -> None:
        """Remove a temporary file of a dead run; nothing happens when it is gone."""
        if not is_temporary(split(path)[1]):
            raise PathError(f"{path}: is not a temporary file of syncfs", path=path)
        if self.stat(path) is not None:
            with suppress(FileNotFoundError):
                self._connection.remove(self._full(path), path)

    def free_bytes(self) -> int | None:
        """None: filesystems of fsspec have no word for it."""
        return None

    def flush(self) -> None:
        """Nothing to do: what a filesystem has acknowledged is as durable as it makes it."""

    def _full(self, path: str) -> str:
        """A path as the filesystem spells it.

        Raises:
            UnsupportedNameError: It could lead out of the root.
        """
        for part in path.split("/") if path else ():
            if (problem := name_problem(part)) is not None:
                raise UnsupportedNameError(f"{path}: {part!r} {problem}", path=path)
            if lost := self._family.cannot_hold.intersection(part):
                characters = " ".join(map(repr, sorted(lost)))
                raise UnsupportedNameError(
                    f"{path}: {self._family.name}:// cannot hold {characters} in a name", path=path
                )
            if part.endswith(self._family.cannot_end):
                raise UnsupportedNameError(
                    f"{path}: {self._family.name}:// cannot hold a name that ends with {part[-1]!r}",
                    path=path,
                )
        marker: str = self._connection.fs.root_marker
        if not path:
            return self._root or marker
        if self._family.quotes:
            path = quote(path)
        return f"{self._root}/{path}" if self._root else f"{marker}{path}"

    def _demand(self, path: str, expect: Entry | None) -> None:
        found = self.stat(path)
        if found == expect:
            return
        if expect is None:
            words = "something is there now"
        elif found is None:
            words = "is gone"
        else:
            words = "changed"
        raise StaleEntryError(f"{path}: {words} since it was planned; the next run decides afresh", path=path)

    def _demand_directory(self, directory: str, path: str) -> None:
        """Where a filesystem makes missing directories without a word, or misses them in other words."""
        if not self._family.implies_directories and self.stat(directory) is not DIRECTORY:
            raise FileNotFoundError(errno.ENOENT, "its directory is missing", path)

    def _demand_writable(self, path: str) -> None:
        if not self._family.is_writable:
            hint = "; a WebDAV server is written webdavs://" if self._family.name == "http" else ""
            raise PathError(
                f"{path}: {self._family.name}:// can only be read{hint}", path=path, code=errno.EROFS
            )
