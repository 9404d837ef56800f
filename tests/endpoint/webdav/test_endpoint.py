"""What the engine relies on, on each of the three servers."""

import os
import time

import pytest

from syncfs.core.entry import DIRECTORY, Kind
from syncfs.core.listing import ListingStatus
from syncfs.endpoint.endpoint import CHUNK_BYTES, Content, Endpoint
from syncfs.errors import (
    EndpointUnavailableError,
    PathError,
    StaleEntryError,
    UnsupportedNameError,
)
from tests.endpoint.webdav.support import age, broken, endpoint, seen, unchecked, write
from tests.servers.server import Folder, wait_until

pytestmark = pytest.mark.usefixtures("wire")

BIG = os.urandom(3 * CHUNK_BYTES + 17)


def test_it_is_an_endpoint(webdav_server: Folder) -> None:
    assert isinstance(endpoint(webdav_server.url), Endpoint)


def test_a_listing_shows_files_with_their_facets_and_directories_bare(webdav_server: Folder) -> None:
    webdav_server.write({"a.txt": "one", "d/inside": "x"})
    os.utime(webdav_server.root / "a.txt", (1_700_000_000.7, 1_700_000_000.7))
    listing = endpoint(webdav_server.url).list("")
    assert listing.status is ListingStatus.COMPLETE
    assert set(listing.entries) == {"a.txt", "d"}
    assert listing.entries["d"] == DIRECTORY
    entry = listing.entries["a.txt"]
    assert (entry.kind, entry.size_bytes, entry.mtime_ns) == (Kind.FILE, 3, 1_700_000_000_000_000_000)
    assert entry.etag and '"' not in entry.etag
    assert not listing.racy


def test_a_directory_inside_the_filesystem_can_be_the_root(webdav_server: Folder) -> None:
    webdav_server.write({"50% #1/in it/f": "x"})
    side = endpoint(webdav_server.url, "50% #1/in it")
    assert set(side.list("").entries) == {"f"}
    assert side.url.endswith("/50%25%20%231/in%20it")


def test_an_old_file_is_replaced(webdav_server: Folder) -> None:
    webdav_server.write({"f": "old"})
    age(webdav_server.root / "f", 3600)
    side = endpoint(webdav_server.url)
    written = write(side, "f", b"new content", seen(side, "f"))
    assert written.is_shown_by(seen(side, "f"))
    assert webdav_server.read() == {"f": "new content"}


def test_a_fresh_file_is_replaced_at_once(webdav_server: Folder) -> None:
    side = endpoint(webdav_server.url)
    write(side, "f", b"old")
    write(side, "f", b"new content", seen(side, "f"))
    assert webdav_server.read() == {"f": "new content"}


@pytest.mark.parametrize("seconds", [0, 3600], ids=["fresh", "old"])
def test_what_changed_since_it_was_seen_is_not_overwritten(webdav_server: Folder, seconds: int) -> None:
    webdav_server.write({"f": "old"})
    age(webdav_server.root / "f", seconds)
    side = endpoint(webdav_server.url)
    before = seen(side, "f")
    webdav_server.write({"f": "theirs"})
    with pytest.raises(StaleEntryError, match="changed"):
        write(side, "f", b"ours", before)
    with pytest.raises(StaleEntryError, match="changed"):
        side.remove_file("f", expect=before)
    with pytest.raises(StaleEntryError, match="changed"):
        side.move("f", "g", expect=before)
    assert webdav_server.read() == {"f": "theirs"}


def test_what_is_gone_is_stale(webdav_server: Folder) -> None:
    webdav_server.write({"f": "old", "d/": None})
    age(webdav_server.root / "f", 3600)
    side = endpoint(webdav_server.url)
    before = seen(side, "f")
    (webdav_server.root / "f").unlink()
    (webdav_server.root / "d").rmdir()
    with pytest.raises(StaleEntryError):
        side.remove_file("f", expect=before)
    with pytest.raises(StaleEntryError):
        side.move("f", "g", expect=before)
    with pytest.raises(StaleEntryError):
        write(side, "f", b"ours", before)
    with pytest.raises(StaleEntryError):
        side.remove_directory("d")
    assert webdav_server.read() == {}


@pytest.mark.parametrize("inside", ["f", ".hidden", ".syncfs-tmp-dead-1", "sub/"])
def test_a_directory_that_is_not_empty_stays(webdav_server: Folder, inside: str) -> None:
    tree = {f"d/{inside}": None if inside.endswith("/") else "x"}
    webdav_server.write(dict(tree))
    side = endpoint(webdav_server.url)
    with pytest.raises(StaleEntryError, match="not empty"):
        side.remove_directory("d")
    assert webdav_server.read() == tree


def test_a_source_that_fails_leaves_the_old_file_and_nothing_else(webdav_server: Folder) -> None:
    webdav_server.write({"f": "old"})
    age(webdav_server.root / "f", 3600)
    side = endpoint(webdav_server.url)
    for number, (name, expect) in enumerate([("f", seen(side, "f")), ("new", None)]):
        torn = Content(size_bytes=8 << 20, chunks=broken([bytes(1 << 20)] * 3, StaleEntryError("torn")))
        with pytest.raises(StaleEntryError, match="torn"):
            side.write(name, torn, expect=expect, token=f"run-{number}")
    # A server may still be busy with the aborted body when it is told to remove it: Apache with a temporary
    # file of its own, which goes by itself, the others with ours, which is collected later.
    wait_until(
        lambda: all(n == "f" or n.startswith(".syncfs-tmp-run-") for n in os.listdir(webdav_server.root)),
        "the end of the aborted upload",
    )
    assert (webdav_server.root / "f").read_bytes() == b"old"


def test_a_file_that_changed_since_it_was_listed_is_not_read(webdav_server: Folder) -> None:
    webdav_server.write({"f": "old"})
    age(webdav_server.root / "f", 3600)
    side = endpoint(webdav_server.url)
    before = seen(side, "f")
    webdav_server.write({"f": "new"})
    with pytest.raises(StaleEntryError), side.read("f", before):
        pytest.fail("it was opened")
    (webdav_server.root / "f").unlink()
    time.sleep(0.02)  # rclone remembers a directory for a millisecond
    with pytest.raises(FileNotFoundError), side.read("f", before):
        pytest.fail("it was opened")


def test_reserved_names_are_not_listed_and_leftovers_apart(webdav_server: Folder) -> None:
    webdav_server.write(
        {".syncfs-tmp-dead-1": "x", ".syncfs/trash/f": "y", "syncfs-tmp-dead-2": "z", "f": "content"}
    )
    side = endpoint(webdav_server.url)
    listing = side.list("")
    assert set(listing.entries) == {"f"}
    assert set(listing.leftovers) == {".syncfs-tmp-dead-1", "syncfs-tmp-dead-2"}
    for name in listing.leftovers:
        side.remove_leftover(name)
        side.remove_leftover(name)
    assert webdav_server.read() == {".syncfs/trash/f": "y", "f": "content"}
    with pytest.raises(PathError):
        side.remove_leftover("f")


def test_a_root_is_made_below_its_parent_only(webdav_server: Folder) -> None:
    fresh = unchecked(webdav_server.url, "new")
    with pytest.raises(EndpointUnavailableError, match="does not exist") as caught:
        fresh.check_root()
    assert isinstance(caught.value.__cause__, FileNotFoundError)
    fresh.make_root()
    fresh.make_root()
    fresh.check_root()
    with pytest.raises(EndpointUnavailableError):
        unchecked(webdav_server.url, "no/parent").make_root()
    assert webdav_server.read() == {"new/": None}


def test_a_file_is_no_root(webdav_server: Folder) -> None:
    webdav_server.write({"f": "x"})
    with pytest.raises(EndpointUnavailableError, match="file, not a directory") as caught:
        unchecked(webdav_server.url, "f").check_root()
    assert isinstance(caught.value.__cause__, NotADirectoryError)


def test_the_clocks_difference_is_measured(webdav_server: Folder) -> None:
    skew_ns = endpoint(webdav_server.url).capabilities.clock_skew_ns
    assert skew_ns is not None and abs(skew_ns) < 1_200_000_000


@pytest.mark.parametrize("name", ["q?x", "tab\tx", "line\nx"])
def test_a_name_that_a_move_would_misplace_is_refused(wsgidav_folder: Folder, name: str) -> None:
    wsgidav_folder.write({"q": "another file", "f": "x"})
    side = endpoint(wsgidav_folder.url)
    with pytest.raises(UnsupportedNameError, match="another name"):
        write(side, name, b"x")
    with pytest.raises(UnsupportedNameError):
        side.move("f", name, expect=seen(side, "f"))
    assert wsgidav_folder.read() == {"q": "another file", "f": "x"}
