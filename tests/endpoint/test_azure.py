"""What is Azure's own: stubs of directories, kinds of blobs, leases, names; what a run costs in requests."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from fsspec.asyn import sync

from syncfs import Report, Syncer
from syncfs.core.entry import DIRECTORY, Entry, Kind
from syncfs.endpoint.azure import AzureEndpoint
from syncfs.endpoint.connection import BLOCK_BYTES
from syncfs.endpoint.endpoint import CHUNK_BYTES, Content
from syncfs.endpoint.resolve import resolve
from syncfs.errors import (
    EndpointUnavailableError,
    PathError,
    StaleEntryError,
    SyncAbortedError,
    UnsupportedNameError,
)
from syncfs.testing import read_tree, write_tree
from syncfs.testing.conformance.side import Side
from tests.servers.faults import Action
from tests.servers.filesystems import Serving, azure_fs, azure_options
from tests.servers.proxy import CutReply, DropAfter, Fault, Proxy, Reply

_numbers = itertools.count()
LARGE = bytes(range(256)) * (BLOCK_BYTES // 256) + b"and a rest"
"""Two blocks."""


@pytest.fixture
def endpoint(azure_server: Serving) -> AzureEndpoint:
    made = AzureEndpoint(azure_fs(azure_server), f"bucket/own-{next(_numbers)}")
    made.make_root()
    return made


@pytest.fixture
def side(endpoint: AzureEndpoint) -> Side:
    return Side(endpoint)


@pytest.fixture
def blob(endpoint: AzureEndpoint) -> Callable[..., Any]:
    """`blob(path, call, ...)` calls the library about a path behind the endpoint's back."""
    fs, root = endpoint._connection.fs, endpoint._full("").partition("/")[2]

    def call(path: str, name: str, *args: Any, **options: Any) -> Any:
        client = fs.service_client.get_blob_client("bucket", f"{root}/{path}")
        return sync(fs.loop, getattr(client, name), *args, **options)

    return call


def put_stub(blob: Callable[..., Any], path: str, **metadata: str) -> None:
    blob(path, "upload_blob", b"", metadata=metadata)


# Directories


@pytest.mark.parametrize("stub", ["hdi_isfolder", "Hdi_isfolder", "is_directory"])
def test_an_empty_blob_that_stands_for_a_directory_is_one(
    side: Side, blob: Callable[..., Any], stub: str
) -> None:
    put_stub(blob, "empty", **{stub: "true"})
    put_stub(blob, "full", **{stub: "true"})
    side.put("full/f", b"x")
    assert side.listed().entries == {"empty": DIRECTORY, "full": DIRECTORY}
    assert side.tree() == {"empty/": None, "full/f": b"x"}
    assert side.seen("full") == side.seen("empty") == DIRECTORY

    side.endpoint.remove_directory("empty")
    side.endpoint.remove_file("full/f", expect=side.seen("full/f"))
    side.endpoint.remove_directory("full")
    assert side.tree() == {}


def test_an_empty_blob_whose_name_ends_with_a_slash_goes_with_its_directory(
    side: Side, blob: Callable[..., Any]
) -> None:
    put_stub(blob, "d/")
    side.put("d/f", b"x")
    assert side.tree() == {"d/f": b"x"}
    side.endpoint.remove_file("d/f", expect=side.seen("d/f"))
    assert side.tree() == {"d/": None}
    side.endpoint.remove_directory("d")
    assert side.endpoint.stat("d") is None


@pytest.mark.parametrize("name", ["d", "d/"])
def test_a_blob_with_content_is_no_stub(side: Side, blob: Callable[..., Any], name: str) -> None:
    side.endpoint.make_directory("d")
    blob(name, "upload_blob", b"content", metadata={"hdi_isfolder": "true"})
    assert side.listed().entries == {"d": DIRECTORY if name == "d/" else Entry(Kind.UNREADABLE)}
    side.endpoint.remove_directory("d")
    assert blob(name, "get_blob_properties").size == 7


def test_what_is_a_blob_and_a_directory_at_once_is_not_touched(side: Side, blob: Callable[..., Any]) -> None:
    side.put("a/b", b"x")
    blob("a", "upload_blob", b"content")
    assert side.listed().entries == {"a": Entry(Kind.UNREADABLE)}


def test_no_sibling_that_begins_alike_is_listed(side: Side) -> None:
    for path in ("d/f", "d /g", "d.txt", "d2/h", "d/d/i"):
        side.put(path, path.encode())
    assert (side.names("d"), side.names("d "), side.names("d/d")) == ({"f", "d"}, {"g"}, {"i"})


def test_a_missing_container_is_no_empty_directory(azure_server: Serving) -> None:
    missing = AzureEndpoint(azure_fs(azure_server), "nowhere/x")
    for act in (missing.check_root, missing.make_root, lambda: missing.list("")):
        with pytest.raises(EndpointUnavailableError):
            act()


# Names


def test_no_end_of_a_name_is_taken_for_part_of_a_url(side: Side) -> None:
    names = ("a", "a?", "a#", "a?versionid=1", "a?#", "a%3F", "a@b:c")
    for name in names:
        side.write(name, name.encode(), None)
        side.endpoint.make_directory(f"in {name}")
        side.put(f"in {name}/{name}", b"x")
    assert {name: side.get(name) for name in names} == {name: name.encode() for name in names}
    assert side.names() == {*names, *(f"in {name}" for name in names)}
    for name in names:
        side.endpoint.remove_file(name, expect=side.seen(name))
        side.endpoint.move(f"in {name}", "moved", expect=DIRECTORY)
        assert side.get(f"moved/{name}") == b"x"
        side.endpoint.move("moved", f"in {name}", expect=DIRECTORY)


@pytest.mark.parametrize("name", ["back\\x", "trail.", "d./f", "line\nx"])
def test_a_name_that_the_service_changes_is_refused(side: Side, name: str) -> None:
    side.refused(lambda: side.write(name, b"x", None), UnsupportedNameError)
    assert side.tree() == {}


# Blobs


def test_only_of_a_blob_that_is_put_whole_the_digest_is_believed(
    side: Side, blob: Callable[..., Any]
) -> None:
    for data in (b"small", LARGE):
        assert side.put("block", data).digest is not None
    digest = blob("block", "get_blob_properties").content_settings
    blob("log", "create_append_blob", content_settings=digest)
    blob("log", "append_block", b"a line\n")
    entry = side.listed().entries["log"]
    assert (entry.digest, entry.size_bytes, entry) == (None, 7, side.seen("log"))


def test_the_reply_to_a_write_tells_what_a_look_would(side: Side) -> None:
    for data in (b"", b"small", LARGE):
        written = side.write("f", data, side.endpoint.stat("f"))
        assert written == side.seen("f") == side.listed().entries["f"]


@pytest.mark.parametrize("more", [-1, 0, 1, BLOCK_BYTES + 1])
def test_a_blob_is_read_to_its_end_block_by_block(side: Side, more: int) -> None:
    data = (LARGE * 2)[: BLOCK_BYTES + more]
    assert side.copied("f", side.put("f", data)) == side.get("f") == data


def test_what_is_replaced_while_it_is_read_is_not_read_on(side: Side) -> None:
    expect = side.put("f", LARGE)
    with side.endpoint.read("f", expect) as source:
        chunks = source.chunks()
        next(chunks)
        side.put("f", LARGE[::-1])
        with pytest.raises(StaleEntryError):
            list(chunks)


def test_of_two_large_uploads_at_once_the_one_that_ends_later_is_stale(side: Side) -> None:
    def pieces() -> Iterator[bytes]:
        for start in range(0, len(LARGE), CHUNK_BYTES):
            if start == BLOCK_BYTES:  # one block is sent
                side.write("f", LARGE[::-1], None)
            yield LARGE[start : start + CHUNK_BYTES]

    ours = Content(size_bytes=len(LARGE), chunks=pieces())
    side.refused(lambda: side.write("f", ours, None), StaleEntryError)
    assert side.get("f") == LARGE[::-1]


def test_what_another_one_leases_is_a_problem_that_passes(side: Side, blob: Callable[..., Any]) -> None:
    entry = side.put("f", b"x")
    blob("f", "acquire_lease", lease_duration=-1)
    for act in (
        lambda: side.write("f", b"y", entry),
        lambda: side.endpoint.remove_file("f", expect=entry),
    ):
        error = side.refused(act, PathError)
        assert not isinstance(error, StaleEntryError) and getattr(error, "retryable", False), error
    assert side.get("f") == b"x"


def test_what_has_snapshots_stays_with_them(side: Side, blob: Callable[..., Any]) -> None:
    entry = side.put("f", b"x")
    blob("f", "create_snapshot")
    error = side.refused(lambda: side.endpoint.remove_file("f", expect=entry), PathError)
    assert "SnapshotsPresent" in str(error) and not isinstance(error, StaleEntryError)
    assert side.get("f") == b"x"


# Its name


def test_an_account_in_a_connection_string_tells_one_container_from_another_one_s(
    azure_server: Serving,
) -> None:
    options = azure_options(azure_server)
    address = f"127.0.0.1:{azure_server.port}/devstoreaccount1"
    place = resolve("az://bucket/x", options=options)
    assert isinstance(place, AzureEndpoint)
    assert place.identity == place.url == f"abfs://{address}/bucket/x"
    key = options["connection_string"].partition("AccountKey=")[2].partition(";")[0]
    named = f"DefaultEndpointsProtocol=https;AccountName=acc;AccountKey={key};EndpointSuffix=core.windows.net"
    for given in (
        {"connection_string": named},
        {"account_name": "acc", "account_key": key},
        {"account_name": "acc", "sas_token": "sv=1&sig=s3cret"},
    ):
        place = resolve("abfs://bucket/x", options=given)
        assert place.identity == place.url == "abfs://acc/bucket/x"


# Requests and faults


@pytest.fixture
def proxy(azure_server: Serving) -> Iterator[Proxy]:
    with Proxy(f"http://127.0.0.1:{azure_server.port}") as running:
        yield running


@pytest.fixture
def run(azure_server: Serving, proxy: Proxy, tmp_path: Path) -> Callable[..., Report]:
    """A whole run through the proxy, between `local` and a directory of its own."""
    options = azure_options(Serving(int(proxy.url.rpartition(":")[2].strip("/")), azure_server.root))
    place = f"az://bucket/run-{next(_numbers)}"

    def once(mode: str, local: str = "local", **more: Any) -> Report:
        state = tmp_path / f"{local}.state"
        syncer = Syncer(tmp_path / local, place, dst_options=options, state=state, **more)
        proxy.clear_requests()
        report: Report = getattr(syncer, mode)()
        return report

    return once


def test_a_new_file_costs_two_requests_and_an_edit_or_a_removal_one(
    run: Callable[..., Report], proxy: Proxy, tmp_path: Path
) -> None:
    local = tmp_path / "local"

    def costs(count: int, mode: str = "push", **options: Any) -> Mapping[str, int]:
        report = run(mode, **options)
        assert (report.copied + report.removed, report.ok) == (count, True)
        return Counter("LIST" if "comp=list" in each.path else each.method for each in proxy.requests())

    write_tree(local, {f"f{number}": "x" for number in range(8)})
    costs(8)
    assert (idle := costs(0)) == {"HEAD": 1, "LIST": 2}
    write_tree(local, {f"new{number}": "x" for number in range(8)})
    assert costs(8) == {**idle, "LIST": 2 + 8, "PUT": 8}
    write_tree(local, {f"f{number}": "edited" for number in range(8)})
    assert costs(8) == {**idle, "PUT": 8}
    for number in range(8):
        (local / f"f{number}").unlink()
    assert costs(8, "sync", trash=False, max_delete=8) == {**idle, "DELETE": 8}


@pytest.mark.parametrize(
    "action",
    [Reply(503), DropAfter(), CutReply(after_bytes=200)],
    ids=lambda action: type(action).__name__,
)
@pytest.mark.parametrize(
    ("method", "path_regex"),
    [("HEAD", ""), ("GET", "comp=list"), ("GET", "/f[0-9]$"), ("PUT", "/f[0-9]$"), ("DELETE", "")],
    ids=["look", "listing", "download", "upload", "removal"],
)
def test_one_fault_loses_nothing_and_is_over_by_the_next_run(
    run: Callable[..., Report], proxy: Proxy, tmp_path: Path, action: Action, method: str, path_regex: str
) -> None:
    local, other = tmp_path / "local", tmp_path / "other"
    other.mkdir()
    write_tree(local, {"gone": "x", "moved": "moved", **{f"f{number}": "old" for number in range(4)}})
    assert run("sync").ok and run("sync", "other").ok
    (local / "gone").unlink()
    (local / "moved").rename(local / "elsewhere")
    write_tree(local, {"f0": "edited here", "f5": "new here"})
    write_tree(other, {"f1": "edited there", "f6": "new there"})
    assert run("sync", "other").ok

    fault = proxy.add(Fault(action, method=method, path_regex=path_regex))
    with suppress(SyncAbortedError):
        run("sync")
    assert fault.fired == 1
    for name in ("local", "other", "local"):
        run("sync", name)
    report = run("sync", "other")
    assert (report.ok, report.copied, report.removed, report.renamed) == (True, 0, 0, 0)
    expected = {
        **{"f0": "edited here", "f1": "edited there", "f2": "old", "f3": "old", "f5": "new here"},
        **{"f6": "new there", "elsewhere": "moved"},
    }
    for root in (local, other):
        shown = read_tree(root)
        assert {path: shown[path] for path in shown if not path.startswith(".syncfs")} == expected
