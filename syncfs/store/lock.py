"""One run of a pair at a time."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import sys
import threading
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from types import TracebackType

from syncfs.errors import LockedError, StoreError

__all__ = ["Holder", "PairLock"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Who holds a lock.

    Attributes:
        pid: Its process id.
        host: The machine it runs on; a state directory may be shared.
        since: When it took the lock, ISO 8601, UTC, by its own clock.
        mode: `push`, `pull` or `sync`; empty when it did not say.
    """

    pid: int
    host: str
    since: str
    mode: str = ""

    def __str__(self) -> str:
        what = f"a {self.mode}" if self.mode else "a run"
        return f"{what} by process {self.pid} on {self.host}, since {self.since}"


class PairLock:
    """Holds a pair for one run; a context manager that never waits.

    The operating system's own lock: it goes with its holder, however that ends. It excludes other processes
    and other threads of this one alike. The lock file stays where it is: removing it would let two runs hold
    two files of one name.

    Args:
        path: The lock file; its directory is made when it is missing.
        mode: What the run does, for the message that others get.
    """

    def __init__(self, path: str, *, mode: str = "") -> None:
        self.path = path
        self._mode = mode
        self._lock = _FileLock(path)

    def __enter__(self) -> PairLock:
        """Take the lock.

        Raises:
            LockedError: Somebody holds it; `.holder` says who.
            StoreError: The lock file cannot be made.
        """
        try:
            os.makedirs(os.path.dirname(self.path) or ".", mode=0o700, exist_ok=True)
            is_free = self._lock.acquire()
        except (OSError, NotImplementedError) as error:
            raise StoreError(
                f"cannot lock {self.path}: {getattr(error, 'strerror', None) or error}; name a directory"
                " that can be written with SYNCFS_STATE_DIR"
            ) from error
        if not is_free:
            holder = self.holder()
            who = str(holder) if holder else "another run, whose name cannot be read"
            raise LockedError(
                f"this pair is locked: {who}; wait for it to end, it frees the lock by itself", holder=who
            )
        self._write_holder()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let it go; the note goes first, while it is still certainly ours."""
        with contextlib.suppress(OSError):
            os.remove(self._note)
        self._lock.release()

    @property
    def identity(self) -> str:
        """Names this lock, while it is held, among all locks of all machines; tells nothing else."""
        found = os.stat(self.path)
        words = f"{_host()}\0{os.path.realpath(self.path)}\0{found.st_dev}\0{found.st_ino}"
        return hashlib.sha256(words.encode("utf-8", "surrogatepass")).hexdigest()[:32]

    @property
    def _note(self) -> str:
        return f"{self.path}.holder"

    def holder(self) -> Holder | None:
        """Who wrote the note beside the lock last: its holder, while it has one; None without a note."""
        try:
            with open(self._note, encoding="utf-8") as file:
                return Holder(**json.load(file))
        except (OSError, ValueError, TypeError):
            return None

    def _write_holder(self) -> None:
        """Leave a note, whole or not at all; a lock without one is as good."""
        note = Holder(
            pid=os.getpid(),
            host=_host(),
            since=datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
            mode=self._mode,
        )
        staged = f"{self._note}-{os.getpid()}-{threading.get_ident()}"
        with contextlib.suppress(OSError):
            descriptor = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with open(descriptor, "w", encoding="utf-8") as file:
                json.dump(asdict(note), file)
            os.replace(staged, self._note)


if sys.platform == "win32":
    import socket

    from filelock import FileLock, Timeout

    class _FileLock:
        """The operating system's lock on one file."""

        def __init__(self, path: str) -> None:
            # Not thread-local: a run may end in another thread than it began in.
            self._lock = FileLock(path, timeout=0, mode=0o600, thread_local=False)

        def acquire(self) -> bool:
            """Take the lock; False when somebody holds it."""
            try:
                self._lock.acquire(blocking=False)
            except Timeout:
                return False
            return True

        def release(self) -> None:
            """Let it go."""
            self._lock.release()

    def _host() -> str:
        return socket.gethostname()

else:
    import fcntl

    class _FileLock:
        """The operating system's lock on one file: what filelock does here, without its 25 ms of imports."""

        def __init__(self, path: str) -> None:
            self._path = path
            self._fd: int | None = None

        def acquire(self) -> bool:
            """Take the lock; False when somebody holds it."""
            fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600)
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BaseException as error:
                os.close(fd)
                if isinstance(error, OSError) and error.errno in (errno.EAGAIN, errno.EACCES):
                    return False
                raise
            self._fd = fd
            return True

        def release(self) -> None:
            """Let it go."""
            if self._fd is not None:
                os.close(self._fd)
                self._fd = None

    def _host() -> str:
        return os.uname().nodename
