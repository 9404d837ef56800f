"""Servers of other filesystems than WebDAV: S3, SFTP and FTP by rclone, Azure by Azurite, http by Apache.

Each is a real program on loopback over a directory of its own, and ends with its `with` block.
"""

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.servers.rclone_server import find_rclone
from tests.servers.server import ServerFailedError, ServerMissingError, end, free_port, launch, wait_until

__all__ = ["PASSWORD", "USER", "Serving", "azurite", "rclone_serving"]

USER, PASSWORD = "ann", "s3cretkey"
AZURITE = Path(__file__).parent / "node_modules" / ".bin" / "azurite-blob"


@dataclass(frozen=True)
class Serving:
    """A server that runs.

    Attributes:
        port: Where, on loopback.
        root: The directory that it shows or keeps its data in.
    """

    port: int
    root: Path


def rclone_serving(kind: str) -> "contextlib.AbstractContextManager[Serving]":
    """`rclone serve s3|sftp|ftp` over a directory; of s3 every directory in the root is a bucket."""
    rclone = str(find_rclone())
    by_kind = {
        # Objects are the files of a disk: their times in nanoseconds and their etags the files' md5.
        "s3": ["--auth-key", f"{USER},{PASSWORD}", "--vfs-cache-mode", "off"],
        "sftp": ["--user", USER, "--pass", PASSWORD],
        "ftp": ["--user", USER, "--pass", PASSWORD],
    }

    def command(port: int, root: Path) -> list[str]:
        fixed = ["--addr", f"127.0.0.1:{port}", "--config", "/dev/null", "--poll-interval", "0"]
        return [rclone, "serve", kind, str(root), *fixed, "--dir-cache-time", "1ms", *by_kind[kind]]

    return _running(kind, command)


def azurite() -> "contextlib.AbstractContextManager[Serving]":
    """Azure's blob service as Microsoft emulates it: `npm install --prefix tests/servers azurite`."""
    program = str(AZURITE) if AZURITE.exists() else shutil.which("azurite-blob")
    if program is None:
        raise ServerMissingError("azurite is not installed (npm install --prefix tests/servers azurite)")

    def command(port: int, root: Path) -> list[str]:
        fixed = ["--blobHost", "127.0.0.1", "--blobPort", str(port), "--location", str(root)]
        # Neither a newer version of the protocol than it knows nor telemetry.
        return [program, *fixed, "--silent", "--skipApiVersionCheck", "--disableTelemetry", "--loose"]

    return _running("azurite", command)


@contextmanager
def _running(name: str, command: Callable[[int, Path], list[str]]) -> Iterator[Serving]:
    home = Path(tempfile.mkdtemp(prefix=f"syncfs-{name}-"))
    root = home / "root"
    root.mkdir()
    port = free_port()
    process = launch(command(port, root), home / "log")
    try:
        # Some say that they serve before they listen.
        wait_until(lambda: _answers(port, process, home / "log"), name)
        yield Serving(port, root)
    finally:
        end(process)
        shutil.rmtree(home, ignore_errors=True)


def _answers(port: int, process: "subprocess.Popen[bytes]", log: Path) -> bool:
    if process.poll() is not None:
        raise ServerFailedError(f"it ended: {log.read_text(errors='replace')[-500:]}")
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False
