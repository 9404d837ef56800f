"""Servers of other filesystems than WebDAV: S3, SFTP and FTP by rclone, Azure by Azurite, http by Apache.

Each is a real program on loopback over a directory of its own, and ends with its `with` block.
"""

import importlib.util
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.servers.npm_server import AZURITE, CACHE
from tests.servers.rclone_server import find_rclone
from tests.servers.server import ServerFailedError, ServerMissingError, end, free_port, launch, wait_until

__all__ = [
    "PASSWORD",
    "USER",
    "Serving",
    "azure_fs",
    "azure_options",
    "azurite",
    "ftp_fs",
    "moto",
    "moto_fs",
    "rclone_serving",
    "s3_fs",
    "s3_options",
    "sftp_fs",
]

USER, PASSWORD = "ann", "s3cretkey"
_AZURE_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
"""That of the emulator's one account, published by Microsoft: no secret."""


@dataclass(frozen=True)
class Serving:
    """A server that runs.

    Attributes:
        port: Where, on loopback.
        root: The directory that it shows or keeps its data in.
    """

    port: int
    root: Path


def rclone_serving(kind: str) -> AbstractContextManager[Serving]:
    """`rclone serve s3|sftp|ftp` over a directory; of s3 every directory in the root is a bucket."""
    rclone = str(find_rclone())
    _demand(*{"s3": ("s3fs",), "sftp": ("paramiko",)}.get(kind, ()))
    by_kind = {
        # Objects are the files of a disk: their times in nanoseconds and their etags the files' md5.
        "s3": ["--auth-key", f"{USER},{PASSWORD}", "--vfs-cache-mode", "off"],
        "sftp": ["--user", USER, "--pass", PASSWORD],
        "ftp": ["--user", USER, "--pass", PASSWORD],
    }

    def command(port: int, root: Path) -> list[str]:
        fixed = ["--addr", f"127.0.0.1:{port}", "--config", "/dev/null", "--poll-interval", "0"]
        fixed += ["--cache-dir", str(root.parent / "cache")]
        return [rclone, "serve", kind, str(root), *fixed, "--dir-cache-time", "1ms", *by_kind[kind]]

    return _running(kind, command)


def moto() -> AbstractContextManager[Serving]:
    """S3 as moto does it, with conditional writes and with etags of multipart uploads; all in memory."""
    _demand("moto", "flask", "flask_cors")

    def command(port: int, root: Path) -> list[str]:
        return [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]

    return _running("moto", command)


def azurite() -> AbstractContextManager[Serving]:
    """Azure's blob service as Microsoft emulates it."""
    _demand("adlfs")
    program = CACHE / "node_modules" / ".bin" / "azurite-blob"
    if not program.exists():
        raise ServerMissingError(
            f"{AZURITE} is not installed (python -m tests.servers.npm_server installs it)"
        )

    def command(port: int, root: Path) -> list[str]:
        fixed = ["--blobHost", "127.0.0.1", "--blobPort", str(port), "--location", str(root)]
        # Whatever version of the protocol the library speaks, and no telemetry.
        return [str(program), *fixed, "--silent", "--skipApiVersionCheck", "--disableTelemetry"]

    return _running("azurite", command)


def s3_options(server: Serving) -> dict[str, Any]:
    """What a user of that server gives with the URL."""
    return {
        "key": USER,
        "secret": PASSWORD,
        "endpoint_url": f"http://127.0.0.1:{server.port}",
        "config_kwargs": {"retries": {"max_attempts": 1}},  # each repetition of a refusal takes seconds
    }


def s3_fs(server: Serving) -> Any:
    """s3fs, as a user of that server writes it."""
    import s3fs

    return s3fs.S3FileSystem(**s3_options(server), skip_instance_cache=True)


moto_fs = s3_fs  # takes any key


def ftp_fs(server: Serving) -> Any:
    """fsspec's FTP, by the standard library."""
    from fsspec.implementations.ftp import FTPFileSystem

    return FTPFileSystem(
        "127.0.0.1", port=server.port, username=USER, password=PASSWORD, skip_instance_cache=True
    )


def sftp_fs(server: Serving) -> Any:
    """fsspec's SFTP by way of paramiko."""
    from fsspec.implementations.sftp import SFTPFileSystem

    return SFTPFileSystem(
        "127.0.0.1",
        port=server.port,
        username=USER,
        password=PASSWORD,
        look_for_keys=False,
        allow_agent=False,
        skip_instance_cache=True,
    )


def azure_options(server: Serving) -> dict[str, Any]:
    """What a user of the emulator gives with the URL."""
    account = "devstoreaccount1"
    address = f"http://127.0.0.1:{server.port}/{account}"
    return {
        "connection_string": f"DefaultEndpointsProtocol=http;AccountName={account};AccountKey={_AZURE_KEY};"
        f"BlobEndpoint={address};"
    }


def azure_fs(server: Serving) -> Any:
    """Adlfs on the emulator's account."""
    import adlfs

    return adlfs.AzureBlobFileSystem(**azure_options(server), skip_instance_cache=True)


def _demand(*modules: str) -> None:
    for module in modules:
        if importlib.util.find_spec(module) is None:
            raise ServerMissingError(f"{module} is not installed (pip install -e '.[filesystems]')")


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
