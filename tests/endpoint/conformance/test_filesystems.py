"""S3, SFTP and Azure, each on a real server."""

import itertools
from collections.abc import Iterator

import pytest

from syncfs.endpoint.generic import GenericEndpoint
from syncfs.endpoint.s3 import S3Endpoint
from syncfs.testing.conformance import EndpointSuite
from tests.servers.filesystems import Serving, azure_fs, moto_fs, s3_fs, sftp_fs

_numbers = itertools.count()


def made(endpoint: GenericEndpoint) -> GenericEndpoint:
    endpoint.make_root()
    return endpoint


class TestS3Rclone(EndpointSuite):
    title = "S3 (rclone)"
    has_directories = False

    @pytest.fixture
    def endpoint(self, s3_server: Serving) -> Iterator[GenericEndpoint]:
        yield made(S3Endpoint(s3_fs(s3_server), f"bucket/root-{next(_numbers)}"))


class TestS3Moto(EndpointSuite):
    title = "S3 (moto)"
    has_directories = False

    @pytest.fixture
    def endpoint(self, moto_server: Serving) -> Iterator[GenericEndpoint]:
        yield made(S3Endpoint(moto_fs(moto_server), f"bucket/root-{next(_numbers)}"))


class TestAzure(EndpointSuite):
    title = "Azure (Azurite)"
    has_directories = False

    @pytest.fixture
    def endpoint(self, azure_server: Serving) -> Iterator[GenericEndpoint]:
        yield made(GenericEndpoint(azure_fs(azure_server), f"bucket/root-{next(_numbers)}"))


class TestSftp(EndpointSuite):
    title = "SFTP (rclone)"

    @pytest.fixture
    def endpoint(self, sftp_server: Serving) -> Iterator[GenericEndpoint]:
        fs = sftp_fs(sftp_server)
        yield made(GenericEndpoint(fs, f"/root-{next(_numbers)}"))
        fs.client.close()
