"""S3, SFTP, FTP and Azure, each on a real server."""

import itertools
import os
import unicodedata
from collections.abc import Iterator

import pytest

from syncfs.endpoint.azure import AzureEndpoint
from syncfs.endpoint.generic import GenericEndpoint
from syncfs.endpoint.s3 import S3Endpoint
from syncfs.errors import PathError
from syncfs.testing.conformance import DIFFICULT_NAMES, EndpointSuite, Side
from syncfs.testing.conformance.findings import Tell
from tests.servers.filesystems import Serving, azure_fs, ftp_fs, moto_fs, s3_fs, sftp_fs

_numbers = itertools.count()
_NIGHTLY = os.environ.get("SYNCFS_NIGHTLY") == "1"
_RECORDING = os.environ.get("SYNCFS_CONFORMANCE") == "record"
_FEW_NAMES = (
    *("per%cent", "pct%41", "hash#x", "q?x", "br[x]", "colon:x", "back\\x", "trailing ", "..dots", "tab\tx"),
    *(unicodedata.normalize("NFD", "café"), "🚀emoji", ".hidden", "n" * 255),
)

by_command = pytest.mark.skipif(
    not (_NIGHTLY or _RECORDING), reason="takes minutes: nightly, and by python -m tests.conformance"
)


def made(endpoint: GenericEndpoint) -> GenericEndpoint:
    endpoint.make_root()
    return endpoint


class Remote(EndpointSuite):
    """A suite whose every call is one request or several."""

    names = DIFFICULT_NAMES if _NIGHTLY else _FEW_NAMES


@by_command
class TestS3Moto(Remote):
    title = "S3 (moto)"
    has_directories = False

    @pytest.fixture
    def endpoint(self, moto_server: Serving) -> Iterator[GenericEndpoint]:
        yield made(S3Endpoint(moto_fs(moto_server), f"bucket/root-{next(_numbers)}"))


@by_command
class TestS3Rclone(Remote):
    title = "S3 (rclone)"
    has_directories = False

    @pytest.fixture
    def endpoint(self, s3_server: Serving) -> Iterator[GenericEndpoint]:
        yield made(S3Endpoint(s3_fs(s3_server), f"bucket/root-{next(_numbers)}"))


@by_command
class TestAzure(Remote):
    title = "Azure (Azurite)"
    has_directories = False

    @pytest.fixture
    def endpoint(self, azure_server: Serving) -> Iterator[GenericEndpoint]:
        yield made(AzureEndpoint(azure_fs(azure_server), f"bucket/root-{next(_numbers)}"))


class TestSftp(Remote):
    title = "SFTP (rclone)"

    @pytest.fixture
    def endpoint(self, sftp_server: Serving) -> Iterator[GenericEndpoint]:
        fs = sftp_fs(sftp_server)
        yield made(GenericEndpoint(fs, f"/root-{next(_numbers)}"))
        fs.client.close()


class TestFtp(Remote):
    title = "FTP (rclone)"

    @pytest.fixture
    def endpoint(self, ftp_server: Serving) -> Iterator[GenericEndpoint]:
        fs = ftp_fs(ftp_server)
        yield made(GenericEndpoint(fs, f"/root-{next(_numbers)}"))
        fs.ftp.close()

    def test_a_name_that_is_too_long_fails_alone(self, side: Side, tell: Tell) -> None:
        # Not that nothing is listed: rclone shows for a while what its disk has refused.
        side.refused(lambda: side.write("x" * 256, b"x", None), PathError)
        tell("long", True)
