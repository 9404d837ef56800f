"""Servers that only the tests of endpoints use."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest

from tests.conftest import missing, run_server
from tests.servers.apache import ApacheIndex
from tests.servers.filesystems import Serving, azure_fs, azurite, moto, moto_fs, rclone_serving
from tests.servers.server import ServerMissingError


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
def ftp_server() -> Iterator[Serving]:
    """`rclone serve ftp`."""
    yield from _run(lambda: rclone_serving("ftp"))


@pytest.fixture(scope="session")
def indexing() -> Iterator[ApacheIndex]:
    """Apache, showing directories as pages."""
    yield from run_server(ApacheIndex)
