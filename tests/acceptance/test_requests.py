"""What the main job costs in requests: 2,000 files of 4 KiB in 100 directories, stock Apache, its own log."""

import os
import random
from pathlib import Path

import pytest

from syncfs.testing import read_tree
from tests.acceptance.figures import Record
from tests.acceptance.support import Program, counts, dav, on
from tests.servers.server import Folder

DIRECTORIES, FILES, SIZE_BYTES = 100, 20, 4096


@pytest.fixture
def tree(src: Path) -> Path:
    """The 2,000 files, with mtimes of last year: the server will show others."""
    source = random.Random(2)
    for directory in range(DIRECTORIES):
        here = src / f"d{directory:03}"
        here.mkdir()
        for number in range(FILES):
            path = here / f"f{number:02}.bin"
            path.write_bytes(source.randbytes(SIZE_BYTES))
            os.utime(path, ns=(10**9, 1_700_000_000_123_456_789 + number))
    return src


def test_every_run_over_two_thousand_files_costs_what_it_must_and_no_request_more(
    syncfs: Program, apache_folder: Folder, tree: Path, tmp_path: Path, record_property: Record
) -> None:
    url, all_files = dav(apache_folder.url), DIRECTORIES * FILES

    def costs(*words: object, says: str) -> dict[str, int]:
        apache_folder.clear_requests()
        ran = syncfs(*words)
        assert (ran.code, ran.complaints) == (0, []), ran.err
        assert says in ran.out
        return counts(apache_folder.requests())

    first = costs("push", tree, url, says=f"{all_files:,} copied")
    record_property("figures", f"2,000 files, first push: {first}")
    assert sum(first.values()) <= 1.1 * all_files + 2 * DIRECTORIES
    assert first == {"PUT": all_files, "MKCOL": DIRECTORIES, "PROPFIND": 1 + DIRECTORIES + 1}
    assert read_tree(apache_folder.root) == read_tree(tree)
    local, remote = (root / "d000" / "f00.bin" for root in (tree, apache_folder.root))
    assert local.stat().st_mtime != remote.stat().st_mtime

    listing = {"PROPFIND": 1 + DIRECTORIES}
    second = costs("push", tree, url, says="nothing to do")
    record_property("figures", f"2,000 files, second push: {second}")
    assert second == listing
    paths = [request.path for request in apache_folder.requests()]
    assert len(set(paths)) == len(paths), "a directory was listed twice"
    assert {request.depth for request in apache_folder.requests()} == {"1"}

    (tree / "d007" / "f03.bin").write_bytes(b"changed")
    changed = costs("push", tree, url, says="1 copied")
    record_property("figures", f"2,000 files, one changed: {changed}")
    # One more listing reads the change back; Apache calls a young entity tag weak and cannot be given it as
    # a condition, so a file that was written just now may be looked at first.
    assert changed["PUT"] == 1
    assert changed["PROPFIND"] - listing["PROPFIND"] in (1, 2)
    # A run that writes little takes its turn, by a collection that it makes and removes.
    assert (changed["MKCOL"], changed["DELETE"]) == (1, 1)
    assert changed.keys() == {"PUT", "PROPFIND", "MKCOL", "DELETE"}

    (tree / "d009" / "f04.bin").unlink()
    assert costs("push", tree, url, says="nothing to do") == listing
    removed = costs("push", "--delete", tree, url, says="1 removed")
    record_property("figures", f"2,000 files, one removed: {removed}")
    # Into the trash: its three directories, a look, one move.
    assert removed.pop("PROPFIND") - listing["PROPFIND"] in (0, 1)
    assert removed == {"MKCOL": 3, "MOVE": 1}
    assert on(apache_folder) == read_tree(tree)
    assert costs("push", "--delete", tree, url, says="nothing to do") == listing

    there = tmp_path / "there"
    pulled = costs("pull", there, url, says=f"{all_files - 1:,} copied")
    record_property("figures", f"pull into an empty place: {pulled}")
    assert pulled == listing | {"GET": all_files - 1}
    assert read_tree(there) == read_tree(tree)
    assert costs("pull", there, url, says="nothing to do") == listing
