"""Reach directories of this machine below a root, and nothing outside it.

Names come from listings that may be a minute old. A directory that was swapped for a symlink since then
would lead every call by path out of the root: the write that should land in `docs/` would land in
`/etc`. So a directory is opened one component at a time, each relative to the one above, never through
a symlink; what is done in it afterwards is done relative to its descriptor. Where the platform has no
such calls (Windows) each component is looked at instead, which leaves a window of microseconds.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from syncfs.core.paths import name_problem
from syncfs.endpoint.glance import is_detour
from syncfs.errors import EndpointUnavailableError, PathError, UnsupportedNameError

__all__ = ["HAS_DESCRIPTORS", "Entered", "Place", "Root", "check_name", "windows_name_problem"]

HAS_DESCRIPTORS = (
    {os.open, os.stat, os.mkdir, os.unlink, os.rmdir, os.rename, os.link, os.utime} <= os.supports_dir_fd
    and os.scandir in os.supports_fd
    and hasattr(os, "O_NOFOLLOW")
    and hasattr(os, "O_DIRECTORY")
)
"""Whether this platform works relative to a directory's descriptor: Linux and macOS do."""

_DIRECTORY = getattr(os, "O_DIRECTORY", 0)
_STEP = _DIRECTORY | getattr(os, "O_NOFOLLOW", 0)
# Passing through a directory needs no permission to list it; O_PATH asks for none (Linux only).
_PASS = _STEP | getattr(os, "O_PATH", os.O_RDONLY)

_WINDOWS_DEVICES = frozenset(
    ["con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in "123456789¹²³")]
)


class Place(NamedTuple):
    """One directory, opened; names in it are reached by `os` calls with `dir_fd=place.fd`.

    Attributes:
        fd: Its descriptor; None where the platform has none.
        prefix: What goes before a name: `""` with a descriptor, else the directory's path.
    """

    fd: int | None
    prefix: str

    def lstat(self, name: str) -> os.stat_result:
        """Look at a name, not through a symlink."""
        return os.stat(self.prefix + name, dir_fd=self.fd, follow_symlinks=False)


class _Kept(threading.local):
    """The directory that one thread keeps open; see `Root.dwelling`."""

    is_on = False
    is_in_use = False
    directory: str | None = None
    fd = -1


class Root:
    """A directory of this machine and the way to what is below it.

    Args:
        path: The root's path with every symlink in it resolved: the user named it, so its own symlinks
            are meant; those below it are not.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._pinned: tuple[int, int] | None = None
        self._kept = _Kept()

    @property
    def pinned(self) -> tuple[int, int] | None:
        """What the root was found to be: its device and inode; None before `pin`."""
        return self._pinned

    def pin(self) -> os.stat_result:
        """Look at the root and insist from now on that it stays this very directory.

        A volume that is unmounted during a run leaves an empty directory under the root's path, in which
        everything seems to be deleted.

        Raises:
            EndpointUnavailableError: It is missing or is no directory.
        """
        self._pinned = None
        try:
            found = os.stat(self.path)
        except OSError as error:
            raise self._unavailable(error) from error
        if not stat.S_ISDIR(found.st_mode):
            problem = NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), self.path)
            raise self._unavailable(problem) from problem
        self._pinned = (found.st_dev, found.st_ino)
        return found

    @contextmanager
    def dwelling(self) -> Iterator[None]:
        """Keep the directory that was entered last open, for this thread and the length of the block.

        Opening one component after another is a third of what a small file costs. A directory that is
        renamed meanwhile is written to under its new name, as by anyone who has it open.
        """
        kept = self._kept
        kept.is_on = HAS_DESCRIPTORS
        try:
            yield
        finally:
            kept.is_on = False
            self._let_go()

    def _let_go(self) -> None:
        kept = self._kept
        if kept.directory is not None:
            kept.directory = None
            os.close(kept.fd)

    def enter(self, directory: str, *, to_list: bool = False) -> Entered:
        """Open a directory below the root.

        Args:
            directory: Its path relative to the root; `""` is the root.
            to_list: Whether its names will be read, which needs another permission than passing through.

        Raises:
            EndpointUnavailableError: The root is gone, or another directory than the one that was pinned.
            FileNotFoundError: A component is missing.
            NotADirectoryError: A component is a file.
            PathError: A component is a symlink or the like, which is never followed (ELOOP).
            UnsupportedNameError: A component cannot be a name here.
        """
        return Entered(self, directory, to_list)

    def _entered(self, directory: str, to_list: bool) -> tuple[Place, bool]:
        """A directory, opened; and whether it stays open afterwards."""
        kept = self._kept
        if kept.is_on and not kept.is_in_use and not to_list:
            if kept.directory != directory:
                fd = self._opened(directory)
                self._let_go()
                kept.directory, kept.fd = directory, fd
            kept.is_in_use = True
            return Place(kept.fd, ""), True
        if not HAS_DESCRIPTORS:
            return Place(None, self._looked_at(directory)), False
        return Place(self._opened(directory, to_list=to_list), ""), False

    def _left(self, place: Place, stays: bool) -> None:
        if stays:
            self._kept.is_in_use = False
        elif place.fd is not None:
            os.close(place.fd)

    def _opened(self, directory: str, *, to_list: bool = False) -> int:
        """A descriptor of a directory, reached one component at a time."""
        parts = _parts(directory)
        fd = self._open_root(to_list and not parts)
        try:
            for number, part in enumerate(parts, 1):
                flags = _STEP | os.O_RDONLY if to_list and number == len(parts) else _PASS
                try:
                    below = os.open(part, flags, dir_fd=fd)
                except OSError as error:
                    if error.errno in (errno.ENOTDIR, errno.ELOOP):
                        _refuse_detour(os.stat(part, dir_fd=fd, follow_symlinks=False), part, directory)
                    raise
                os.close(fd)
                fd = below
        except BaseException:
            os.close(fd)
            raise
        return fd

    def _open_root(self, to_list: bool) -> int:
        # Not O_NOFOLLOW: the path was resolved when the endpoint was made.
        flags = os.O_RDONLY if to_list else getattr(os, "O_PATH", os.O_RDONLY)
        try:
            fd = os.open(self.path, flags | _DIRECTORY)
        except PermissionError:
            raise
        except OSError as error:
            raise self._unavailable(error) from error
        if self._pinned is not None:
            found = os.fstat(fd)
            if (found.st_dev, found.st_ino) != self._pinned:
                os.close(fd)
                raise self._exchanged()
        return fd

    def _looked_at(self, directory: str) -> str:
        """The path of a directory none of whose components leads elsewhere, with a separator."""
        parts = _parts(directory)
        try:
            found = os.stat(self.path)
        except OSError as error:
            raise self._unavailable(error) from error
        if self._pinned is not None and (found.st_dev, found.st_ino) != self._pinned:
            raise self._exchanged()
        path = self.path
        for part in parts:
            path = os.path.join(path, part)
            found = os.lstat(path)
            _refuse_detour(found, part, directory)
            if not stat.S_ISDIR(found.st_mode):
                raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), directory)
        return os.path.join(path, "")

    def _exchanged(self) -> EndpointUnavailableError:
        return EndpointUnavailableError(
            f"{self.path} is not the directory any more that it was when this run began "
            "(unmounted or exchanged?); nothing more is done"
        )

    def _unavailable(self, error: OSError) -> EndpointUnavailableError:
        match error:
            case FileNotFoundError():
                words = "does not exist"
            case NotADirectoryError():
                words = "is not a directory"
            case PermissionError():
                words = "may not be read by this user"
            case _:
                words = f"cannot be reached: {error.strerror or type(error).__name__}"
        return EndpointUnavailableError(f"{self.path} {words}")


class Entered:
    """A directory that is open while the block lasts.

    A class and no `contextmanager`: of what copying a small file costs, generators that do nothing but open
    and close were a tenth.
    """

    __slots__ = ("_directory", "_place", "_root", "_stays", "_to_list")

    def __init__(self, root: Root, directory: str, to_list: bool) -> None:
        self._root, self._directory, self._to_list = root, directory, to_list

    def __enter__(self) -> Place:
        self._place, self._stays = self._root._entered(self._directory, self._to_list)
        return self._place

    def __exit__(self, *_: object) -> None:
        self._root._left(self._place, self._stays)


def _parts(directory: str) -> list[str]:
    """A directory's components, each of which can be a name here."""
    parts = directory.split("/") if directory else []
    for part in parts:
        check_name(part, directory)
    return parts


def _refuse_detour(found: os.stat_result, part: str, directory: str) -> None:
    if is_detour(found):
        raise PathError(
            f"{directory}: {part!r} is a symlink, which is never followed", path=directory, code=errno.ELOOP
        )


def check_name(name: str, path: str) -> None:
    """Make sure that a name stays one name on this machine.

    Raises:
        UnsupportedNameError: It is `..`, holds a separator, or means something else to Windows.
    """
    problem = name_problem(name)
    if problem is None and sys.platform == "win32":
        problem = windows_name_problem(name)
    if problem is not None:
        raise UnsupportedNameError(f"{path}: {name!r} {problem}", path=path)


def windows_name_problem(name: str) -> str | None:
    """Say why Windows would not keep a name as it is; None when it does.

    Rules: "Naming Files, Paths, and Namespaces" of the Windows documentation. `a:b` is the worst: it
    succeeds and writes a hidden stream of the file `a`.
    """
    if any(character in '<>:"/\\|?*' or character < " " for character in name):
        return "holds a character that Windows does not allow in names"
    if name.endswith((".", " ")):
        return "ends with a dot or a space, which Windows drops"
    if name.partition(".")[0].rstrip(" ").lower() in _WINDOWS_DEVICES:
        return "is the name of a device on Windows"
    return None
