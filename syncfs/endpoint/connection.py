"""Call an fsspec filesystem: one call at a time where it must be, past its caches, errors translated."""

from __future__ import annotations

import errno
import io
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from typing import Any, BinaryIO, cast

from fsspec.spec import AbstractBufferedFile, AbstractFileSystem

from syncfs.core.entry import Entry
from syncfs.endpoint import sftp
from syncfs.endpoint.endpoint import CHUNK_BYTES
from syncfs.endpoint.facets import entry_of_info
from syncfs.endpoint.family import family_of
from syncfs.endpoint.ftp import Upload, ftp_info, ftp_items
from syncfs.endpoint.http import http_info, http_items
from syncfs.endpoint.objects import knows_calls, object_info
from syncfs.endpoint.redact import redact
from syncfs.endpoint.translate import translating
from syncfs.errors import PathError, UnsupportedNameError

__all__ = ["BLOCK_BYTES", "Connection", "part_bytes"]

BLOCK_BYTES = 8 << 20
"""How much a buffered file gathers before it sends, and reads ahead. S3 wants parts of at least 5 MiB;
s3fs' own 50 MiB would be 1.6 GB with 32 files on their way."""
_MOST_PARTS = 9_000  # S3 takes 10,000


def part_bytes(size_bytes: int) -> int:
    """In what portions a file of that size is sent."""
    return max(BLOCK_BYTES, -(-size_bytes // _MOST_PARTS))


class Connection:
    """A filesystem as this package calls it; paths are the filesystem's own, whole.

    Every method takes `path`, the same one as users know it, for the errors. They are `OSError` or
    `SyncfsError`; whatever else comes out of a filesystem is a bug of it or of ours.

    Attributes:
        fs: The filesystem.
        family: What is known of its kind.
        renames: Whether it renames by itself; otherwise a copy on its side and a removal do it.
    """

    def __init__(self, fs: Any) -> None:
        self.fs = fs
        self.family = family_of(fs)
        self.renames = type(fs).mv is not AbstractFileSystem.mv
        self._removes_directories = (
            self.family.removes_directories and type(fs).rmdir is not AbstractFileSystem.rmdir
        )
        if self.family.name == "sftp":
            sftp.prepare(fs)
        # Kept with the filesystem, whose connection it guards, and not with this object: there may be
        # several of these for one filesystem.
        self._lock = (
            fs.__dict__.setdefault("_syncfs_lock", threading.RLock())
            if self.family.is_serial
            else nullcontext()
        )

    @contextmanager
    def talk(self, path: str) -> Iterator[None]:
        """Hold the connection for one call or a few that belong together."""
        with self._lock, translating(path):
            try:
                yield
            except OSError as error:
                if error.errno in (errno.ENAMETOOLONG, errno.EILSEQ) and not isinstance(error, PathError):
                    raise UnsupportedNameError(
                        f"{path}: {os.strerror(error.errno)}", path=path, code=error.errno
                    ) from None
                if type(error) is OSError and error.errno is None:
                    # paramiko, for whatever SFTP has no number for.
                    raise PathError(f"{path}: {redact(str(error))[:300]}", path=path) from None
                raise

    def entry(self, full: str, path: str) -> Entry | None:
        """Look at one path afresh; None when nothing is there."""
        with self.talk(path):
            try:
                return entry_of_info(self._info(full), self.family)
            except (FileNotFoundError, NotADirectoryError):
                return None

    def _info(self, full: str) -> Mapping[str, Any]:
        match self.family.name:
            case "ftp":
                return ftp_info(self.fs, full)
            case "http":
                return http_info(self.fs, full)
            case "sftp":
                return sftp.sftp_info(self.fs, full)
            case "s3" if knows_calls(self.fs):
                return object_info(self.fs, full)
        if self.family.is_archive and not full.strip("/"):
            return {"name": "", "size": 0, "type": "directory"}  # also of an archive that is empty
        self._forget_listings(full)
        info: Mapping[str, Any] = self.fs.info(full)
        return info

    def items(self, full: str, path: str) -> list[dict[str, Any]]:
        """List a directory afresh, in full detail.

        Raises:
            FileNotFoundError: There is no such directory.
        """
        with self.talk(path):
            if self.family.name == "ftp":
                return ftp_items(self.fs, full)
            if self.family.name == "http":
                return http_items(self.fs, full)
            # Not `find` or `walk`, which leave out what they cannot read without a word.
            self._forget_listings(full)
            return list(self.fs.ls(full, detail=True))

    def open(self, full: str, path: str) -> BinaryIO:
        """Open a file to be read from its start."""
        with self.talk(path):
            if self.family.name == "memory":
                # `open` gives everyone the same object, with one position for all.
                return io.BytesIO(self.fs.cat_file(full))
            self._forget_listings(full)  # a file learns its size there
            file = self.fs.open(full, "rb", block_size=BLOCK_BYTES)
        return io.BufferedReader(_Reader(self, file, path), CHUNK_BYTES)

    def create(self, full: str, path: str, size_bytes: int) -> BinaryIO:
        """Open a file to be written; close it with `close` or `discard` only."""
        with self.talk(path):
            if self.family.name == "sftp":
                return cast(BinaryIO, sftp.create(self.fs, full, BLOCK_BYTES))
            if self.family.name == "ftp":
                return cast(BinaryIO, Upload(self.fs, full, BLOCK_BYTES))
            return cast(BinaryIO, self.fs.open(full, "wb", block_size=part_bytes(size_bytes)))

    def close(self, file: BinaryIO, path: str) -> None:
        """Publish a file that was written."""
        with self.talk(path):
            try:
                file.close()
            except BaseException:
                self._give_up(file)
                raise

    def discard(self, file: BinaryIO, path: str) -> None:
        """Give up a file that is being written, without publishing what it has where that is possible."""
        with suppress(OSError), self.talk(path):
            self._give_up(file)

    def _give_up(self, file: Any) -> None:
        # Only object stores: there it ends the upload. Elsewhere it removes something, by a pattern even.
        if self.family.puts_whole and hasattr(file, "discard"):
            with suppress(Exception):
                file.discard()
        if isinstance(file, Upload):
            file.discard()
        elif isinstance(file, AbstractBufferedFile):
            # They publish on close, also when it is an exception or the garbage collector
            # that closes them.
            file.closed = True
        else:
            file.close()

    def keep_mtime(self, full: str, path: str, mtime_ns: int) -> None:
        """Give a file the time of its source, where the server lets us. Only where `family.keeps_mtime`."""
        with suppress(PermissionError, PathError), self.talk(path):
            sftp.keep_mtime(self.fs, full, mtime_ns)

    def rename(self, full: str, to: str, path: str, *, is_new: bool = False) -> None:
        """Rename a file or a directory. Only where `renames` is true.

        Args:
            full: What.
            to: Its new path.
            path: The same as users know it, for errors.
            is_new: Nothing is expected at `to`: a server that can refuses to replace what is there.
        """
        with self.talk(path):
            if self.family.name == "sftp":
                sftp.rename(self.fs, full, to, is_new=is_new)
            else:
                self.fs.mv(full, to)
            self._forget_listings(full, to)

    def put(self, full: str, path: str, data: bytes) -> Any:
        """Write a small file in one call."""
        with self.talk(path):
            self.fs.pipe_file(full, data)

    def copy(self, full: str, to: str, path: str) -> None:
        """Copy a file on its side. Not with `cp`, which takes `*` and `[` in names for patterns."""
        with self.talk(path):
            self.fs.cp_file(full, to)
            self._forget_listings(to)

    def remove(self, full: str, path: str, **condition: str) -> None:
        """Remove a file. Not `rm`, which takes `*` and `[` in names for patterns.

        Raises:
            FileNotFoundError: It is not there.
        """
        with self.talk(path):
            self.fs.rm_file(full, **condition)
            self._forget_listings(full)

    def make_directory(self, full: str, path: str) -> None:
        """Make one directory."""
        with self.talk(path):
            self.fs.mkdir(full, create_parents=False)
            self._forget_listings(full)

    def remove_directory(self, full: str, path: str) -> None:
        """Remove an empty directory."""
        with self.talk(path):
            if not self._removes_directories:
                raise NotImplementedError
            self.fs.rmdir(full)
            self._forget_listings(full)

    def _forget_listings(self, *paths: str) -> None:
        for path in paths:
            self.fs.invalidate_cache(path)
            self.fs.invalidate_cache(self.fs._parent(path))  # where some look a file up


class _Reader(io.RawIOBase):
    """A file of the filesystem, each read of which is one call: comparators read files too."""

    def __init__(self, connection: Connection, file: Any, path: str) -> None:
        super().__init__()
        self._connection = connection
        self._file = file
        self._path = path

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        into = memoryview(buffer).cast("B")
        with self._connection.talk(self._path):
            data = self._file.read(len(into))
        into[: len(data)] = data
        return len(data)

    def close(self) -> None:
        if not self.closed:
            super().close()
            with suppress(OSError), self._connection.talk(self._path):
                self._file.close()
