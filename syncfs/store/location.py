"""Which file holds the state of a pair."""

from __future__ import annotations

import hashlib
import os
import re
import sys

from syncfs.errors import ConfigError
from syncfs.store.memory import MemoryStore
from syncfs.store.sqlite import SqliteStore
from syncfs.store.store import Store

__all__ = ["is_url", "lock_path", "open_store", "state_path", "swapped_exists"]

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]+:{1,2}//|[A-Za-z]+::")
_LOCAL_URL = re.compile(r"(?i)(?:file|local)://")


def _directory() -> str:
    if chosen := os.environ.get("SYNCFS_STATE_DIR"):
        return os.path.abspath(os.path.expanduser(chosen))
    if sys.platform == "linux":  # platformdirs says the same, and takes 10 ms to import
        named = os.environ.get("XDG_STATE_HOME", "")
        found = named if os.path.isabs(named) else os.path.expanduser("~/.local/state")
        if os.path.isabs(found):
            return os.path.join(found, "syncfs")
    import platformdirs

    return platformdirs.user_state_dir("syncfs", appauthor=False)


def _readable(identity: str) -> str:
    """The last name of an identity, for people who look into the directory: no user, host or query."""
    path = re.sub(r"^[^:/?#]+://[^/?#]*", "", identity).split("?")[0]
    last = path.replace("\\", "/").rstrip("/").rpartition("/")[2]
    return re.sub(r"[^A-Za-z0-9_-]+", "-", last).strip("-")[:24] or "root"


def _stem(left: str, right: str) -> str:
    key = hashlib.sha256(f"{left}\0{right}".encode("utf-8", "surrogatepass")).hexdigest()[:20]
    return f"{_readable(left)}--{_readable(right)}--{key}"


def is_url(state: object) -> bool:
    """Whether a state is at a URL, on some other disk than this machine's."""
    return isinstance(state, str) and _URL.match(state) is not None and not _LOCAL_URL.match(state)


def state_path(left: str, right: str) -> str:
    """The state file of a pair of identities, whether or not it exists.

    It lies in the platform's user state directory, or in `SYNCFS_STATE_DIR`.
    """
    return os.path.join(_directory(), f"{_stem(left, right)}.sqlite")


def lock_path(state: object, left: str | None, right: str | None) -> str | None:
    """The lock file of a pair, the same for both orders: they write to the same two directories.

    Args:
        state: As for `open_store`: a worker that is given a state file may have no other place to write to,
            so the lock of such a pair lies beside that file. A URL, or anything else that is no path, locks
            where `auto` does: it is this machine's runs that the lock keeps apart.
        left: The identity of the left root; None when it cannot be named.
        right: The same of the right root.

    Returns:
        The file; None where the pair cannot be named, so that nobody else can either.

    Raises:
        ConfigError: `state` cannot be a state file.
    """
    if isinstance(state, str | os.PathLike) and not is_url(state) and os.fspath(state) != "auto":
        return f"{_checked(os.fspath(state))}.lock"
    if left is None or right is None:
        return None
    directory = _directory()
    if is_url(state) and not _can_hold(directory):
        # A worker whose state is elsewhere may have no home, but it has a place for temporary files.
        import tempfile

        directory = os.path.join(
            tempfile.gettempdir(), f"syncfs-{os.getuid() if hasattr(os, 'getuid') else ''}"
        )
    return os.path.join(directory, f"{_stem(*sorted((left, right)))}.lock")


def _can_hold(directory: str) -> bool:
    """Whether a directory is there, or can be made, for us to write to."""
    try:
        os.makedirs(directory, mode=0o700, exist_ok=True)
    except OSError:
        return False
    return os.access(directory, os.W_OK)


def swapped_exists(left: str, right: str) -> bool:
    """Whether this pair has no state of its own but the pair the other way round has one.

    Someone probably swapped the roles by mistake; saying so is kind.
    """
    return os.path.exists(state_path(right, left)) and not os.path.exists(state_path(left, right))


def open_store(
    state: str | os.PathLike[str] | None, left: str | None, right: str | None, *, read_only: bool = False
) -> Store:
    """Open the state of a pair.

    Args:
        state: `"auto"`, the path of a state file (or its `file://` URL), or None to keep none. Other URLs are
            the engine's (`syncfs.engine.remote_state`), which knows filesystems.
        left: The identity of the left root; None when it cannot be named.
        right: The same of the right root.
        read_only: Nothing is made or changed, a missing state is an empty one; for plans and the history.

    Returns:
        The store; its `notice` says what the user must know. A pair that cannot be named gets one that is
        forgotten.

    Raises:
        ConfigError: `state` cannot be a state file.
        StoreError: It cannot be read or written, or is of a newer version.
    """
    if state is None:
        return MemoryStore()
    path = os.fspath(state)
    automatic = path == "auto"
    if not automatic:
        path = _checked(path)
    if left is None or right is None:
        side = "src" if left is None else "dst"
        return MemoryStore(
            f"no state is kept: the filesystem of {side} has no name that outlives this process; every"
            " run is a first run"
        )
    if automatic:
        path = state_path(left, right)
    return SqliteStore.open(path, left=left, right=right, read_only=read_only)


def _checked(path: str) -> str:
    if not path:
        raise ConfigError("state: the path is empty; give the path of a file, or 'auto'")
    if _LOCAL_URL.match(path):
        from urllib.parse import unquote, urlsplit

        path = unquote(urlsplit(path).path)
    path = os.path.abspath(os.path.expanduser(path))
    if os.path.isdir(path):
        raise ConfigError(f"state: {path} is a directory; give the path of a file in it")
    parent = os.path.dirname(path)
    if not os.path.isdir(parent):
        raise ConfigError(f"state: {parent} is not a directory; make it first")
    return path
