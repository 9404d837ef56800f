"""What fsspec resolves: memory, an object store, FTP, and fsspec's own view of the local disk."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from fsspec.implementations.local import LocalFileSystem
from fsspec.implementations.memory import MemoryFileSystem

from syncfs.endpoint.generic import GenericEndpoint
from syncfs.errors import PathError
from syncfs.testing.conformance import EndpointSuite, Side
from syncfs.testing.conformance.findings import Tell
from tests.endpoint.bucket import BucketFileSystem
from tests.servers.filesystems import Serving, ftp_fs


def made(endpoint: GenericEndpoint) -> GenericEndpoint:
    endpoint.make_root()
    return endpoint


class TestMemory(EndpointSuite):
    title = "memory"

    @pytest.fixture
    def endpoint(self) -> Iterator[GenericEndpoint]:
        yield made(GenericEndpoint(MemoryFileSystem(), f"/{uuid.uuid4().hex}"))


class TestBucket(EndpointSuite):
    title = "an object store"
    has_directories = False

    @pytest.fixture
    def endpoint(self) -> Iterator[GenericEndpoint]:
        yield made(GenericEndpoint(BucketFileSystem(), f"bucket/{uuid.uuid4().hex}"))


class TestFsspecDisk(EndpointSuite):
    title = "local, through fsspec"

    @pytest.fixture
    def endpoint(self, tmp_path: Path) -> Iterator[GenericEndpoint]:
        yield made(GenericEndpoint(LocalFileSystem(), str(tmp_path / "root")))


class TestFtp(EndpointSuite):
    title = "FTP (rclone)"

    @pytest.fixture
    def endpoint(self, ftp_server: Serving) -> Iterator[GenericEndpoint]:
        fs = ftp_fs(ftp_server)
        yield made(GenericEndpoint(fs, f"/{uuid.uuid4().hex}"))
        fs.ftp.close()

    def test_a_name_that_is_too_long_fails_alone(self, side: Side, tell: Tell) -> None:
        # Not that nothing is listed: rclone shows for a while what its disk has refused.
        side.refused(lambda: side.write("x" * 256, b"x", None), PathError)
        tell("long", True)
