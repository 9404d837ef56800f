"""Run from a checkout too: the plugin need not be installed for its tests."""

import sys
from collections.abc import Iterator
from pathlib import Path

import fsspec
import pytest

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parent)]

from nextcloud_server import NextcloudServer  # noqa: E402
from syncfs_nextcloud import NextcloudFileSystem  # noqa: E402

# What the entry points do where it is installed.
for protocol in NextcloudFileSystem.protocol:
    fsspec.register_implementation(protocol, NextcloudFileSystem, clobber=True)


@pytest.fixture
def server() -> Iterator[NextcloudServer]:
    """A server with nothing in it."""
    server = NextcloudServer()
    yield server
    server.close()
