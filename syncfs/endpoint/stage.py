"""Put local files in place so that nobody sees half of one and nothing unexpected is replaced."""

from __future__ import annotations

import errno
import os
import stat
import sys
from contextlib import suppress

from syncfs.core.entry import Entry, Written
from syncfs.endpoint.beneath import Place
from syncfs.endpoint.endpoint import Content
from syncfs.endpoint.scan import entry_of
from syncfs.errors import StaleEntryError, VerificationError

__all__ = ["create", "demand", "fill", "read_back", "rename_to_free", "stale"]

_WITHOUT_LINKS = frozenset(
    {errno.EPERM, errno.EACCES, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EINVAL}
)
_STAGE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)


def demand(place: Place, name: str, expect: Entry | None, path: str) -> os.stat_result | None:
    """Make sure that a name is what it should be; return what is there."""
    try:
        found = place.lstat(name)
    except FileNotFoundError:
        if expect is None:
            return None
        raise stale(path, expect, None) from None
    if expect is None or entry_of(found) != expect:
        raise stale(path, expect, entry_of(found))
    return found


def stale(path: str, expect: Entry | None, found: Entry | None) -> StaleEntryError:
    """The exception that says how a path differs from what was expected; None stands for nothing."""
    if expect is None:
        words = "something is there now"
    elif found is None:
        words = "is gone"
    elif found.kind is not expect.kind:
        words = f"is a {found.kind.name.lower()} now"
    else:
        words = "changed"
    return StaleEntryError(f"{path}: {words} since it was planned; the next run decides afresh", path=path)


def create(place: Place, temporary: str, mode: int | None) -> int:
    """Create a temporary file; its descriptor is to be handed to `fill`.

    It is never readable for more people than the finished file will be, not even while it is written.
    """
    bits = 0o666 if mode is None else mode & 0o777 | 0o200
    return os.open(place.prefix + temporary, _STAGE, bits, dir_fd=place.fd)


def fill(
    fd: int, place: Place, temporary: str, content: Content, mode: int | None, path: str
) -> os.stat_result:
    """Write the content into a temporary file and close it; return what stands there in the end.

    Raises:
        VerificationError: More or less arrived than was announced, or the disk shows another size.
    """
    try:
        count = content.pour(fd) if content.pour is not None else _write(fd, content)
        if count != content.size_bytes:
            raise VerificationError(f"{path}: {count} bytes came instead of {content.size_bytes}", path=path)
        if sys.platform != "win32":
            return _finished(fd, content.mtime_ns, mode, count, path)
    finally:
        os.close(fd)
    if content.mtime_ns is not None:
        os.utime(place.prefix + temporary, ns=(content.mtime_ns, content.mtime_ns))
    return _of_size(place.lstat(temporary), count, path)


def _write(fd: int, content: Content) -> int:
    count = 0
    for chunk in content.chunks:
        count += len(chunk)
        written = os.write(fd, chunk)
        while written < len(chunk):  # a raw write may take less than it was given
            written += os.write(fd, memoryview(chunk)[written:])
    return count


def _finished(fd: int, mtime_ns: int | None, mode: int | None, count: int, path: str) -> os.stat_result:
    """Give an opened file its bits and times, and look at it."""
    if mtime_ns is not None:
        os.utime(fd, ns=(mtime_ns, mtime_ns))
    staged = os.fstat(fd)
    if mode is not None and mode & 0o777 != stat.S_IMODE(staged.st_mode):
        with suppress(PermissionError):  # FAT and SMB have no such bits
            os.fchmod(fd, mode & 0o777)
        staged = os.fstat(fd)
    return _of_size(staged, count, path)


def _of_size(staged: os.stat_result, count: int, path: str) -> os.stat_result:
    if staged.st_size != count:
        raise VerificationError(f"{path}: the disk holds {staged.st_size} of {count} bytes", path=path)
    return staged


def rename_to_free(place: Place, name: str, there: Place, new: str, path: str) -> None:
    """Rename a file to a name that nothing holds; whoever takes the name first keeps it."""
    source, target = place.prefix + name, there.prefix + new
    if sys.platform != "win32":  # where a rename never replaces anything
        try:
            # The only portable way to take a name without replacing what a stranger put there just now.
            os.link(source, target, src_dir_fd=place.fd, dst_dir_fd=there.fd, follow_symlinks=False)
        except FileExistsError:
            raise stale(path, None, None) from None
        except OSError as error:
            if error.errno not in _WITHOUT_LINKS:
                raise
            demand(there, new, None, path)  # FAT, some network filesystems: a window of microseconds
        else:
            os.unlink(source, dir_fd=place.fd)
            return
    try:
        os.rename(source, target, src_dir_fd=place.fd, dst_dir_fd=there.fd)
    except FileExistsError:
        raise stale(path, None, None) from None


def read_back(place: Place, name: str, staged: os.stat_result) -> Entry | Written:
    """What stands under the name, if it is what we put there.

    Renaming sets the change time, so the entry cannot be known before. If a stranger was faster than this
    look, nothing is claimed: the next run sees the stranger's edit.
    """
    try:
        found = place.lstat(name)
    except FileNotFoundError:
        return Written(staged.st_size)
    ours = (staged.st_dev, staged.st_ino, staged.st_size, staged.st_mtime_ns)
    if (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns) != ours:
        return Written(staged.st_size)
    return entry_of(found)
