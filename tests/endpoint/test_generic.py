"""Any fsspec filesystem: memory, an object store, FTP, and fsspec's own view of the local disk."""

from __future__ import annotations

import errno
import ftplib
import gc
import os
import uuid
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fsspec.implementations.local import LocalFileSystem
from fsspec.implementations.memory import MemoryFileSystem
from fsspec.implementations.zip import ZipFileSystem

from syncfs.core.entry import Entry, Kind, Written
from syncfs.core.listing import ListingStatus
from syncfs.endpoint.endpoint import CHUNK_BYTES, Content, Endpoint
from syncfs.endpoint.family import Family
from syncfs.endpoint.generic import MARKER, GenericEndpoint
from syncfs.endpoint.items import listing_of
from syncfs.errors import (
    EndpointUnavailableError,
    PathError,
    VerificationError,
)
from tests.endpoint.bucket import BucketFileSystem
from tests.servers.filesystems import Serving, ftp_fs

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
            fs = ftp_fs(request.getfixturevalue("ftp_server"))
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


def test_wrong_credentials_end_the_run_and_are_not_repeated(ftp_server: Serving) -> None:
    from syncfs.endpoint.resolve import resolve

    with pytest.raises(EndpointUnavailableError) as caught:
        resolve(f"ftp://ann:wr0ng@127.0.0.1:{ftp_server.port}/")
    assert "wr0ng" not in str(caught.value)
    assert "credentials" in str(caught.value)


@pytest.mark.parametrize("answer", ["550 Permission denied", "450 busy", "421 too many connections"])
def test_a_refusal_by_ftp_is_no_empty_directory(
    ftp_server: Serving, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    # fsspec's own `ls` answers `[]` here. rclone refuses nothing to its user, so the refusal is made up.
    fs = ftp_fs(ftp_server)
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
