"""The suite that every endpoint has to pass."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest
from nextcloud_server import NextcloudServer
from syncfs_nextcloud import NextcloudEndpoint, NextcloudFileSystem

from syncfs.testing.conformance import EndpointSuite, Side
from syncfs.testing.conformance.names import NEIGHBOURS


class TestNextcloud(EndpointSuite):
    title: ClassVar[str] = "Nextcloud"

    @pytest.fixture
    def endpoint(self, server: NextcloudServer, tmp_path: Path) -> Iterator[NextcloudEndpoint]:
        server.put("docs/a", b"")
        server.delete("docs/a")
        fs = NextcloudFileSystem(
            f"http://{server.address}", username="me", password="secret", cache=str(tmp_path / "cache")
        )
        yield NextcloudEndpoint(fs, "docs")

    @pytest.fixture
    def neighbours(self, side: Side) -> dict[str, bytes | None]:
        """Those that fit: a name has at most 250 bytes here."""
        side.endpoint.make_directory("back")
        for name in NEIGHBOURS:
            if name != "back" and len(name) <= 250:
                side.put(name, b"a neighbour's")
        return side.tree()
