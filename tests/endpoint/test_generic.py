"""Any fsspec filesystem: memory, an object store, FTP, and fsspec's own view of the local disk."""

from __future__ import annotations

import errno
import ftplib
import gc
import os
import threading
import uuid
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fsspec.implementations.ftp import FTPFileSystem
from fsspec.implementations.local import LocalFileSystem
from fsspec.implementations.memory import MemoryFileSystem
from fsspec.implementations.zip import ZipFileSystem

from syncfs.core.entry import DIRECTORY, Entry, Kind, Written
from syncfs.core.listing import ListingStatus
from syncfs.endpoint.endpoint import CHUNK_BYTES, Content, Endpoint
from syncfs.endpoint.family import Family
from syncfs.endpoint.generic import MARKER, GenericEndpoint
from syncfs.endpoint.items import listing_of
from syncfs.errors import (
    EndpointUnavailableError,
    PathError,
    StaleEntryError,
    UnsupportedNameError,
    VerificationError,
)
from tests.endpoint.bucket import BucketFileSystem

TOKEN = "20261122T143005Zab12-1"
FILESYSTEMS = ("memory", "bucket", "disk", "ftp")


@pytest.fixture(params=FILESYSTEMS)
def endpoint(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[GenericEndpoint]:
    name = uuid.uuid4().hex
    match request.param:
        case "memory":
            made = GenericEndpoint(MemoryFileSystem(), f"/{name}")
        case "bucket":
            made = GenericEndpoint(BucketFileSystem(), f"bucket/{name}")
        case "disk":
            made = GenericEndpoint(LocalFileSystem(), str(tmp_path / name))
        case _:
            port, _ = request.getfixturevalue("ftp_server")
            fs = FTPFileSystem(
                "127.0.0.1", port=port, username="ann", password="s3cret", skip_instance_cache=True
            )
            made = GenericEndpoint(fs, f"/{name}")
    made.make_root()
    made.check_root()
    yield made
    if request.param == "ftp":
        made._connection.fs.ftp.close()


def content(data: bytes) -> Content:
    pieces = (data[start : start + CHUNK_BYTES] for start in range(0, len(data), CHUNK_BYTES))
    return Content(size_bytes=len(data), chunks=pieces)


def put(endpoint: GenericEndpoint, path: str, data: bytes, number: int = 1) -> Entry:
    """Write over whatever is there; return the entry."""
    written = endpoint.write(path, content(data), expect=endpoint.stat(path), token=f"run-{number}")
    assert isinstance(written, Entry)
    return written


def get(endpoint: GenericEndpoint, path: str) -> bytes:
    with endpoint.open(path) as file:
        return file.read()


def names(endpoint: GenericEndpoint, path: str = "") -> set[str]:
    listing = endpoint.list(path)
    assert listing.status is ListingStatus.COMPLETE, listing.reason
    return set(listing.entries)


def everything(endpoint: GenericEndpoint, path: str = "") -> set[str]:
    """All names of a directory, temporaries too."""
    listing = endpoint.list(path)
    return {*listing.entries, *listing.leftovers}


def test_it_is_an_endpoint(endpoint: GenericEndpoint) -> None:
    checked: Endpoint = endpoint
    assert isinstance(checked, Endpoint)


def test_what_a_write_returns_is_what_the_next_listing_shows(endpoint: GenericEndpoint) -> None:
    endpoint.make_directory("d")
    for data in (b"one", b"other", b"", b"x" * (2 * CHUNK_BYTES + 1)):
        written = put(endpoint, "d/f", data)
        assert written == endpoint.list("d").entries["f"] == endpoint.stat("d/f")
        assert get(endpoint, "d/f") == data
        assert everything(endpoint, "d") == {"f"}
    assert endpoint.list("").entries == {"d": DIRECTORY}
    assert endpoint.stat("d") is DIRECTORY


def test_a_new_directory_is_there_while_it_is_empty_and_gone_when_removed(endpoint: GenericEndpoint) -> None:
    endpoint.make_directory("d")
    endpoint.make_directory("d")
    endpoint.make_directory("d/e")
    assert endpoint.list("d").entries == {"e": DIRECTORY}
    assert endpoint.list("d/e").entries == {}
    endpoint.remove_directory("d/e")
    assert endpoint.list("d").entries == {}
    endpoint.remove_directory("d")
    assert names(endpoint) == set()
    assert endpoint.stat("d") is None


def test_a_directory_that_is_not_empty_stays(endpoint: GenericEndpoint) -> None:
    endpoint.make_directory("d")
    put(endpoint, "d/f", b"1")
    with pytest.raises(StaleEntryError, match="not empty"):
        endpoint.remove_directory("d")
    assert get(endpoint, "d/f") == b"1"


def test_a_listing_of_what_is_missing_is_no_evidence(endpoint: GenericEndpoint) -> None:
    put(endpoint, "f", b"1")
    for path in ("gone", "gone/deeper", "f"):
        assert endpoint.list(path).status is ListingStatus.REFUSED
    assert endpoint.stat("gone") is None
    assert endpoint.stat("gone/f") is None
    with pytest.raises(OSError), endpoint.open("gone"):
        pass


@pytest.mark.parametrize(
    "name",
    [
        "plain name",
        "st*r",
        "br[x]",
        "q?x",
        "hash#x",
        "per%cent",
        "pct%41",
        "plus+x",
        "日本語",
        ".hidden",
        "we(ird[x",
    ],
)
def test_difficult_names_are_names_and_never_patterns(endpoint: GenericEndpoint, name: str) -> None:
    endpoint.make_directory(name)
    put(endpoint, f"{name}/{name}", b"1")
    put(endpoint, f"{name}/star", b"2")
    put(endpoint, f"{name}/{name}", b"3")
    assert names(endpoint, name) == {name, "star"}
    moved = endpoint.move(f"{name}/{name}", f"{name}/{name}2", expect=put(endpoint, f"{name}/{name}", b"4"))
    assert isinstance(moved, Entry)
    endpoint.remove_file(f"{name}/{name}2", expect=moved)
    assert names(endpoint, name) == {"star"}


@pytest.mark.parametrize("path", ["../f", "d/../../f", "d//f", ".."])
def test_a_path_that_could_leave_the_root_is_refused(endpoint: GenericEndpoint, path: str) -> None:
    with pytest.raises(UnsupportedNameError):
        endpoint.write(path, content(b"x"), expect=None, token=TOKEN)


def test_nothing_is_written_where_the_target_is_not_what_was_expected(endpoint: GenericEndpoint) -> None:
    theirs = put(endpoint, "f", b"theirs")
    endpoint.make_directory("d")
    other = theirs._replace(size_bytes=1)
    for path, expect in (("f", None), ("f", other), ("gone", other), ("d", None)):
        with pytest.raises(StaleEntryError):
            endpoint.write(path, content(b"ours"), expect=expect, token=TOKEN)
    assert get(endpoint, "f") == b"theirs"
    assert everything(endpoint) == {"f", "d"}


@pytest.mark.parametrize("existed", [True, False])
def test_an_edit_that_lands_while_we_write_is_not_overwritten(
    endpoint: GenericEndpoint, existed: bool
) -> None:
    if existed:
        put(endpoint, "f", b"old")
    expect = endpoint.stat("f")

    def pieces() -> Iterator[bytes]:
        yield b"ou"
        put(endpoint, "f", b"theirs", 2)
        yield b"rs"

    with pytest.raises(StaleEntryError):
        endpoint.write("f", Content(size_bytes=4, chunks=pieces()), expect=expect, token=TOKEN)
    gc.collect()  # a buffered file that was only dropped would publish itself now
    assert get(endpoint, "f") == b"theirs"
    assert everything(endpoint) == {"f"}


@pytest.mark.parametrize("existed", [True, False])
@pytest.mark.parametrize(
    ("announced", "error"), [(13, VerificationError), (15, VerificationError), (14, ConnectionError)]
)
def test_a_failed_write_leaves_the_target_and_no_temporary(
    endpoint: GenericEndpoint, announced: int, error: type[OSError], existed: bool
) -> None:
    if existed:
        put(endpoint, "f", b"old")

    def pieces() -> Iterator[bytes]:
        yield b"1234567"
        if error is ConnectionError:
            raise ConnectionError(errno.ECONNRESET, "cut")
        yield b"1234567"

    with pytest.raises(error):
        endpoint.write(
            "f", Content(size_bytes=announced, chunks=pieces()), expect=endpoint.stat("f"), token=TOKEN
        )
    gc.collect()
    assert everything(endpoint) == ({"f"} if existed else set())
    if existed:
        assert get(endpoint, "f") == b"old"


def test_a_missing_directory_is_said_to_be_missing_where_there_are_directories(
    endpoint: GenericEndpoint,
) -> None:
    if endpoint.url.startswith("s3:"):
        pytest.skip("an object store has no directories that could be missing")
    with pytest.raises(OSError):
        endpoint.write("gone/f", content(b"x"), expect=None, token=TOKEN)
    with pytest.raises(OSError):
        endpoint.make_directory("gone/d")
    assert names(endpoint) == set()


def test_a_directory_over_a_file_is_stale(endpoint: GenericEndpoint) -> None:
    put(endpoint, "f", b"x")
    with pytest.raises(StaleEntryError):
        endpoint.make_directory("f")
    assert get(endpoint, "f") == b"x"


@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES, 2 * CHUNK_BYTES + 1])
def test_a_file_is_read_whole_in_pieces(endpoint: GenericEndpoint, size: int) -> None:
    data = os.urandom(size)
    expect = put(endpoint, "f", data)
    with endpoint.read("f", expect) as source:
        assert source.size_bytes == size
        pieces = list(source.chunks())
    assert b"".join(pieces) == data
    assert all(0 < len(piece) <= CHUNK_BYTES for piece in pieces)


def test_a_file_that_is_not_the_expected_one_never_yields_its_last_piece(endpoint: GenericEndpoint) -> None:
    expect = put(endpoint, "f", b"a" * (CHUNK_BYTES + 1))
    put(endpoint, "f", b"b" * (CHUNK_BYTES + 2))
    got: list[bytes] = []
    with pytest.raises(StaleEntryError), endpoint.read("f", expect) as source:
        got.extend(source.chunks())
    assert len(b"".join(got)) < CHUNK_BYTES + 1
    endpoint.remove_file("f", expect=endpoint.stat("f") or expect)
    with pytest.raises(StaleEntryError), endpoint.read("f", expect) as source:
        list(source.chunks())


def test_only_the_expected_file_is_removed(endpoint: GenericEndpoint) -> None:
    expect = put(endpoint, "f", b"1")
    put(endpoint, "g", b"22")
    with pytest.raises(StaleEntryError):
        endpoint.remove_file("g", expect=expect)
    endpoint.remove_file("f", expect=expect)
    with pytest.raises(StaleEntryError):
        endpoint.remove_file("f", expect=expect)
    assert names(endpoint) == {"g"}


def test_a_move_returns_what_the_listing_shows_and_never_overwrites(endpoint: GenericEndpoint) -> None:
    endpoint.make_directory("a")
    endpoint.make_directory("b")
    f = put(endpoint, "a/f", b"1")
    g = put(endpoint, "b/g", b"22")
    for path, to, expect in (("a/f", "b/g", f), ("a/f", "b", f), ("b/g", "h", f), ("a", "b", DIRECTORY)):
        with pytest.raises(StaleEntryError):
            endpoint.move(path, to, expect=expect)
    moved = endpoint.move("a/f", "b/h", expect=f)
    assert moved == endpoint.list("b").entries["h"]
    assert endpoint.list("b").entries["g"] == g
    assert names(endpoint, "a") == set()


def test_a_directory_moves_with_all_that_is_in_it(endpoint: GenericEndpoint) -> None:
    for directory in ("a", "a/sub", "a/sub/empty"):
        endpoint.make_directory(directory)
    put(endpoint, "a/f", b"1")
    put(endpoint, "a/sub/g", b"2")
    assert endpoint.move("a", "b", expect=DIRECTORY) is None
    assert names(endpoint) == {"b"}
    assert names(endpoint, "b") == {"f", "sub"}
    assert names(endpoint, "b/sub") == {"g", "empty"}
    assert names(endpoint, "b/sub/empty") == set()
    assert get(endpoint, "b/sub/g") == b"2"


def test_only_temporaries_are_reported_and_removed_as_leftovers(endpoint: GenericEndpoint) -> None:
    put(endpoint, "f", b"x")
    put(endpoint, ".syncfs-tmp-R-1", b"half")
    assert endpoint.list("").leftovers == (".syncfs-tmp-R-1",)
    assert names(endpoint) == {"f"}
    endpoint.remove_leftover(".syncfs-tmp-R-1")
    endpoint.remove_leftover(".syncfs-tmp-R-1")
    with pytest.raises(PathError):
        endpoint.remove_leftover("f")
    assert everything(endpoint) == {"f"}


def test_what_was_written_just_now_is_racy_where_no_tag_tells(endpoint: GenericEndpoint) -> None:
    put(endpoint, "f", b"x")
    assert endpoint.list("").racy == (set() if endpoint.url.startswith("s3:") else {"f"})


def test_a_root_that_vanished_is_no_evidence_of_deletions(endpoint: GenericEndpoint) -> None:
    endpoint.make_directory("d")
    if endpoint.url.startswith("s3:"):
        endpoint._connection.fs.objects.clear()
    else:
        endpoint.remove_directory("d")
        endpoint.remove_directory("")
    for path in ("", "d"):
        with pytest.raises(EndpointUnavailableError):
            endpoint.list(path)
    with pytest.raises(EndpointUnavailableError) as caught:
        endpoint.check_root()
    assert isinstance(caught.value.__cause__, FileNotFoundError)


def test_several_threads_may_use_one_endpoint(endpoint: GenericEndpoint) -> None:
    failures: list[BaseException] = []

    def work(number: int) -> None:
        try:
            data = bytes([number]) * 3000
            for turn in range(3):
                assert put(endpoint, f"f{number}", data * (turn + 1), number).size_bytes == 3000 * (turn + 1)
                assert get(endpoint, f"f{number}") == data * (turn + 1)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert names(endpoint) == {f"f{number}" for number in range(6)}


# Kinds of filesystems


def test_a_root_is_made_only_where_its_parent_exists() -> None:
    fs = MemoryFileSystem(global_store=False, skip_instance_cache=True)
    with pytest.raises(EndpointUnavailableError, match="what should hold it"):
        GenericEndpoint(fs, "/no/root").make_root()
    GenericEndpoint(fs, "/root").make_root()
    assert GenericEndpoint(fs, "/root").list("").entries == {}
    with pytest.raises(EndpointUnavailableError, match="what should hold it"):
        GenericEndpoint(BucketFileSystem(), "other").make_root()
    deep = GenericEndpoint(BucketFileSystem(), "bucket/a/b")
    deep.make_root()
    assert deep.list("").entries == {}


def test_a_file_in_the_root_s_place_is_no_root() -> None:
    fs = MemoryFileSystem(global_store=False, skip_instance_cache=True)
    fs.pipe_file("/f", b"")
    with pytest.raises(EndpointUnavailableError) as caught:
        GenericEndpoint(fs, "/f").check_root()
    assert isinstance(caught.value.__cause__, NotADirectoryError)


def test_an_object_store_that_holds_a_name_twice_has_neither_touched() -> None:
    fs = BucketFileSystem()
    for key in ("bucket/a", "bucket/a/b", "bucket/c"):
        fs.pipe_file(key, b"x")
    entries = GenericEndpoint(fs, "bucket").list("").entries
    assert entries["a"] == Entry(Kind.UNREADABLE)
    assert entries["c"].kind is Kind.FILE


def test_the_marker_of_an_empty_directory_is_no_content() -> None:
    fs = BucketFileSystem()
    endpoint = GenericEndpoint(fs, "bucket")
    endpoint.make_directory("d")
    assert set(fs.objects) == {f"bucket/d/{MARKER}"}
    assert endpoint.list("d").entries == {}
    endpoint.remove_directory("d")
    assert fs.objects == {}
    endpoint.remove_directory("d")


def test_an_object_that_a_stranger_replaced_at_once_is_not_taken_for_ours() -> None:
    class Busy(BucketFileSystem):
        def info(self, path: str, **kwargs: Any) -> dict[str, Any]:
            info: dict[str, Any] = super().info(path, **kwargs)
            if "ETag" in info:
                info["ETag"] = '"%s"' % ("0" * 32)
            return info

    assert GenericEndpoint(Busy(), "bucket").write("f", content(b"x"), expect=None, token=TOKEN) == Written(1)


@pytest.mark.parametrize("lie", ["../f", "/elsewhere/f", "a/b", "x/..", "."])
def test_a_listing_with_a_name_that_leads_elsewhere_is_not_believed(lie: str) -> None:
    full = "/root"
    items = [{"name": f"{full}/f", "type": "file", "size": 1}]
    items.append({"name": lie if lie.startswith("/") else f"{full}/{lie}", "type": "file", "size": 1})
    listing = listing_of(items, full, "here", Family(name="any"), 0)
    assert listing.status is ListingStatus.FAILED
    assert "here" in listing.reason


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (PermissionError(errno.EACCES, "no"), ListingStatus.REFUSED),
        (ConnectionError(errno.ECONNRESET, "cut"), ListingStatus.FAILED),
        (TimeoutError("slow"), ListingStatus.FAILED),
        (OSError(errno.EIO, "broken"), ListingStatus.FAILED),
        (NotImplementedError(), ListingStatus.FAILED),
    ],
)
def test_a_listing_that_breaks_is_unknown_and_says_why(error: Exception, status: ListingStatus) -> None:
    class Broken(MemoryFileSystem):
        cachable = False

        def ls(self, path: str, detail: bool = True, **kwargs: Any) -> list[Any]:
            raise error

    listing = GenericEndpoint(Broken(), "/").list("d")
    assert listing.status is status
    assert listing.reason.startswith("d: ")


def test_a_bug_of_a_filesystem_is_not_swallowed() -> None:
    class Buggy(MemoryFileSystem):
        cachable = False

        def ls(self, path: str, detail: bool = True, **kwargs: Any) -> list[Any]:
            raise KeyError("oops")

    with pytest.raises(KeyError):
        GenericEndpoint(Buggy(), "/").list("d")


def test_where_a_rename_replaces_nothing_the_old_file_steps_aside_and_comes_back(tmp_path: Path) -> None:
    class Strict(LocalFileSystem):
        """Renames as SMB does; the target in `blocked` cannot be taken at all."""

        cachable = False
        blocked: str = ""

        def mv(self, path1: str, path2: str, **kwargs: Any) -> None:
            if os.path.exists(path2) or (path2 == self.blocked and not path1.endswith(".old")):
                raise FileExistsError(errno.EEXIST, "exists", path2)
            os.rename(path1, path2)

    fs = Strict()
    endpoint = GenericEndpoint(fs, str(tmp_path))
    put(endpoint, "f", b"old")
    put(endpoint, "f", b"newer")
    assert get(endpoint, "f") == b"newer"
    assert everything(endpoint) == {"f"}
    fs.blocked = str(tmp_path / "f")
    with pytest.raises(FileExistsError):
        put(endpoint, "f", b"newest")
    assert get(endpoint, "f") == b"newer"
    assert everything(endpoint) == {"f"}


def test_an_archive_is_read_and_says_that_it_cannot_be_written(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("d/f", "text")
        archive.writestr("g", "")
    endpoint = GenericEndpoint(ZipFileSystem(str(tmp_path / "a.zip")), "")
    endpoint.check_root()
    assert names(endpoint) == {"d", "g"}
    entry = endpoint.list("d").entries["f"]
    assert entry == endpoint.stat("d/f")
    assert entry.etag is not None
    with endpoint.read("d/f", entry) as source:
        assert b"".join(source.chunks()) == b"text"
    assert not endpoint.capabilities.is_writable
    acts: tuple[Callable[[], object], ...] = (
        lambda: endpoint.write("x", content(b""), expect=None, token=TOKEN),
        lambda: endpoint.remove_file("d/f", expect=entry),
        lambda: endpoint.make_directory("e"),
    )
    for act in acts:
        with pytest.raises(PathError, match="only be read") as caught:
            act()
        assert caught.value.errno == errno.EROFS


def test_wrong_credentials_end_the_run_and_are_not_repeated(ftp_server: tuple[int, Path]) -> None:
    from syncfs.endpoint.resolve import resolve

    port, _ = ftp_server
    with pytest.raises(EndpointUnavailableError) as caught:
        resolve(f"ftp://ann:wr0ng@127.0.0.1:{port}/")
    assert "wr0ng" not in str(caught.value)
    assert "credentials" in str(caught.value)


@pytest.mark.parametrize("answer", ["550 Permission denied", "450 busy", "421 too many connections"])
def test_a_refusal_by_ftp_is_no_empty_directory(
    ftp_server: tuple[int, Path], monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    # fsspec's own `ls` answers `[]` here. rclone refuses nothing to its user, so the refusal is made up.
    port, _ = ftp_server
    fs = FTPFileSystem("127.0.0.1", port=port, username="ann", password="s3cret", skip_instance_cache=True)
    endpoint = GenericEndpoint(fs, f"/{uuid.uuid4().hex}")
    endpoint.make_root()
    endpoint.make_directory("closed")
    put(endpoint, "closed/f", b"x")
    mlsd = fs.ftp.mlsd

    def refusing(path: str = "", *arguments: Any) -> Any:
        if path.endswith("/closed"):
            raise (ftplib.error_perm if answer.startswith("5") else ftplib.error_temp)(answer)
        return mlsd(path, *arguments)

    monkeypatch.setattr(fs.ftp, "mlsd", refusing)
    listing = endpoint.list("closed")
    assert listing.status is ListingStatus.FAILED
    assert not listing.is_evidence
    assert endpoint.list("gone").status is ListingStatus.REFUSED
    fs.ftp.close()
