"""Call an fsspec filesystem: one call at a time where it must be, past its caches, errors translated."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from typing import Any, BinaryIO, cast

from fsspec.spec import AbstractFileSystem

from syncfs.core.entry import Entry
from syncfs.endpoint.facets import entry_of_info
from syncfs.endpoint.family import family_of
from syncfs.endpoint.translate import translating

__all__ = ["BLOCK_BYTES", "Connection"]

BLOCK_BYTES = 8 << 20
"""How much a buffered file gathers before it sends, and reads ahead. S3 wants parts of at least 5 MiB;
s3fs' own 50 MiB would be 1.6 GB with 32 files on their way."""
_MOST_PARTS = 9_000  # S3 takes 10,000


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
            yield

    def entry(self, full: str, path: str) -> Entry | None:
        """Look at one path afresh; None when nothing is there."""
        with self.talk(path):
            try:
                self.fs.invalidate_cache(full)
                return entry_of_info(self.fs.info(full), self.family)
            except (FileNotFoundError, NotADirectoryError):
                return None

    def items(self, full: str, path: str) -> list[dict[str, Any]]:
        """List a directory afresh, in full detail.

        Raises:
            FileNotFoundError: There is no such directory.
        """
        with self.talk(path):
            # Not `find` or `walk`, which leave out what they cannot read without a word.
            self.fs.invalidate_cache(full)
            return list(self.fs.ls(full, detail=True))

    def open(self, full: str, path: str) -> BinaryIO:
        """Open a file to be read from its start."""
        with self.talk(path):
            if self.family.name == "memory":
                # `open` gives everyone the same object, with one position for all.
                return io.BytesIO(self.fs.cat_file(full))
            return cast(BinaryIO, self.fs.open(full, "rb", block_size=BLOCK_BYTES))

    def create(self, full: str, path: str, size_bytes: int) -> BinaryIO:
        """Open a file to be written; close it with `close` or `discard` only."""
        with self.talk(path):
            block_bytes = max(BLOCK_BYTES, -(-size_bytes // _MOST_PARTS))
            return cast(BinaryIO, self.fs.open(full, "wb", block_size=block_bytes))

    def close(self, file: BinaryIO, path: str) -> None:
        """Close a file; one that was written is there afterwards."""
        with self.talk(path):
            try:
                file.close()
            except BaseException:
                self._forget(file)
                raise

    def discard(self, file: BinaryIO, path: str) -> None:
        """Give up a file that is being written, as far as possible without publishing what it has."""
        with suppress(OSError), self.talk(path):
            self._forget(file)

    def _forget(self, file: Any) -> None:
        # fsspec's buffered files publish on close, also when they are closed by an exception or by the
        # garbage collector; so they are marked as closed.
        with suppress(Exception):
            if hasattr(file, "discard"):
                file.discard()
            if hasattr(file, "_closed"):
                file.closed = True
            else:
                file.close()

    def rename(self, full: str, to: str, path: str) -> None:
        """Rename a file, or a directory where `renames` is true."""
        with self.talk(path):
            if self.renames:
                self.fs.mv(full, to)
            else:
                # Not the inherited `mv`, which takes `*` and `[` in names for patterns.
                self.fs.cp_file(full, to)
                self.fs.rm_file(full)
            self._forget_listings(full, to)

    def remove(self, full: str, path: str) -> None:
        """Remove a file. Not `rm`, which takes `*` and `[` in names for patterns."""
        with self.talk(path):
            self.fs.rm_file(full)
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
