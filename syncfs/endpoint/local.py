"""A directory of this machine as an `Endpoint`."""

from __future__ import annotations

import errno
import os
import stat
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import replace
from functools import partial
from types import TracebackType
from typing import BinaryIO, cast

from syncfs.core.capabilities import Capabilities
from syncfs.core.entry import DIRECTORY, Entry, Kind, Written
from syncfs.core.listing import Listing, ListingStatus
from syncfs.core.paths import is_temporary, split, temp_name
from syncfs.endpoint.beneath import Place, Root, check_name
from syncfs.endpoint.durable import Unflushed
from syncfs.endpoint.endpoint import CHUNK_BYTES, Content, Recogniser
from syncfs.endpoint.folding import folding_of
from syncfs.endpoint.pour import pour
from syncfs.endpoint.scan import entry_of, is_racy, listable, scan
from syncfs.endpoint.stage import (
    NoLateNameError,
    create_unnamed,
    demand,
    fill_and_name,
    put_staged,
    read_back,
    rename_to_free,
    stale,
)
from syncfs.errors import (
    EndpointUnavailableError,
    PathError,
    StaleEntryError,
    SyncfsError,
    UnsupportedNameError,
    VerificationError,
)

__all__ = ["LocalEndpoint", "LocalSource"]

# O_NONBLOCK: a FIFO that took a file's place would otherwise hold the call for ever.
_READ = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)

# A read that fails so found no file under the name; the last two are how a socket answers.
_NO_FILE = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENXIO, errno.EOPNOTSUPP})


class LocalSource:
    """An opened local file; see `Source`.

    Attributes:
        size_bytes: Its size.
        mode: Its permission bits.
        is_racy: Whether it may have changed unseen since it was opened.
    """

    def __init__(self, fd: int, path: str, found: os.stat_result, entry: Entry, opened_ns: int) -> None:
        self.size_bytes = found.st_size
        self.mode: int | None = stat.S_IMODE(found.st_mode) & 0o777
        # By the opening and not by the last look: what changes in between is what must not be missed.
        self.is_racy = is_racy(found.st_mtime_ns, opened_ns)
        self._fd = fd
        self._path = path
        self._expect = entry

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._fd)

    def pour(self, fd: int, piece_bytes: int, tell: Callable[[int], object]) -> int:
        """Let the kernel copy, by reference where the filesystem can: see `PouringSource`."""
        count = pour(self._fd, fd, self.size_bytes, piece_bytes, tell)
        self._check(count)
        return count

    def chunks(self) -> Iterator[bytes]:
        """Yield the content, one piece behind what is read, so that the last one can be held back."""
        held = b""
        count = 0
        while count < self.size_bytes:
            read = os.read(self._fd, min(CHUNK_BYTES, self.size_bytes - count))
            if not read:
                break
            if held:
                yield held
            held = read
            count += len(read)
        self._check(count)
        if held:
            yield held

    def _check(self, count: int) -> None:
        if entry_of(os.fstat(self._fd)) != self._expect:
            raise StaleEntryError(f"{self._path}: changed while it was read", path=self._path)
        if count != self.size_bytes:
            raise VerificationError(
                f"{self._path}: ended after {count} of {self.size_bytes} bytes", path=self._path
            )


class LocalEndpoint:
    """A directory of this machine; see `Endpoint` for what every method promises.

    Files keep the source's mtime and permission bits. Symlinks, devices and sockets are listed as OTHER
    and never followed, also where one takes a directory's place during the run.

    Args:
        root: The directory's path. Symlinks in it are resolved now.
    """

    capabilities = Capabilities(
        keeps_mtime=True,
        mtime_grain_ns=1,
        reads_cheaply=True,
        lists_inline=True,
        confirms_writes=True,
        creates_exclusively=True,
        clock_skew_ns=0,
    )

    def __init__(self, root: str) -> None:
        self.url = os.path.abspath(root)
        real = os.path.realpath(root)
        self.identity = "file://" + os.path.normcase(real).replace(os.sep, "/")
        self._root = Root(real)
        self._unflushed = Unflushed(self._root)
        self._names_late = True

    def __repr__(self) -> str:
        return f"LocalEndpoint({self.url!r})"

    def check_root(self) -> str | None:
        """Make sure of the root; tell it from others by its inode and its filesystem's own id.

        Device numbers are given anew at every boot. The id of the filesystem stays, but XFS and macOS put
        the device number there: such an id is left out. So two disks of such a kind exchanged under one
        mount point, whose roots share an inode number, are not told apart.
        """
        found = self._root.pin()
        try:
            with self._root.enter("", to_list=True) as place, os.scandir(listable(place)) as found_names:
                folding = folding_of((each.name for each in found_names), partial(_is_same, place))
        except PermissionError as error:
            raise EndpointUnavailableError(f"{self.url} may not be listed by this user") from error
        usual = sys.platform in ("darwin", "win32")  # where no name can tell, what is usual there
        self.capabilities = replace(
            self.capabilities,
            folds_case=usual if folding.case is None else folding.case,
            folds_unicode=sys.platform == "darwin" if folding.unicode is None else folding.unicode,
        )
        if sys.platform == "win32":
            return f"{found.st_dev:x}:{found.st_ino:x}"  # the volume's serial number, which stays
        filesystem = os.statvfs(self._root.path).f_fsid
        return f"{0 if filesystem == found.st_dev else filesystem:x}:{found.st_ino:x}"

    def make_root(self) -> None:
        """Make the root; nothing happens when it is there already."""
        try:
            os.mkdir(self._root.path)
        except FileExistsError:
            return
        except FileNotFoundError as error:
            raise EndpointUnavailableError(
                f"{self.url} cannot be made: its parent directory does not exist"
            ) from error
        except OSError as error:
            raise EndpointUnavailableError(f"{self.url} cannot be made: {error.strerror}") from error

    def dwelling(self) -> AbstractContextManager[None]:
        """Keep the last directory open: see `DwellingEndpoint`."""
        return self._root.dwelling()

    def list(self, path: str) -> Listing:
        """List one directory at the cost of `os.scandir` and one `lstat` a file."""
        return replace(self.list_unless(path, None), mark=None)

    def list_unless(self, path: str, mark: bytes | None) -> Listing:
        """List one directory, unless it still bears a mark: see `Marking`."""
        try:
            with self._root.enter(path, to_list=True) as place:
                return scan(place, mark)
        except EndpointUnavailableError:
            raise
        except (FileNotFoundError, NotADirectoryError):
            # Its parent listed it: a disk that went away in mid-run looks so, and is no evidence of removal.
            return Listing(status=ListingStatus.REFUSED, reason=f"{path or self.url}: is not there any more")
        except PermissionError:
            reason = "permission denied"
            return Listing(status=ListingStatus.REFUSED, reason=f"{path or self.url}: {reason}")
        except PathError as error:  # a symlink took its place, or Windows has no such name
            return Listing(status=ListingStatus.REFUSED, reason=str(error))
        except OSError as error:
            reason = error.strerror or type(error).__name__
            return Listing(status=ListingStatus.FAILED, reason=f"{path or self.url}: {reason}")

    def recogniser(self) -> Recogniser:
        """A process that tells which directories still bear their marks: see `Recognising`."""
        from syncfs.endpoint.recogniser import ProcessRecogniser  # large trees only

        assert self._root.pinned is not None
        return ProcessRecogniser(self._root.path, self._root.pinned)

    def stat(self, path: str) -> Entry | None:
        """Look at one path afresh; None also when a symlink or a file stands above it."""
        if not path:
            with self._root.enter(""):
                return DIRECTORY
        try:
            with self._at(path) as (place, name):
                return entry_of(place.lstat(name))
        except (FileNotFoundError, NotADirectoryError):
            return None
        except PathError as error:
            if error.errno == errno.ELOOP:
                return None
            raise

    def read(self, path: str, expect: Entry) -> AbstractContextManager[LocalSource]:
        """Open a file for a copy, never through a symlink."""
        return _Reading(self, path, expect)

    def _source(self, path: str, expect: Entry) -> LocalSource:
        """The file, opened, if it is the expected one."""
        opened_ns = time.time_ns()
        try:
            fd, found = self._open(path)
        except OSError as error:
            if error.errno in _NO_FILE:
                raise stale(path, expect, self.stat(path)) from None
            raise
        if (entry := entry_of(found)) != expect:
            os.close(fd)
            raise stale(path, expect, entry)
        return LocalSource(fd, path, found, entry, opened_ns)

    @contextmanager
    def open(self, path: str) -> Iterator[BinaryIO]:
        """Open a file as it is now."""
        fd, found = self._open(path)
        with os.fdopen(fd, "rb") as file:
            if not stat.S_ISREG(found.st_mode):
                raise StaleEntryError(f"{path}: is not a file any more", path=path)
            yield cast(BinaryIO, file)

    def write(self, path: str, content: Content, *, expect: Entry | None, token: str) -> Entry | Written:
        """Stage beside the target, or without a name, then replace it.

        Where nothing is expected, nothing can be replaced.

        An mtime of None in `content` leaves the time of the write; a mode of None the bits of the file
        that is replaced, else what the umask gives.
        """
        with self._at(path) as (place, name):
            mode = content.mode
            if expect is not None or content.size_bytes > CHUNK_BYTES:
                # A small new file is not looked for: publishing it will refuse to replace anything.
                target = demand(place, name, expect, path)
                if mode is None and target is not None:
                    mode = stat.S_IMODE(target.st_mode)
            staged = self._named_late(place, name, content, mode, path) if expect is None else None
            if staged is None:
                staged = put_staged(place, name, content, mode, path, expect, temp_name(token))
            self._unflushed.note(staged.st_dev, path)
            return read_back(place, name, staged)

    def _named_late(
        self, place: Place, name: str, content: Content, mode: int | None, path: str
    ) -> os.stat_result | None:
        """Put a new file in place that has no name before; None where that cannot be."""
        fd = create_unnamed(place, mode) if self._names_late else None
        if fd is None:
            return None
        try:
            return fill_and_name(fd, place, name, content, mode, path)
        except NoLateNameError:
            self._names_late = False  # the next try goes the other way
            raise

    def make_directory(self, path: str) -> None:
        """Make one directory; nothing happens when it is there already."""
        with self._at(path) as (place, name):
            try:
                os.mkdir(place.prefix + name, dir_fd=place.fd)
            except FileExistsError:
                found = entry_of(place.lstat(name))
                if found is not DIRECTORY:
                    raise stale(path, DIRECTORY, found) from None
            else:
                self._unflushed.note(place.lstat(name).st_dev, path)

    def remove_file(self, path: str, *, expect: Entry) -> None:
        """Remove a file for good."""
        try:
            with self._at(path) as (place, name):
                demand(place, name, expect, path)
                os.unlink(place.prefix + name, dir_fd=place.fd)
        except (FileNotFoundError, NotADirectoryError):
            raise stale(path, expect, None) from None

    def remove_directory(self, path: str) -> None:
        """Remove a directory that is empty."""
        try:
            with self._at(path) as (place, name):
                os.rmdir(place.prefix + name, dir_fd=place.fd)
        except OSError as error:
            if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
                raise StaleEntryError(f"{path}: is not empty, so it stays", path=path) from None
            if isinstance(error, FileNotFoundError | NotADirectoryError):
                raise StaleEntryError(f"{path}: is no directory any more", path=path) from None
            raise

    def move(self, path: str, to: str, *, expect: Entry) -> Entry | Written | None:
        """Rename on this side; never overwrites."""
        with self._at(path) as (place, name), self._at(to) as (there, new):
            if expect.kind is Kind.DIRECTORY:
                demand(place, name, DIRECTORY, path)
                demand(there, new, None, to)  # a rename would replace an empty directory
                os.rename(place.prefix + name, there.prefix + new, src_dir_fd=place.fd, dst_dir_fd=there.fd)
                self._unflushed.note(there.lstat(new).st_dev, to)
                return None
            before = demand(place, name, expect, path)
            if before is None:
                raise StaleEntryError(f"{path}: there is nothing to rename", path=path)
            rename_to_free(place, name, there, new, to)
            self._unflushed.note(before.st_dev, to)
            return read_back(there, new, before)

    def remove_leftover(self, path: str) -> None:
        """Remove a temporary file of a dead run; nothing happens when it is gone."""
        if not is_temporary(split(path)[1]):
            raise PathError(f"{path}: is not a temporary file of syncfs", path=path)
        with self._at(path) as (place, name), suppress(FileNotFoundError):
            os.unlink(place.prefix + name, dir_fd=place.fd)

    def free_bytes(self) -> int | None:
        """What the filesystem of the root leaves to this user."""
        try:
            import shutil  # with four decompressors; asked for only where something is to be written

            return shutil.disk_usage(self._root.path).free
        except OSError:
            return None

    def flush(self) -> None:
        """Make all that was written durable: one syncfs(2) a filesystem on Linux."""
        self._unflushed.flush()

    def _at(self, path: str) -> _At:
        """Enter a path's directory; system errors of the block carry the path as users know it."""
        return _At(self._root, path)

    def _open(self, path: str) -> tuple[int, os.stat_result]:
        with self._at(path) as (place, name):
            try:
                fd = os.open(place.prefix + name, _READ, dir_fd=place.fd)
            except OSError as error:
                if error.errno == errno.ELOOP:
                    raise StaleEntryError(f"{path}: is a symlink now", path=path, code=errno.ELOOP) from None
                raise
            return fd, os.fstat(fd)


class _Reading:
    """A file that is open while the block lasts."""

    __slots__ = ("_endpoint", "_expect", "_path", "_source")

    def __init__(self, endpoint: LocalEndpoint, path: str, expect: Entry) -> None:
        self._endpoint, self._path, self._expect = endpoint, path, expect

    def __enter__(self) -> LocalSource:
        self._source = self._endpoint._source(self._path, self._expect)
        return self._source

    def __exit__(self, *_: object) -> None:
        self._source.close()


class _At:
    """A path's directory while the block lasts, and the name in it: see `LocalEndpoint._at`."""

    __slots__ = ("_entered", "_name", "_path")

    def __init__(self, root: Root, path: str) -> None:
        directory, self._name = split(path)
        check_name(self._name, path)
        self._path = path
        self._entered = root.enter(directory)

    def __enter__(self) -> tuple[Place, str]:
        try:
            return self._entered.__enter__(), self._name
        except BaseException as error:
            self._explain(error)
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._entered.__exit__()
        if error is not None:
            self._explain(error)

    def _explain(self, error: BaseException) -> None:
        """Let a system error name the path; raises another where it means that there can be no such name."""
        path = self._path
        if isinstance(error, SyncfsError) or not isinstance(error, OSError | UnicodeEncodeError):
            return
        code = error.errno if isinstance(error, OSError) else errno.EILSEQ
        if code in (errno.ENAMETOOLONG, errno.EILSEQ):
            raise UnsupportedNameError(f"{path}: {os.strerror(code)}", path=path, code=code) from None
        if isinstance(error, OSError):
            error.filename = path
            del error.filename2  # None would be shown: "'a' -> None"


def _is_same(place: Place, name: str, other: str) -> bool:
    """Whether two spellings lead to one file."""
    try:
        return os.path.samestat(place.lstat(name), place.lstat(other))
    except OSError:
        return False
