"""Make what was written to local disks survive a power cut."""

from __future__ import annotations

import os
import sys
import threading
from contextlib import suppress

from syncfs.core.paths import split
from syncfs.endpoint.beneath import Root

__all__ = ["Unflushed"]


class Unflushed:
    """What was written below a root since the last flush; may be used by several threads at once."""

    def __init__(self, root: Root) -> None:
        self._root = root
        self._lock = threading.Lock()
        # By device on Linux, where one call flushes a whole filesystem: a root can hold mount points.
        # By path elsewhere.
        self._written: dict[int | str, str] = {}

    def note(self, device: int, path: str) -> None:
        """Remember that `path` was written, or renamed to this name, on this device."""
        key: int | str = device if sys.platform == "linux" else path
        with self._lock:
            self._written.setdefault(key, path)

    def flush(self) -> None:
        """Make all of it durable; returns at once when nothing was written.

        Raises:
            OSError: The disk did not take it; it is then still noted.
        """
        with self._lock:
            written, self._written = self._written, {}
        try:
            self._make_durable(written)
        except BaseException:
            with self._lock:
                self._written = written | self._written
            raise

    def _make_durable(self, written: dict[int | str, str]) -> None:
        if sys.platform == "linux":
            for device, path in written.items():
                self._sync_filesystem(device, path)
            return
        directories = set()
        for path in written.values():
            directory, name = split(path)
            directories.add(directory)
            # Gone since: then there is nothing to lose. Windows opens neither directories nor read-only
            # files for this.
            with (
                suppress(FileNotFoundError, NotADirectoryError, PermissionError),
                self._root.enter(directory) as place,
            ):
                writable = os.O_RDWR if sys.platform == "win32" else os.O_RDONLY
                fd = os.open(place.prefix + name, writable, dir_fd=place.fd)
                try:
                    _sync(fd)
                finally:
                    os.close(fd)
        for directory in directories:
            with (
                suppress(FileNotFoundError, NotADirectoryError),
                self._root.enter(directory, to_list=True) as place,
            ):
                if place.fd is not None:
                    _sync(place.fd)

    def _sync_filesystem(self, device: int | str, path: str) -> None:
        """Flush the filesystem that holds `path` by syncfs(2), or all of them where it cannot be reached."""
        import ctypes

        syncfs = getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None)
        fd = self._open_on(device, split(path)[0]) if syncfs is not None else None
        if syncfs is None or fd is None:
            if sys.platform != "win32":
                os.sync()
            return
        try:
            if syncfs(fd) != 0:
                code = ctypes.get_errno()
                raise OSError(code, os.strerror(code), path)
        finally:
            os.close(fd)

    def _open_on(self, device: int | str, directory: str) -> int | None:
        """A descriptor of a directory; None when it is gone or on another device now."""
        with suppress(OSError), self._root.enter(directory, to_list=True) as place:
            if place.fd is not None and os.fstat(place.fd).st_dev == device:
                return os.dup(place.fd)
        return None


def _sync(fd: int) -> None:
    if sys.platform == "darwin":
        import fcntl

        # fsync of macOS leaves the data in the drive's cache (its fsync(2) manual page).
        fcntl.fcntl(fd, fcntl.F_FULLFSYNC)
    else:
        os.fsync(fd)
