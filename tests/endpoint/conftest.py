"""Servers that only the tests of endpoints use."""

import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.conftest import missing, run_server
from tests.servers.apache import ApacheIndex
from tests.servers.filesystems import Serving, azure_fs, azurite, moto, moto_fs, rclone_serving
from tests.servers.rclone_server import find_rclone
from tests.servers.server import ServerMissingError, end, free_port, launch, wait_until


@pytest.fixture(scope="session")
def ftp_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, Path]]:
    """A real FTP server over a real directory: (port, directory)."""
    home = tmp_path_factory.mktemp("ftp")
    (home / "data").mkdir()
    try:
        rclone = find_rclone()
    except ServerMissingError as error:
        missing(str(error))
    port = free_port()
    command = [str(rclone), "serve", "ftp", str(home / "data"), "--addr", f"127.0.0.1:{port}"]
    command += ["--user", "ann", "--pass", "s3cret", "--config", "/dev/null"]
    process = launch(command, home / "log")
    try:
        # It says that it serves before it listens.
        wait_until(lambda: _answers(port), "rclone serve ftp")
        yield port, home / "data"
    finally:
        end(process)


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


def _run(serve: Callable[[], AbstractContextManager[Serving]]) -> Iterator[Serving]:
    try:
        serving = serve()
    except ServerMissingError as error:
        missing(str(error))
    with serving as server:
        yield server


@pytest.fixture(scope="session")
def s3_server() -> Iterator[Serving]:
    """`rclone serve s3`, with a bucket named bucket."""
    for server in _run(lambda: rclone_serving("s3")):
        (server.root / "bucket").mkdir()
        yield server


@pytest.fixture(scope="session")
def moto_server() -> Iterator[Serving]:
    """moto, with a bucket named bucket."""
    for server in _run(moto):
        moto_fs(server).mkdir("bucket")
        yield server


@pytest.fixture(scope="session")
def azure_server() -> Iterator[Serving]:
    """Azurite, with a container named bucket."""
    for server in _run(azurite):
        azure_fs(server).mkdir("bucket")
        yield server


@pytest.fixture(scope="session")
def sftp_server() -> Iterator[Serving]:
    """`rclone serve sftp`."""
    yield from _run(lambda: rclone_serving("sftp"))


@pytest.fixture(scope="session")
def indexing() -> Iterator[ApacheIndex]:
    """Apache, showing directories as pages."""
    yield from run_server(ApacheIndex)
