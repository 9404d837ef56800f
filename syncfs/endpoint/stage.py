"""Put local files in place so that nobody sees half of one and nothing unexpected is replaced.

A new file has no name while it is written, where the filesystem can do that (`O_TMPFILE` of Linux), and gets
its own by a link, which replaces nothing. A temporary name costs its entry, a second one and the removal of
the first: with it, a file of 4 KiB on ext4 took 350 us of CPU, without it 222, as many as one that is written
under its final name. And whoever is killed leaves nothing behind.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
from contextlib import suppress
from functools import cache

from syncfs.core.entry import Entry, Written
from syncfs.endpoint.beneath import Place
from syncfs.endpoint.endpoint import Content
from syncfs.endpoint.scan import entry_of
from syncfs.errors import PathError, StaleEntryError, VerificationError

__all__ = [
    "NoLateNameError",
    "create_unnamed",
    "demand",
    "fill_and_name",
    "put_staged",
    "read_back",
    "rename_to_free",
    "stale",
]

_WITHOUT_LINKS = frozenset(
    {errno.EPERM, errno.EACCES, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EINVAL}
)
_STAGE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)

_UNNAMED = getattr(os, "O_TMPFILE", 0)
_WITHOUT_UNNAMED = frozenset(
    {errno.EOPNOTSUPP, errno.ENOTSUP, errno.EISDIR, errno.EINVAL, errno.ENOSYS, errno.ENOENT}
)


class NoLateNameError(PathError):
    """A file could be written without a name, and then could not be given one; another way may work."""


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


def put_staged(
    place: Place,
    name: str,
    content: Content,
    mode: int | None,
    path: str,
    expect: Entry | None,
    temporary: str,
) -> os.stat_result:
    """Write a file under a temporary name, and put it in place; nothing is left of it when that fails."""
    fd = _create(place, temporary, mode)
    try:
        staged = _fill(fd, place, temporary, content, mode, path)
        if expect is None:
            rename_to_free(place, temporary, place, name, path)
        else:
            demand(place, name, expect, path)
            os.replace(
                place.prefix + temporary, place.prefix + name, src_dir_fd=place.fd, dst_dir_fd=place.fd
            )
    except BaseException:
        with suppress(OSError):
            os.unlink(place.prefix + temporary, dir_fd=place.fd)
        raise
    return staged


def _create(place: Place, temporary: str, mode: int | None) -> int:
    """Create a temporary file; its descriptor is to be handed to `_fill`.

    It is never readable for more people than the finished file will be, not even while it is written.
    """
    bits = 0o666 if mode is None else mode & 0o777 | 0o200
    return os.open(place.prefix + temporary, _STAGE, bits, dir_fd=place.fd)


def create_unnamed(place: Place, mode: int | None) -> int | None:
    """Create a file without a name, for `fill_and_name`; None where there are no such files."""
    if not _UNNAMED or place.fd is None or not _has_proc():
        return None
    bits = 0o666 if mode is None else mode & 0o777 | 0o200
    try:
        return os.open(".", os.O_WRONLY | _UNNAMED, bits, dir_fd=place.fd)
    except OSError as error:
        if error.errno in _WITHOUT_UNNAMED:
            return None
        raise


@cache
def _has_proc() -> bool:
    return os.path.isdir("/proc/self/fd")  # only root may link a descriptor itself


def fill_and_name(
    fd: int, place: Place, name: str, content: Content, mode: int | None, path: str
) -> os.stat_result:
    """Write the content into a file without a name, give it one that nothing holds, and close it.

    Returns:
        What stands there in the end.

    Raises:
        StaleEntryError: Something has the name.
        NoLateNameError: This filesystem gives none so late.
    """
    try:
        staged = _finished(fd, content.mtime_ns, mode, _taken(fd, content, path), path)
        try:
            os.link(f"/proc/self/fd/{fd}", place.prefix + name, dst_dir_fd=place.fd, follow_symlinks=True)
        except FileExistsError:
            raise stale(path, None, None) from None
        except OSError as error:
            if error.errno in _WITHOUT_LINKS or error.errno in (errno.ENOENT, errno.EXDEV):
                words = f"{path}: {error.strerror}"
                raise NoLateNameError(words, path=path, retryable=True) from None
            raise
        return staged
    finally:
        os.close(fd)


def _fill(
    fd: int, place: Place, temporary: str, content: Content, mode: int | None, path: str
) -> os.stat_result:
    """Write the content into a temporary file and close it; return what stands there in the end.

    Raises:
        VerificationError: More or less arrived than was announced, or the disk shows another size.
    """
    try:
        count = _taken(fd, content, path)
        if sys.platform != "win32":
            return _finished(fd, content.mtime_ns, mode, count, path)
    finally:
        os.close(fd)
    if content.mtime_ns is not None:
        os.utime(place.prefix + temporary, ns=(content.mtime_ns, content.mtime_ns))
    return _of_size(place.lstat(temporary), count, path)


def _taken(fd: int, content: Content, path: str) -> int:
    """Write the content into an opened file; how much that was, which is what was announced."""
    count = content.pour(fd) if content.pour is not None else _write(fd, content)
    if count != content.size_bytes:
        raise VerificationError(f"{path}: {count} bytes came instead of {content.size_bytes}", path=path)
    return count


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
