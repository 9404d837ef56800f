"""What the engine relies on, on each of the three servers."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from syncfs.core.entry import DIRECTORY, Kind
from syncfs.core.listing import ListingStatus
from syncfs.endpoint.endpoint import CHUNK_BYTES, Content, Endpoint
from syncfs.errors import (
    EndpointUnavailableError,
    PathError,
    StaleEntryError,
    UnsupportedNameError,
    VerificationError,
)
from tests.conftest import missing
from tests.endpoint.webdav.support import age, broken, content, endpoint, read, seen, unchecked, write
from tests.servers.rclone_server import Rclone
from tests.servers.server import Folder, Server, ServerMissingError, wait_until

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


def test_a_look_shows_the_same_entry_as_the_listing(webdav_server: Folder) -> None:
    webdav_server.write({"a.txt": "one", "d/b.txt": "two"})
    side = endpoint(webdav_server.url)
    assert side.stat("a.txt") == side.list("").entries["a.txt"]
    assert side.stat("d/b.txt") == side.list("d").entries["b.txt"]
    assert side.stat("d") == DIRECTORY
    assert side.stat("") == DIRECTORY
    assert side.stat("missing") is None
    assert side.stat("missing/too") is None


def test_a_directory_inside_the_filesystem_can_be_the_root(webdav_server: Folder) -> None:
    webdav_server.write({"50% #1/in it/f": "x"})
    side = endpoint(webdav_server.url, "50% #1/in it")
    assert set(side.list("").entries) == {"f"}
    assert side.url.endswith("/50%25%20%231/in%20it")


@pytest.mark.parametrize("data", [b"", b"x", b"some text\n", BIG], ids=["empty", "one", "small", "big"])
def test_what_is_written_is_read_back_and_recognised(webdav_server: Folder, data: bytes) -> None:
    side = endpoint(webdav_server.url)
    written = write(side, "f", data)
    assert written.is_shown_by(side.list("").entries["f"])
    assert read(side, "f") == data
    assert webdav_server.root.joinpath("f").read_bytes() == data
    assert os.listdir(webdav_server.root) == ["f"]


def test_a_chunk_is_never_larger_than_agreed(webdav_server: Folder) -> None:
    webdav_server.write({"f": BIG})
    side = endpoint(webdav_server.url)
    with side.read("f", seen(side, "f")) as source:
        assert source.size_bytes == len(BIG)
        sizes = [len(chunk) for chunk in source.chunks()]
    assert max(sizes) <= CHUNK_BYTES
    assert sum(sizes) == len(BIG)


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


def test_a_strangers_later_edit_is_not_taken_for_our_write(webdav_server: Folder) -> None:
    side = endpoint(webdav_server.url)
    written = write(side, "f", b"ours")
    webdav_server.write({"f": "theirs!"})
    assert not written.is_shown_by(seen(side, "f"))


def test_nothing_is_overwritten_where_nothing_was_expected(webdav_server: Folder) -> None:
    side = endpoint(webdav_server.url)
    webdav_server.write({"f": "theirs"})
    with pytest.raises(StaleEntryError, match="appeared"):
        write(side, "f", b"ours")
    assert webdav_server.read() == {"f": "theirs"}


def test_a_directory_is_never_overwritten_by_a_file(webdav_server: Folder) -> None:
    webdav_server.write({"d/f": "x"})
    side = endpoint(webdav_server.url)
    with pytest.raises(StaleEntryError):
        write(side, "d", b"ours")
    assert webdav_server.read() == {"d/f": "x"}


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


def test_a_missing_parent_is_told_as_one(webdav_server: Folder) -> None:
    side = endpoint(webdav_server.url)
    with pytest.raises(FileNotFoundError):
        write(side, "no/f", b"x")
    with pytest.raises(FileNotFoundError):
        side.make_directory("no/d")
    webdav_server.write({"f": "x"})
    with pytest.raises(FileNotFoundError):
        side.move("f", "no/f", expect=seen(side, "f"))
    assert webdav_server.read() == {"f": "x"}


def test_a_directory_is_made_once_and_not_over_a_file(webdav_server: Folder) -> None:
    side = endpoint(webdav_server.url)
    side.make_directory("d")
    side.make_directory("d")
    write(side, "d/f", b"x")
    side.make_directory("d")
    with pytest.raises(StaleEntryError):
        side.make_directory("d/f")
    assert webdav_server.read() == {"d/f": "x"}


@pytest.mark.parametrize("inside", ["f", ".hidden", ".syncfs-tmp-dead-1", "sub/"])
def test_a_directory_that_is_not_empty_stays(webdav_server: Folder, inside: str) -> None:
    tree = {f"d/{inside}": None if inside.endswith("/") else "x"}
    webdav_server.write(dict(tree))
    side = endpoint(webdav_server.url)
    with pytest.raises(StaleEntryError, match="not empty"):
        side.remove_directory("d")
    assert webdav_server.read() == tree


def test_an_empty_directory_goes_and_a_file_is_none(webdav_server: Folder) -> None:
    webdav_server.write({"d/": None, "f": "x"})
    side = endpoint(webdav_server.url)
    side.remove_directory("d")
    with pytest.raises((StaleEntryError, OSError)):
        side.remove_directory("f")
    assert webdav_server.read() == {"f": "x"}


def test_files_and_directories_are_renamed_without_overwriting(webdav_server: Folder) -> None:
    webdav_server.write({"f": "x", "d/in": "y", "taken": "z", "taken-too/": None})
    side = endpoint(webdav_server.url)
    moved = side.move("f", "d/g", expect=seen(side, "f"))
    assert moved is not None and not hasattr(moved, "kind")
    assert moved.is_shown_by(seen(side, "d/g"))
    assert side.move("d", "e", expect=DIRECTORY) is None
    with pytest.raises(StaleEntryError):
        side.move("e/g", "taken", expect=seen(side, "e/g"))
    with pytest.raises(StaleEntryError):
        side.move("e", "taken-too", expect=DIRECTORY)
    assert webdav_server.read() == {"e/g": "x", "e/in": "y", "taken": "z", "taken-too/": None}


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


@pytest.mark.parametrize("size", [3, 3 << 20])
@pytest.mark.parametrize("off_by", [-1, 1])
def test_a_source_of_another_size_is_never_published(webdav_server: Folder, size: int, off_by: int) -> None:
    side = endpoint(webdav_server.url)
    wrong = Content(size_bytes=size + off_by, chunks=content(bytes(size)).chunks)
    with pytest.raises(VerificationError):
        side.write("f", wrong, expect=None, token="run-1")
    assert not (webdav_server.root / "f").exists()


def test_a_file_that_changed_since_it_was_listed_is_not_read(webdav_server: Folder) -> None:
    webdav_server.write({"f": "old"})
    age(webdav_server.root / "f", 3600)
    side = endpoint(webdav_server.url)
    before = seen(side, "f")
    webdav_server.write({"f": "new"})
    with pytest.raises(StaleEntryError), side.read("f", before):
        pytest.fail("it was opened")
    (webdav_server.root / "f").unlink()
    with pytest.raises(FileNotFoundError), side.read("f", before):
        pytest.fail("it was opened")


def test_a_comparator_reads_a_file_in_any_portions(webdav_server: Folder) -> None:
    webdav_server.write({"f": BIG})
    with endpoint(webdav_server.url).open("f") as file:
        assert file.read(5) == BIG[:5]
        assert file.read() == BIG[5:]
        assert file.read() == b""


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


@pytest.fixture(scope="module")
def caching_rclone() -> Iterator[Rclone]:
    """rclone that remembers directories: without, each request costs as much as the directory is large."""
    try:
        server = Rclone(dir_cache_time="1ms")
    except ServerMissingError as error:
        missing(str(error))
    with server:
        yield server


@pytest.fixture(params=["apache", "wsgidav", "caching_rclone"])
def undisturbed(request: pytest.FixtureRequest) -> Folder:
    """A collection on each of the servers, for tests that change nothing behind its back."""
    server: Server = request.getfixturevalue(request.param)
    return server.folder()


NAMES = [
    "plain name", "per%cent", "pct%41", "hash#x", "q?x", "semi;x", "plus+x", "amp&x", "lt<x", 'dq"x', "sq'x",
    "back\\x", "colon:x", "star*x", "pipe|x", "tilde~x", "at@x", "eq=x", "comma,x", "br[x]", "par(x)",
    "caret^x", "tick`x", "dollar$x", "excl!x", "caf\u00e9", "cafe\u0301", "日本語", "🚀emoji", "trailing ",
    " leading", "trail.", ".hidden", "..dots", "CON", "tab\tx", "line\nx", "byte\x01", "~$x", ".DS_Store",
    "Case", "case", "we(ird[x", "l" * 255,
]  # fmt: skip


def usable(name: str, folder: Folder) -> bool:
    """Whether a server can hold the name at all, beside the others."""
    match folder.server.name:
        case "wsgidav":  # decodes a MOVE's Destination before it takes it apart
            return not set("?\t\n") & set(name)
        case "rclone":  # takes both Unicode forms for one name; lists control characters as pictures of them
            return name != "cafe\u0301" and min(name) >= " "
    return True


def test_difficult_names_survive_the_way_there_and_back(undisturbed: Folder) -> None:
    side = endpoint(undisturbed.url)
    kept = {name for name in NAMES if usable(name, undisturbed)}
    for name in kept:
        write(side, name, name.encode())
    assert {p.name for p in Path(undisturbed.root).iterdir()} == kept
    listing = side.list("")
    assert listing.status is ListingStatus.COMPLETE and set(listing.entries) == kept
    for name in kept:
        assert read(side, name) == name.encode()
        write(side, name, b"again", listing.entries[name])
    for name, entry in side.list("").entries.items():
        side.remove_file(name, expect=entry)
    assert undisturbed.read() == {}


def test_difficult_names_of_directories_too(undisturbed: Folder) -> None:
    side = endpoint(undisturbed.url)
    kept = [name for name in NAMES if usable(name, undisturbed)]
    for name in kept:
        side.make_directory(name)
        write(side, f"{name}/{name}", b"x")
        assert set(side.list(name).entries) == {name}
    assert set(side.list("").entries) == set(kept)
    for name in kept:
        side.remove_file(f"{name}/{name}", expect=seen(side, f"{name}/{name}"))
        side.remove_directory(name)
    assert undisturbed.read() == {}


@pytest.mark.parametrize("name", ["q?x", "tab\tx", "line\nx"])
def test_a_name_that_a_move_would_misplace_is_refused(wsgidav_folder: Folder, name: str) -> None:
    wsgidav_folder.write({"q": "another file", "f": "x"})
    side = endpoint(wsgidav_folder.url)
    with pytest.raises(UnsupportedNameError, match="another name"):
        write(side, name, b"x")
    with pytest.raises(UnsupportedNameError):
        side.move("f", name, expect=seen(side, "f"))
    assert wsgidav_folder.read() == {"q": "another file", "f": "x"}


def test_a_name_that_is_too_long_fails_alone(webdav_server: Folder) -> None:
    side = endpoint(webdav_server.url)
    with pytest.raises(OSError):
        write(side, "x" * 256, b"x")
    assert webdav_server.read() == {}


def test_many_threads_write_and_read_at_once(undisturbed: Folder) -> None:
    side = endpoint(undisturbed.url)

    def copy(number: int) -> bool:
        data = str(number).encode() * 1000
        side.make_directory("d")
        write(side, f"d/{number}", data)
        return read(side, f"d/{number}") == data

    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(copy, range(64)))
    assert len(side.list("d").entries) == 64


def test_a_path_that_became_a_file_is_refused_as_a_directory(webdav_server: Folder) -> None:
    webdav_server.write({"d": "x"})
    listing = endpoint(webdav_server.url).list("d")
    assert listing.status in (ListingStatus.REFUSED, ListingStatus.FAILED)
    assert listing.reason
