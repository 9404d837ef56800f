"""What a run refuses before it does anything."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from fsspec.implementations.zip import ZipFileSystem

from syncfs import ConfigError, Syncer


def test_a_receiver_that_can_only_be_read_is_refused_and_a_source_is_not(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as archive:
        archive.writestr("a.txt", "one")
    (tmp_path / "out").mkdir()
    archive_fs = ZipFileSystem(str(tmp_path / "z.zip"))
    with pytest.raises(ConfigError, match=r"dst: .* can only be read"):
        Syncer(tmp_path / "out", archive_fs, state=None).push()
    assert Syncer(archive_fs, tmp_path / "out", state=None).push().copied == 1
    assert (tmp_path / "out" / "a.txt").read_text() == "one"
