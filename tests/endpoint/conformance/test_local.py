"""Local directories: reached by descriptors, and as where the platform has none."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from syncfs.endpoint import beneath
from syncfs.endpoint.local import LocalEndpoint
from syncfs.testing.conformance import EndpointSuite


class TestLocal(EndpointSuite):
    title = "local"

    @pytest.fixture
    def endpoint(self, tmp_path: Path) -> Iterator[LocalEndpoint]:
        if not beneath.HAS_DESCRIPTORS:
            pytest.skip("this platform does not work relative to descriptors")
        yield LocalEndpoint(str(tmp_path))


class TestLocalByPaths(EndpointSuite):
    title = "local, by paths"

    @pytest.fixture
    def endpoint(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalEndpoint]:
        monkeypatch.setattr(beneath, "HAS_DESCRIPTORS", False)
        yield LocalEndpoint(str(tmp_path))
