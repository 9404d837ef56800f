"""What every server for the tests has in common: an address, a directory on disk, and a list of requests.

A server lives as long as its `with` block. Tests share one (starting takes longer than most tests) and each
gets a fresh empty `Folder` of it.
"""

import http.client
import itertools
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import ClassVar, NamedTuple, Self
from urllib.parse import quote, urlsplit

from syncfs.testing import Tree, read_tree, write_tree

START_TIMEOUT_S = 20.0
STOP_TIMEOUT_S = 10.0
_POLL_S = 0.01
_FOLDER = re.compile(r"/folder-\d+(?=/|$)")


class ServerMissingError(Exception):
    """What the server needs is not installed here."""


class ServerFailedError(Exception):
    """The server is installed, but did not start, or died."""


class Request(NamedTuple):
    """One request as the server saw it, in the order in which replies began.

    `path` is as it was sent, so still percent-encoded. `status` is 0 where no reply was begun. `depth` is the
    Depth header, None without one.
    """

    method: str
    path: str
    status: int
    depth: str | None = None


class Server(ABC):
    """A running WebDAV server on loopback.

    Attributes:
        url: Of the root collection; ends with a slash, contains no credentials.
        root: The directory on disk that it shows. What is changed there shows at once.
    """

    name: ClassVar[str]
    url: str
    root: Path

    def __init__(self) -> None:
        self._folders = itertools.count(1)
        # Not pytest's tmp_path: other users cannot enter that, and a server started by root may be one.
        self.home = Path(tempfile.mkdtemp(prefix=f"syncfs-{self.name}-"))
        self.home.chmod(0o755)

    @abstractmethod
    def start(self) -> None:
        """Start, and return when it answers; `url` is known from then on."""

    @abstractmethod
    def stop(self) -> None:
        """End all that `start` began; harmless when it failed half-way."""

    @abstractmethod
    def requests(self) -> list[Request]:
        """All requests whose reply has begun, since the start or `clear_requests`."""

    @abstractmethod
    def clear_requests(self) -> None:
        """Forget the requests so far."""

    def adopt(self, path: Path) -> None:  # noqa: B027 - most servers need nothing
        """Make what a test has put at `path` (and below) the server's own, so that it may change it."""

    def folder(self) -> "Folder":
        """A fresh empty collection, made on disk, so without a request."""
        name = f"folder-{next(self._folders)}"
        root = self.root / name
        root.mkdir()
        self.adopt(root)
        self.clear_requests()
        return Folder(url=f"{self.url}{name}/", root=root, server=self)

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.stop()
        finally:
            shutil.rmtree(self.home, ignore_errors=True)


@dataclass(frozen=True)
class Folder:
    """One test's own collection on a server.

    Attributes:
        url: Ends with a slash.
        root: The same directory on disk.
        server: Whose it is.
    """

    url: str
    root: Path
    server: Server

    @property
    def path(self) -> str:
        """The path part of `url`, with the slash at its end."""
        return urlsplit(self.url).path

    def url_of(self, name: str) -> str:
        """The address of `name`, a path below the folder, not yet quoted."""
        return self.url + quote(name)

    def write(self, tree: Tree) -> None:
        """Put `tree` there behind the server's back; the server may change it afterwards."""
        write_tree(self.root, tree)
        self.server.adopt(self.root)

    def read(self) -> Tree:
        """What is there on disk."""
        return read_tree(self.root)

    def requests(self) -> list[Request]:
        """The server's requests without those to other folders, left over by earlier tests."""
        own = self.path.rstrip("/")
        return [
            request
            for request in self.server.requests()
            if (found := _FOLDER.search(request.path)) is None or request.path[: found.end()] == own
        ]

    def clear_requests(self) -> None:
        """Forget the requests so far."""
        self.server.clear_requests()


def wait_until(ready: Callable[[], bool], what: str, timeout_s: float = START_TIMEOUT_S) -> None:
    """Poll until `ready()`; ServerFailedError after `timeout_s`, saying what was waited for."""
    deadline = time.monotonic() + timeout_s
    while not ready():
        if time.monotonic() > deadline:
            raise ServerFailedError(f"{what}: not within {timeout_s} s")
        time.sleep(_POLL_S)


def get(url: str, timeout_s: float = 5.0) -> tuple[int, str]:
    """Status and body of one GET on a connection of its own; OSError when nobody answers."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=timeout_s)
    try:
        connection.request("GET", f"{parts.path}?{parts.query}" if parts.query else parts.path)
        reply = connection.getresponse()
        return reply.status, reply.read().decode("latin-1")
    finally:
        connection.close()


def launch(command: list[str], log: Path, cwd: Path | None = None) -> subprocess.Popen[bytes]:
    """Start `command` in a session of its own, both its outputs in `log`."""
    # A session of its own: Ctrl-C in a terminal reaches pytest, which then stops the server in good order.
    with log.open("wb") as output:
        return subprocess.Popen(
            command,
            cwd=cwd,
            env={name: value for name, value in os.environ.items() if not name.startswith("RCLONE_")},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def end(process: subprocess.Popen[bytes] | None) -> None:
    """Ask `process` to end, kill it if it does not, and whatever of its session outlives it."""
    if process is None:
        return
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(STOP_TIMEOUT_S)
    with suppress(ProcessLookupError):  # its group has its number, until nobody is left in it
        os.killpg(process.pid, signal.SIGTERM)  # PHP's workers do not end with their master


def free_port() -> int:
    """A port of loopback that was free just now; whoever needs it must be ready to lose it to another."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
