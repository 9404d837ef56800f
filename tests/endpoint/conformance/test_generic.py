"""What fsspec resolves: memory, an object store, and fsspec's own view of the local disk."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from fsspec.implementations.local import LocalFileSystem
from fsspec.implementations.memory import MemoryFileSystem

from syncfs.endpoint.generic import GenericEndpoint
from syncfs.testing.conformance import EndpointSuite
from tests.endpoint.bucket import BucketFileSystem


def made(endpoint: GenericEndpoint) -> GenericEndpoint:
    endpoint.make_root()
    return endpoint


class TestMemory(EndpointSuite):
    title = "memory"

    @pytest.fixture
    def endpoint(self) -> Iterator[GenericEndpoint]:
        yield made(GenericEndpoint(MemoryFileSystem(), f"/{uuid.uuid4().hex}"))


class TestBucket(EndpointSuite):
    table, title = "doubles", "an object store"
    has_directories = False

    @pytest.fixture
    def endpoint(self) -> Iterator[GenericEndpoint]:
        yield made(GenericEndpoint(BucketFileSystem(), f"bucket/{uuid.uuid4().hex}"))


class TestFsspecDisk(EndpointSuite):
    title = "local, through fsspec"

    @pytest.fixture
    def endpoint(self, tmp_path: Path) -> Iterator[GenericEndpoint]:
        yield made(GenericEndpoint(LocalFileSystem(), str(tmp_path / "root")))
