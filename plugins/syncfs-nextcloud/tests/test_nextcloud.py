"""What Nextcloud does beyond WebDAV, in whole runs."""

from __future__ import annotations

import hashlib
import os
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import syncfs_nextcloud
from nextcloud_server import NextcloudServer
from syncfs_nextcloud import NextcloudEndpoint, NextcloudFileSystem
from syncfs_nextcloud.properties import checksum_of

from syncfs import Syncer
from syncfs.core import Entry, Kind
from syncfs.endpoint.endpoint import Content, Endpoint
from syncfs.errors import ConfigError, EndpointUnavailableError, StaleEntryError, VerificationError
from syncfs.plugin import load

MIB = 1 << 20
LONG_AGO_S = 1_700_000_000


class Pair:
    """A local directory and one on the server."""

    def __init__(self, server: NextcloudServer, home: Path) -> None:
        self.server, self.home, self.local = server, home, home / "local"
        self.local.mkdir()
        server.put("docs/old", b"old")
        server.delete("docs/old")
        self.plugins = load([syncfs_nextcloud], disabled=["nextcloud"])  # which may be installed besides

    def syncer(self, **options: Any) -> Syncer:
        options = {"state": self.home / "state.sqlite", "plugins": self.plugins, **options}
        where = {"cache": str(self.home / "cache.sqlite"), **options.pop("dst_options", {})}
        return Syncer(self.local, self.server.url("docs"), dst_options=where, **options)

    def write(self, path: str, content: bytes, mtime_s: int = LONG_AGO_S) -> None:
        target = self.local / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        os.utime(target, (mtime_s, mtime_s))


@pytest.fixture
def pair(server: NextcloudServer, tmp_path: Path) -> Pair:
    return Pair(server, tmp_path)


@pytest.fixture
def endpoint(server: NextcloudServer) -> Iterator[NextcloudEndpoint]:
    server.put("docs/old", b"old")
    fs = NextcloudFileSystem(f"http://{server.address}", username="me", password="secret", cache="")
    endpoint = NextcloudEndpoint(fs, "docs")
    endpoint.check_root()
    yield endpoint


def content_of(data: bytes, mtime_s: int | None = LONG_AGO_S) -> Content:
    pieces = (data[start : start + MIB] for start in range(0, len(data), MIB))
    mtime_ns = None if mtime_s is None else mtime_s * 10**9
    return Content(size_bytes=len(data), chunks=pieces, mtime_ns=mtime_ns)


def test_a_url_of_its_own_scheme_chooses_it_and_no_other_does(pair: Pair, server: NextcloudServer) -> None:
    fs = NextcloudFileSystem(f"http://{server.address}", username="me", password="secret")
    assert isinstance(syncfs_nextcloud.syncfs_endpoint(fs, "docs"), NextcloudEndpoint)
    assert syncfs_nextcloud.syncfs_endpoint(object(), "docs") is None
    assert pair.syncer().dst == f"nextcloud://me@{server.address}/remote.php/dav/files/me/docs"
    assert isinstance(NextcloudEndpoint(fs, "docs"), Endpoint)


@pytest.mark.parametrize(
    "url, base, inside",
    [
        ("nextclouds://me@h/a%20b", "https://h/remote.php/dav/files/me", "a b"),
        ("nextcloud://me@h:81", "http://h:81/remote.php/dav/files/me", ""),
        ("nextclouds://me@h/sub/remote.php/dav/files/me/a/b", "https://h/sub/remote.php/dav/files/me", "a/b"),
        ("nextclouds://me@h/remote.php/webdav/a", "https://h/remote.php/webdav", "a"),
    ],
)
def test_a_url_may_spell_out_the_address_or_leave_it_out(url: str, base: str, inside: str) -> None:
    fs = NextcloudFileSystem(**NextcloudFileSystem._get_kwargs_from_urls(url), password="x", cache="")
    assert str(fs.client.base_url).rstrip("/") == base
    assert NextcloudFileSystem._strip_protocol(url) == inside
    assert NextcloudEndpoint(fs, inside)._uploads._root.endswith("/remote.php/dav/uploads/me/")


def test_what_cannot_be_is_said_before_anything_is_sent() -> None:
    with pytest.raises(ConfigError, match="name the user"):
        NextcloudFileSystem("https://h")
    with pytest.raises(ConfigError, match="at least 5 MiB"):
        NextcloudFileSystem("https://h", username="me", password="x", chunk_bytes=100)
    fs = NextcloudFileSystem("https://h/remote.php/else", username="me", password="x", cache="")
    with pytest.raises(ConfigError, match="not that of a user's files"):
        NextcloudEndpoint(fs)


def test_a_server_that_is_no_nextcloud_is_refused(
    server: NextcloudServer, endpoint: NextcloudEndpoint
) -> None:
    server.files.children["docs"].number = 0  # type: ignore[index]
    node = type(server.files).id
    try:
        type(server.files).id = property(lambda self: "")  # type: ignore[assignment, method-assign]
        with pytest.raises(EndpointUnavailableError, match="neither Nextcloud nor ownCloud"):
            endpoint.check_root()
    finally:
        type(server.files).id = node  # type: ignore[method-assign]


def test_mtimes_and_checksums_are_kept_by_the_server(pair: Pair) -> None:
    pair.write("a", b"content")
    pair.syncer().push()
    node = pair.server.node("docs/a")
    assert node is not None and node.content == b"content" and node.mtime_s == LONG_AGO_S
    assert node.checksum == f"SHA256:{hashlib.sha256(b'content').hexdigest()}"


def test_a_new_file_costs_one_request_and_the_first_one_a_look_more(pair: Pair) -> None:
    for number in range(5):
        pair.write(f"{number}", b"%d" % number)
    pair.server.methods()
    pair.syncer().push()
    # The root, how much room there is, and the look.
    assert sorted(pair.server.methods()) == ["PROPFIND"] * 3 + ["PUT"] * 5


def test_a_run_that_finds_nothing_to_do_costs_one_request_whatever_the_tree(pair: Pair) -> None:
    for number in range(20):
        pair.write(f"d{number % 5}/e{number % 2}/{number}", b"%d" % number)
    pair.syncer().push()
    pair.syncer().push()
    pair.server.methods()
    for mode in ("push", "sync", "pull"):
        report = getattr(pair.syncer(), mode)()
        assert report.ok and not report.copied
        assert pair.server.methods() == ["PROPFIND"]


@pytest.mark.parametrize("thinks_s", [0, 0.1], ids=["at-once", "slowly"])
def test_only_what_leads_to_a_change_is_listed(pair: Pair, thinks_s: float) -> None:
    for name in ("a/b/c/1", "a/x/2", "z/y/3"):
        pair.write(name, name.encode())
    pair.syncer().sync()
    pair.syncer().sync()
    pair.server.methods()
    pair.server.put("docs/a/b/c/1", b"edited")
    # Directories are asked for ahead of their parents' answers.
    pair.server.thinks_s = thinks_s
    report = pair.syncer().sync()
    assert report.copied == 1 and (pair.local / "a/b/c/1").read_bytes() == b"edited"
    assert pair.server.methods() == ["PROPFIND"] * 4 + ["GET"]  # docs, a, a/b, a/b/c


def test_a_name_that_went_away_deep_below_is_noticed(pair: Pair) -> None:
    pair.write("a/b/1", b"1")
    pair.write("a/b/2", b"2")
    pair.syncer().sync()
    pair.syncer().sync()
    pair.server.delete("docs/a/b/1")
    pair.syncer().sync()
    assert not (pair.local / "a/b/1").exists() and (pair.local / "a/b/2").exists()


def test_a_mounted_storage_is_listed_every_time(pair: Pair) -> None:
    pair.write("a/b/1", b"1")
    pair.syncer().sync()
    node = pair.server.node("docs/a")
    assert node is not None and node.children is not None
    node.mounted = node.children["b"].mounted = True
    pair.syncer().sync()
    # Behind the server's back: no tag changes.
    node.children["b"].children["1"] = type(node)(content=b"edited", mtime_s=LONG_AGO_S, number=99)  # type: ignore[index]
    pair.syncer().sync()
    assert (pair.local / "a/b/1").read_bytes() == b"edited"


def test_what_is_remembered_is_of_no_use_to_another_root(pair: Pair, server: NextcloudServer) -> None:
    pair.write("a/1", b"1")
    pair.syncer().sync()
    other = Syncer(
        pair.home / "other",
        server.url("docs/a"),
        dst_options={"cache": str(pair.home / "cache.sqlite")},
        plugins=pair.plugins,
        state=pair.home / "other.sqlite",
    )
    (pair.home / "other").mkdir()
    other.sync()
    assert [each.name for each in (pair.home / "other").iterdir()] == ["1"]


def test_without_the_memory_everything_is_listed_and_nothing_else_changes(pair: Pair) -> None:
    pair.write("a/b/1", b"1")
    for cache in ("", str(pair.home / "local" / "a" / "b" / "1" / "no directory")):
        pair.syncer(dst_options={"cache": cache}).sync()
        pair.server.methods()
        assert pair.syncer(dst_options={"cache": cache}).sync().ok
        assert pair.server.methods() == ["PROPFIND"] * 3


def test_a_rename_on_the_server_is_known_by_the_file_s_id(pair: Pair) -> None:
    pair.write("a", b"content" * 100)
    pair.syncer().sync()
    pair.server.move("docs/a", "docs/sub/b")
    pair.server.methods()
    report = pair.syncer().sync()
    assert report.renamed == 1 and not report.copied
    assert (pair.local / "sub/b").read_bytes() == b"content" * 100
    assert "GET" not in pair.server.methods()


def test_a_first_run_over_two_filled_sides_downloads_nothing_that_has_a_checksum(pair: Pair) -> None:
    pair.write("a", b"content")
    pair.syncer().push()
    os.utime(pair.local / "a")  # its time tells nothing now
    pair.server.methods()
    report = pair.syncer(state=pair.home / "another.sqlite").sync()
    assert report.ok and not report.copied
    assert "GET" not in pair.server.methods()


def test_a_pair_keeps_its_state_when_the_scheme_changes(pair: Pair) -> None:
    pair.write("a", b"content")
    state = {"state": pair.home / "state.sqlite", "plugins": pair.plugins}
    plain = Syncer(
        pair.local, pair.server.url("remote.php/dav/files/me/docs").replace("nextcloud", "webdav"), **state
    )
    plain.sync()
    pair.server.methods()
    report = pair.syncer().sync()
    assert report.ok and not report.copied and not report.conflicts
    assert {*pair.server.methods()} == {"PROPFIND"}


# -- uploads -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [MIB + 1, 5 * MIB, 5 * MIB + 1, 12 * MIB])
def test_a_large_file_goes_in_chunks_and_is_whole(pair: Pair, size: int) -> None:
    data = os.urandom(size)
    pair.write("large", data)
    pair.server.methods()
    pair.syncer(dst_options={"chunk_bytes": 5 * MIB}).push()
    node = pair.server.node("docs/large")
    assert node is not None and node.content == data and node.mtime_s == LONG_AGO_S
    chunks = -(-size // (5 * MIB))
    methods = ["PROPFIND", "PROPFIND", "MKCOL", *["PUT"] * chunks, "MOVE", "PROPFIND"]
    assert pair.server.methods() == methods
    assert not pair.server.uploads.children
    pair.server.methods()
    assert not pair.syncer().push().copied


def test_a_file_that_is_replaced_in_chunks_keeps_its_id(pair: Pair) -> None:
    pair.write("large", b"1" * 2 * MIB)
    pair.syncer().push()
    before = pair.server.node("docs/large")
    pair.write("large", b"2" * 3 * MIB, LONG_AGO_S + 10)
    pair.syncer().push()
    after = pair.server.node("docs/large")
    assert before is not None and after is not None
    assert (after.id, len(after.content)) == (before.id, 3 * MIB)


@pytest.mark.parametrize("existed", [False, True])
def test_an_edit_that_lands_while_chunks_travel_is_not_overwritten(
    server: NextcloudServer, endpoint: NextcloudEndpoint, existed: bool
) -> None:
    if existed:
        server.put("docs/f", b"before")
    expect = endpoint.stat("f")

    def pieces() -> Iterator[bytes]:
        yield b"x" * MIB
        server.put("docs/f", b"a stranger's")
        yield b"y"

    content = Content(size_bytes=MIB + 1, chunks=pieces())
    with pytest.raises(StaleEntryError):
        endpoint.write("f", content, expect=expect, token="run-1")
    node = server.node("docs/f")
    assert node is not None and node.content == b"a stranger's" and not server.uploads.children


def test_a_source_that_fails_leaves_nothing_on_the_server(
    server: NextcloudServer, endpoint: NextcloudEndpoint
) -> None:
    def pieces() -> Iterator[bytes]:
        yield b"x" * MIB
        raise StaleEntryError("changed while it was read", path="f")

    with pytest.raises(StaleEntryError, match="while it was read"):
        endpoint.write("f", Content(size_bytes=2 * MIB, chunks=pieces()), expect=None, token="run-1")
    assert server.node("docs/f") is None
    assert not server.uploads.children


def test_what_an_earlier_try_left_does_not_come_into_the_file(
    server: NextcloudServer, endpoint: NextcloudEndpoint
) -> None:
    left = server.new(directory=True)
    left.children = {"00009": server.new(content=b"left over")}
    server.uploads.children["syncfs-run-1"] = left  # type: ignore[index]
    endpoint.write("f", content_of(b"x" * 2 * MIB), expect=None, token="run-1")
    node = server.node("docs/f")
    assert node is not None and node.content == b"x" * 2 * MIB


def test_an_upload_takes_no_more_memory_than_a_few_chunks_of_content(endpoint: NextcloudEndpoint) -> None:
    size = 24 * MIB
    zeros = bytes(MIB)
    content = Content(size_bytes=size, chunks=(zeros for _ in range(size // MIB)))
    most = 0

    def watched() -> Iterator[bytes]:
        nonlocal most
        for piece in content.chunks:
            # The stand-in keeps all of it, in this very process: only our own code is counted.
            mine = tracemalloc.take_snapshot().filter_traces(
                [
                    tracemalloc.Filter(True, "*syncfs_nextcloud*"),
                    tracemalloc.Filter(True, "*endpoint/webdav*"),
                ]
            )
            most = max(most, sum(each.size for each in mine.statistics("filename")))
            yield piece

    tracemalloc.start()
    endpoint.write("f", Content(size_bytes=size, chunks=watched()), expect=None, token="run-1")
    tracemalloc.stop()
    assert 0 < most < 4 * MIB


def test_bytes_that_are_others_on_the_server_are_noticed(
    server: NextcloudServer, endpoint: NextcloudEndpoint
) -> None:
    server.corrupts = True
    with pytest.raises(VerificationError, match="other bytes"):
        endpoint.write("f", content_of(b"x"), expect=None, token="run-1")


def test_a_storage_that_keeps_no_mtimes_is_looked_at_each_time(
    server: NextcloudServer, endpoint: NextcloudEndpoint
) -> None:
    server.keeps_mtime = False
    server.methods()
    for name in ("a", "b"):
        written = endpoint.write(name, content_of(b"x"), expect=None, token=f"run-{name}")
        assert written == endpoint.stat(name)
    assert server.methods() == ["PUT", "PROPFIND", "PROPFIND"] * 2


def test_what_a_write_returns_is_what_the_listing_shows(endpoint: NextcloudEndpoint) -> None:
    for number, size in enumerate((0, 5, MIB, MIB + 1)):
        written = endpoint.write(f"f{number}", content_of(b"x" * size), expect=None, token=f"run-{number}")
        assert isinstance(written, Entry)
        assert written == endpoint.list("").entries[f"f{number}"]


@pytest.mark.parametrize(
    "text, digest",
    [
        ("", None),
        ("ADLER32:00a1", None),
        ("MD5:" + "a" * 32, "md5:" + "a" * 32),
        ("SHA1:" + "b" * 40 + " MD5:" + "a" * 32 + " ADLER32:00a1", "sha1:" + "b" * 40),
        ("MD5:" + "a" * 32 + "SHA256:" + "C" * 64, "sha256:" + "c" * 64),
    ],
)
def test_the_strongest_checksum_is_the_digest(text: str, digest: str | None) -> None:
    assert checksum_of(text) == digest


def test_an_entry_tells_its_digest_and_its_id(server: NextcloudServer, endpoint: NextcloudEndpoint) -> None:
    server.put("docs/f", b"abc", LONG_AGO_S)
    node = server.node("docs/f")
    assert node is not None
    expected = Entry(Kind.FILE, 3, LONG_AGO_S * 10**9, node.etag, None, node.id)
    assert endpoint.stat("f") == expected
    node.checksum = f"SHA1:{hashlib.sha1(b'abc').hexdigest()}"
    assert endpoint.stat("f") == expected._replace(digest=f"sha1:{hashlib.sha1(b'abc').hexdigest()}")
