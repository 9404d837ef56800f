"""Archives, and what a plain web server shows: sources only."""

from __future__ import annotations

import os
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from fsspec.implementations.http import HTTPFileSystem
from fsspec.implementations.tar import TarFileSystem
from fsspec.implementations.zip import ZipFileSystem

from syncfs.endpoint.endpoint import Endpoint
from syncfs.endpoint.generic import GenericEndpoint
from syncfs.testing import write_tree
from syncfs.testing.conformance import ReadOnlySuite
from tests.servers.apache import Apache


def archived(root: Path, archive: Path) -> Path:
    """All files below a directory, in a zip or a tar by its name."""
    paths = sorted(path for path in root.rglob("*") if path.is_file())
    if archive.suffix == ".zip":
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
            for path in paths:
                packed.write(path, path.relative_to(root))
    else:
        with tarfile.open(archive, "w:gz") as made:
            for path in paths:
                made.add(path, str(path.relative_to(root)))
    return archive


class Archive(ReadOnlySuite):
    """An archive of the sample; its edit a second later, as a tar tells times to the second."""

    name: str

    @pytest.fixture
    def endpoint(self, tmp_path: Path) -> Iterator[Endpoint]:
        self.place = tmp_path
        write_tree(tmp_path / "tree", self.sample)
        yield self.opened()

    def opened(self) -> GenericEndpoint:
        archive = archived(self.place / "tree", self.place / self.name)
        kind = ZipFileSystem if archive.suffix == ".zip" else TarFileSystem
        return GenericEndpoint(kind(str(archive)), "")

    def edit(self, endpoint: Endpoint) -> Endpoint:
        file = self.place / "tree" / "f"
        mtime_ns = file.stat().st_mtime_ns + 1_000_000_000
        file.write_text("two")
        os.utime(file, ns=(mtime_ns, mtime_ns))
        return self.opened()


class TestZip(Archive):
    title, name = "zip", "sample.zip"


class TestTar(Archive):
    title, name = "tar", "sample.tar.gz"


class TestHttp(ReadOnlySuite):
    title = "http (Apache's index)"

    @pytest.fixture
    def endpoint(self, indexing: Apache) -> Iterator[Endpoint]:
        self.folder = indexing.folder()
        self.folder.write(self.sample)
        yield self.opened()

    def opened(self) -> GenericEndpoint:
        return GenericEndpoint(HTTPFileSystem(skip_instance_cache=True), self.folder.url)

    def edit(self, endpoint: Endpoint) -> Endpoint:
        self.folder.write({"f": "two"})
        return self.opened()
