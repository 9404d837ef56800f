"""A local directory: nothing outside the root is touched, nothing unexpected is replaced."""

from __future__ import annotations

import errno
import os
import shutil
import socket
import stat
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from syncfs.core.entry import DIRECTORY, Entry, Kind, Written
from syncfs.core.listing import ListingStatus
from syncfs.endpoint import beneath, stage
from syncfs.endpoint.beneath import windows_name_problem
from syncfs.endpoint.endpoint import CHUNK_BYTES, Content, Endpoint
from syncfs.endpoint.local import LocalEndpoint
from syncfs.endpoint.scan import AHEAD_NS, is_racy
from syncfs.errors import (
    EndpointUnavailableError,
    PathError,
    StaleEntryError,
    UnsupportedNameError,
    VerificationError,
)
from syncfs.testing import Link, read_tree, write_tree

TOKEN = "20261122T143005Zab12-1"
LONG_AGO_NS = 1_000_000_000_123_456_789


@pytest.fixture
def root(tmp_path: Path) -> Path:
    path = tmp_path / "root"
    path.mkdir()
    return path


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    path = tmp_path / "outside"
    write_tree(path, {"f": "not ours", "sub/": None})
    return path


@pytest.fixture(params=["descriptors", "paths"])
def endpoint(request: pytest.FixtureRequest, root: Path, monkeypatch: pytest.MonkeyPatch) -> LocalEndpoint:
    """Both ways of reaching a directory: by descriptors, and as where the platform has none."""
    if request.param == "paths":
        monkeypatch.setattr(beneath, "HAS_DESCRIPTORS", False)
    elif not beneath.HAS_DESCRIPTORS:
        pytest.skip("this platform does not work relative to descriptors")
    made = LocalEndpoint(str(root))
    made.check_root()
    return made


def content(data: bytes, *, mtime_ns: int | None = LONG_AGO_NS, mode: int | None = None) -> Content:
    pieces = (data[start : start + CHUNK_BYTES] for start in range(0, len(data), CHUNK_BYTES))
    return Content(size_bytes=len(data), chunks=pieces, mtime_ns=mtime_ns, mode=mode)


def entry(endpoint: Endpoint, path: str) -> Entry:
    found = endpoint.stat(path)
    assert found is not None
    return found


def as_nobody(body: Callable[[], None]) -> None:
    """Run the body as an unprivileged user: root ignores permissions. It runs here when we are no root."""
    if sys.platform == "win32":
        pytest.skip("permissions are others on Windows")
    if os.geteuid() != 0:
        body()
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # 3.12 warns when servers' threads are running
        child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(65534)
            os.setuid(65534)
            body()
        except BaseException as error:
            os.write(2, f"{type(error).__name__}: {error}\n".encode())
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0, "see the child's words on stderr"


@pytest.fixture
def shared() -> Iterator[Path]:
    """A directory that an unprivileged user reaches; pytest's own are closed to others."""
    path = Path(tempfile.mkdtemp(prefix="syncfs-test-"))
    path.chmod(0o777)
    yield path
    for directory, _, _ in os.walk(path):
        os.chmod(directory, 0o700)
    shutil.rmtree(path)


# Listing


def test_it_is_an_endpoint(endpoint: LocalEndpoint) -> None:
    checked: Endpoint = endpoint
    assert isinstance(checked, Endpoint)


def test_a_listing_shows_size_time_and_inode_of_files(endpoint: LocalEndpoint, root: Path) -> None:
    write_tree(root, {"f": "abc", "d/x": "1", "empty/": None})
    found = (root / "f").stat()
    listing = endpoint.list("")
    assert listing.status is ListingStatus.COMPLETE
    assert listing.entries == {
        "f": Entry(Kind.FILE, 3, found.st_mtime_ns, None, None, found.st_ino, found.st_ctime_ns),
        "d": DIRECTORY,
        "empty": DIRECTORY,
    }
    assert endpoint.stat("") == endpoint.stat("d") == DIRECTORY
    assert list(endpoint.list("d").entries) == ["x"]
    assert endpoint.list("empty").entries == {}


def test_what_is_neither_file_nor_directory_is_other(endpoint: LocalEndpoint, root: Path) -> None:
    write_tree(root, {"f": "", "to-file": Link("f"), "to-nothing": Link("gone"), "to-root": Link("..")})
    os.mkfifo(root / "fifo")
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(root / "s"))
        entries = endpoint.list("").entries
    for name in ("to-file", "to-nothing", "to-root", "fifo", "s"):
        assert entries[name] == Entry(Kind.OTHER)
        assert endpoint.stat(name) == Entry(Kind.OTHER)


def test_reserved_names_are_left_out_and_temporaries_reported(endpoint: LocalEndpoint, root: Path) -> None:
    write_tree(
        root,
        {
            ".syncfs/trash/x": "",
            ".syncfs-tmp-R-1": "",
            "syncfs-tmp-R-2": "",
            ".syncfs-tmp-dir/": None,
            "f": "",
        },
    )
    listing = endpoint.list("")
    assert set(listing.entries) == {"f"}
    assert set(listing.leftovers) == {".syncfs-tmp-R-1", "syncfs-tmp-R-2"}


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse to make such names")
def test_a_name_that_is_no_text_is_unreadable_under_a_printable_spelling(
    endpoint: LocalEndpoint, root: Path
) -> None:
    (root / os.fsdecode(b"caf\xe9")).write_text("latin-1")
    (root / "caf\\xe9").write_text("a file that is spelled so")
    entries = endpoint.list("").entries
    assert entries["caf\\xe9"].kind is Kind.FILE
    assert entries["caf\\xe9?"] == Entry(Kind.UNREADABLE)
    for name in entries:
        name.encode()


def test_a_directory_that_went_away_is_no_evidence_for_what_was_in_it(
    endpoint: LocalEndpoint, root: Path
) -> None:
    write_tree(root, {"f": "x"})
    for path in ("gone", "gone/deeper", "f", "f/deeper"):
        assert endpoint.list(path).status is ListingStatus.REFUSED
        assert endpoint.stat("gone/f") is None


def test_a_symlink_in_a_directory_s_place_is_refused_and_no_evidence(
    endpoint: LocalEndpoint, root: Path, outside: Path
) -> None:
    write_tree(root, {"d": Link(str(outside))})
    for path in ("d", "d/sub"):
        listing = endpoint.list(path)
        assert listing.status is ListingStatus.REFUSED
        assert not listing.is_evidence
        assert "symlink" in listing.reason


def test_an_unreadable_directory_is_refused_and_its_neighbours_are_listed(shared: Path) -> None:
    write_tree(shared, {"closed/f": "1", "no-way-in/f": "2", "open/f": "3"})
    (shared / "closed").chmod(0)
    (shared / "no-way-in").chmod(0o444)

    def body() -> None:
        endpoint = LocalEndpoint(str(shared))
        assert endpoint.list("closed").status is ListingStatus.REFUSED
        assert "closed" in endpoint.list("closed").reason
        assert endpoint.list("no-way-in").entries == {"f": Entry(Kind.UNREADABLE)}
        assert set(endpoint.list("open").entries) == {"f"}
        with pytest.raises(PermissionError):
            endpoint.stat("closed/f")

    as_nobody(body)


def test_what_was_modified_just_now_is_racy(endpoint: LocalEndpoint, root: Path) -> None:
    write_tree(root, {"old": "", "new": ""})
    os.utime(root / "old", ns=(LONG_AGO_NS, LONG_AGO_NS))
    just_now_ns = time.time_ns() + AHEAD_NS // 2  # so that a busy machine cannot make it old
    os.utime(root / "new", ns=(just_now_ns, just_now_ns))
    assert endpoint.list("").racy == {"new"}


@pytest.mark.parametrize(
    ("mtime_ns", "expected"),
    [
        (1_000_000_000_500_000_000, True),
        (1_000_000_000_490_000_000, True),
        (1_000_000_000_400_000_000, False),
        (1_000_000_000_000_000_000, True),
        (999_999_999_000_000_000, True),
        (999_999_997_000_000_000, False),
        (1_000_000_000_500_000_000 + AHEAD_NS, True),
        (3_345_000_000_500_000_000, False),
        (-1, False),
        (0, False),
    ],
)
def test_racy_is_what_the_clock_s_grain_can_hide(mtime_ns: int, expected: bool) -> None:
    assert is_racy(mtime_ns, 1_000_000_000_500_000_000) is expected


# Reading


def replace_by_fifo(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def read_all(endpoint: LocalEndpoint, path: str, expect: Entry) -> bytes:
    with endpoint.read(path, expect) as source:
        return b"".join(source.chunks())


@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES])
def test_a_file_is_read_whole_in_pieces(endpoint: LocalEndpoint, root: Path, size: int) -> None:
    data = os.urandom(size)
    (root / "f").write_bytes(data)
    (root / "f").chmod(0o640)
    just_now_ns = time.time_ns() + AHEAD_NS // 2
    os.utime(root / "f", ns=(just_now_ns, just_now_ns))
    with endpoint.read("f", entry(endpoint, "f")) as source:
        pieces = list(source.chunks())
        assert source.size_bytes == size
        assert source.mode == 0o640
        assert source.is_racy
    assert b"".join(pieces) == data
    assert all(0 < len(piece) <= CHUNK_BYTES for piece in pieces)


@pytest.mark.parametrize(
    "change",
    [
        lambda path: path.write_bytes(b"other size"),
        lambda path: path.unlink(),
        lambda path: (path.unlink(), path.mkdir()),
        lambda path: (path.unlink(), path.symlink_to("/etc/passwd")),
        lambda path: replace_by_fifo(path),
        lambda path: (path.rename(path.parent / "was"), path.write_bytes(b"1234")),
    ],
    ids=["rewritten", "removed", "directory", "symlink", "fifo", "replaced"],
)
def test_a_file_that_is_not_the_expected_one_is_not_read(
    endpoint: LocalEndpoint, root: Path, change: Callable[[Path], object]
) -> None:
    (root / "f").write_bytes(b"1234")
    expect = entry(endpoint, "f")
    change(root / "f")
    with pytest.raises(StaleEntryError, match="f: "):
        read_all(endpoint, "f", expect)


def test_a_file_that_changes_while_it_is_read_never_yields_its_last_piece(
    endpoint: LocalEndpoint, root: Path
) -> None:
    (root / "f").write_bytes(b"a" * (2 * CHUNK_BYTES))
    os.utime(root / "f", ns=(LONG_AGO_NS, LONG_AGO_NS))
    got = []
    with endpoint.read("f", entry(endpoint, "f")) as source, pytest.raises(StaleEntryError):
        for piece in source.chunks():
            got.append(piece)
            with (root / "f").open("r+b") as file:
                file.write(b"b")
    assert len(got) == 1


def test_a_file_that_is_cut_while_it_is_read_is_stale(endpoint: LocalEndpoint, root: Path) -> None:
    (root / "f").write_bytes(b"a" * (3 * CHUNK_BYTES))
    with endpoint.read("f", entry(endpoint, "f")) as source, pytest.raises(StaleEntryError):
        for _ in source.chunks():
            os.truncate(root / "f", 10)


def test_a_comparator_reads_the_file_as_it_is_now(endpoint: LocalEndpoint, root: Path) -> None:
    (root / "f").write_bytes(b"12345")
    with endpoint.open("f") as file:
        assert file.read(3) == b"123"
        assert file.read() == b"45"
    with pytest.raises(FileNotFoundError), endpoint.open("gone"):
        pass
    os.mkfifo(root / "fifo")
    with pytest.raises(StaleEntryError), endpoint.open("fifo"):
        pass


# Writing


def test_what_a_write_returns_is_what_the_next_listing_shows(endpoint: LocalEndpoint, root: Path) -> None:
    first = endpoint.write("f", content(b"one", mode=0o604), expect=None, token=TOKEN)
    assert first == endpoint.list("").entries["f"] == endpoint.stat("f")
    assert isinstance(first, Entry)
    second = endpoint.write("f", content(b"other"), expect=first, token=TOKEN)
    assert second == endpoint.list("").entries["f"]
    assert (root / "f").read_bytes() == b"other"
    assert (root / "f").stat().st_mtime_ns == LONG_AGO_NS
    assert set(os.listdir(root)) == {"f"}


def test_permission_bits_are_kept_and_otherwise_those_of_the_replaced_file(
    endpoint: LocalEndpoint, root: Path
) -> None:
    umask = os.umask(0o027)
    try:
        endpoint.write("asked", content(b"", mode=0o751), expect=None, token=TOKEN)
        endpoint.write("default", content(b""), expect=None, token=TOKEN)
        (root / "private").write_bytes(b"")
        (root / "private").chmod(0o600)
        endpoint.write("private", content(b"new"), expect=entry(endpoint, "private"), token=TOKEN)
    finally:
        os.umask(umask)
    modes = {name: stat.S_IMODE((root / name).stat().st_mode) for name in os.listdir(root)}
    assert modes == {"asked": 0o751, "default": 0o640, "private": 0o600}


@pytest.mark.parametrize("mtime_ns", [None, 0, -1_000_000_001, 3_345_000_000_000_000_001])
def test_any_mtime_can_be_written(endpoint: LocalEndpoint, root: Path, mtime_ns: int | None) -> None:
    before = time.time_ns() - 1_000_000_000
    written = endpoint.write("f", content(b"x", mtime_ns=mtime_ns), expect=None, token=TOKEN)
    assert written == entry(endpoint, "f")
    shown = (root / "f").stat().st_mtime_ns
    assert shown == mtime_ns if mtime_ns is not None else shown >= before


@pytest.mark.parametrize("name", ["../f", "d/../../f", "d//f", "..", "", "a\0b"])
def test_a_path_that_could_leave_the_root_is_refused(endpoint: LocalEndpoint, root: Path, name: str) -> None:
    write_tree(root, {"d/x": ""})
    with pytest.raises(UnsupportedNameError):
        endpoint.write(name, content(b"x"), expect=None, token=TOKEN)
    assert not (root.parent / "f").exists()


def test_nothing_is_written_where_the_target_is_not_what_was_expected(
    endpoint: LocalEndpoint, root: Path
) -> None:
    write_tree(root, {"f": "theirs", "d/x": "", "link": Link("f")})
    stale = entry(endpoint, "f")._replace(size_bytes=1)
    for path, expect in (
        ("f", None),
        ("f", stale),
        ("gone", stale),
        ("d", None),
        ("d", stale),
        ("link", None),
    ):
        with pytest.raises(StaleEntryError):
            endpoint.write(path, content(b"ours"), expect=expect, token=TOKEN)
    assert read_tree(root) == {"f": "theirs", "d/x": "", "link": Link("f")}


@pytest.mark.parametrize("existed", [True, False])
def test_an_edit_that_lands_while_we_write_is_never_overwritten(
    endpoint: LocalEndpoint, root: Path, existed: bool
) -> None:
    if existed:
        (root / "f").write_text("old")
    expect = endpoint.stat("f")

    def pieces() -> Iterator[bytes]:
        yield b"ours"
        (root / "f").write_text("theirs")

    with pytest.raises(StaleEntryError):
        endpoint.write("f", Content(size_bytes=4, chunks=pieces()), expect=expect, token=TOKEN)
    assert read_tree(root) == {"f": "theirs"}


def test_of_many_who_create_one_name_exactly_one_wins(endpoint: LocalEndpoint, root: Path) -> None:
    for turn in range(20):
        barrier = threading.Barrier(8)
        won: list[bytes] = []

        def create(
            number: int, barrier: threading.Barrier = barrier, won: list[bytes] = won, turn: int = turn
        ) -> None:
            data = b"%d" % number
            barrier.wait()
            try:
                endpoint.write(f"f{turn}", content(data), expect=None, token=f"run-{number}")
            except StaleEntryError:
                return
            won.append(data)

        threads = [threading.Thread(target=create, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if beneath.HAS_DESCRIPTORS:
            assert len(won) == 1
            assert (root / f"f{turn}").read_bytes() == won[0]
    assert set(os.listdir(root)) == {f"f{turn}" for turn in range(20)}


@pytest.mark.parametrize(
    ("announced", "error"), [(3, VerificationError), (5, VerificationError), (4, ConnectionError)]
)
def test_a_failed_write_leaves_the_target_and_no_temporary(
    endpoint: LocalEndpoint, root: Path, announced: int, error: type[OSError]
) -> None:
    (root / "f").write_text("old")

    def pieces() -> Iterator[bytes]:
        yield b"ab"
        if error is ConnectionError:
            raise ConnectionError(errno.ECONNRESET, "cut")
        yield b"cd"

    with pytest.raises(error):
        endpoint.write(
            "f", Content(size_bytes=announced, chunks=pieces()), expect=entry(endpoint, "f"), token=TOKEN
        )
    assert read_tree(root) == {"f": "old"}


def test_another_run_s_temporary_file_is_not_touched(endpoint: LocalEndpoint, root: Path) -> None:
    write_tree(root, {"f": "old", f".syncfs-tmp-{TOKEN}": "theirs"})
    with pytest.raises(FileExistsError):
        endpoint.write("f", content(b"x"), expect=entry(endpoint, "f"), token=TOKEN)
    assert read_tree(root) == {"f": "old", f".syncfs-tmp-{TOKEN}": "theirs"}


def test_a_new_file_has_no_name_before_it_is_whole(endpoint: LocalEndpoint, root: Path) -> None:
    seen: list[list[str]] = []

    def pieces() -> Iterator[bytes]:
        yield b"ab"
        seen.append(os.listdir(root))
        yield b"cd"

    written = endpoint.write("f", Content(size_bytes=4, chunks=pieces()), expect=None, token=TOKEN)
    assert written == endpoint.stat("f")
    assert read_tree(root) == {"f": "abcd"}
    is_unnamed = hasattr(os, "O_TMPFILE") and beneath.HAS_DESCRIPTORS
    assert seen == ([[]] if is_unnamed else [[f".syncfs-tmp-{TOKEN}"]])


@pytest.mark.parametrize("has_unnamed", [True, False])
def test_a_new_file_replaces_nothing_whether_or_not_there_are_files_without_names(
    endpoint: LocalEndpoint, root: Path, monkeypatch: pytest.MonkeyPatch, has_unnamed: bool
) -> None:
    if not has_unnamed:
        monkeypatch.setattr(stage, "_UNNAMED", 0)

    def pieces() -> Iterator[bytes]:
        (root / "f").write_text("theirs")
        yield b"ours"

    with pytest.raises(StaleEntryError):
        endpoint.write("f", Content(size_bytes=4, chunks=pieces()), expect=None, token=TOKEN)
    endpoint.write("g", content(b"ours", mode=0o640, mtime_ns=10**18), expect=None, token=TOKEN)
    assert read_tree(root) == {"f": "theirs", "g": "ours"}
    assert (root / "g").stat().st_mtime_ns == 10**18
    assert (root / "g").stat().st_mode & 0o777 == 0o640


@pytest.mark.skipif(not hasattr(os, "O_TMPFILE"), reason="only Linux has files without names")
def test_where_a_file_cannot_be_named_late_the_next_try_names_it_at_once(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint = LocalEndpoint(str(root))
    real = os.link

    def link(source: str, target: str, **more: Any) -> None:
        if source.startswith("/proc/"):
            raise PermissionError(errno.EPERM, "not here")
        real(source, target, **more)

    monkeypatch.setattr(os, "link", link)
    with pytest.raises(PathError) as caught:
        endpoint.write("f", content(b"x"), expect=None, token=TOKEN)
    assert caught.value.retryable
    assert read_tree(root) == {}
    endpoint.write("f", content(b"x"), expect=None, token=TOKEN)
    assert read_tree(root) == {"f": "x"}


def test_a_directory_that_may_not_be_written_is_a_permission_error_with_the_path(shared: Path) -> None:
    write_tree(shared, {"d/f": "old"})
    (shared / "d").chmod(0o555)

    def body() -> None:
        endpoint = LocalEndpoint(str(shared))
        with pytest.raises(PermissionError) as caught:
            endpoint.write("d/f", content(b"x"), expect=entry(endpoint, "d/f"), token=TOKEN)
        assert caught.value.filename == "d/f"
        with pytest.raises(PermissionError):
            endpoint.remove_file("d/f", expect=entry(endpoint, "d/f"))

    as_nobody(body)
    assert read_tree(shared) == {"d/f": "old"}


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /proc and Linux' limits")
def test_a_full_disk_is_the_system_s_own_error_and_leaves_nothing(shared: Path) -> None:
    import resource

    (shared / "f").write_text("old")

    def body() -> None:
        # A limit on file sizes fails a write half-way like a full disk does, without needing one.
        import signal

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, 1 << 16))
        endpoint = LocalEndpoint(str(shared))
        with pytest.raises(OSError) as caught:
            endpoint.write("f", content(b"x" * (1 << 18)), expect=entry(endpoint, "f"), token=TOKEN)
        assert caught.value.errno == errno.EFBIG
        assert not isinstance(caught.value, PathError)

    (shared / "f").chmod(0o666)
    as_nobody(body)
    assert read_tree(shared) == {"f": "old"}


# Symlinks that take a directory's place


def test_nothing_is_done_through_a_directory_that_became_a_symlink(
    endpoint: LocalEndpoint, root: Path, outside: Path
) -> None:
    write_tree(root, {"d/f": "ours", "d/sub/": None, "g": "1"})
    expect = entry(endpoint, "d/f")
    shutil.rmtree(root / "d")
    (root / "d").symlink_to(outside)
    theirs = LocalEndpoint(str(outside)).stat("f")
    assert theirs is not None
    before = read_tree(outside)
    for wanted in (expect, theirs):
        with pytest.raises(OSError):
            read_all(endpoint, "d/f", wanted)
        with pytest.raises(OSError):
            endpoint.write("d/f", content(b"x"), expect=wanted, token=TOKEN)
        with pytest.raises(OSError):
            endpoint.remove_file("d/f", expect=wanted)
        with pytest.raises(OSError):
            endpoint.move("d/f", "h", expect=wanted)
    g = entry(endpoint, "g")
    acts: tuple[Callable[[], object], ...] = (
        lambda: endpoint.write("d/new", content(b"x"), expect=None, token=TOKEN),
        lambda: endpoint.make_directory("d/new"),
        lambda: endpoint.make_directory("d"),
        lambda: endpoint.remove_directory("d/sub"),
        lambda: endpoint.remove_directory("d"),
        lambda: endpoint.remove_leftover("d/.syncfs-tmp-R-1"),
        lambda: endpoint.move("g", "d/g", expect=g),
    )
    for act in acts:
        with pytest.raises(OSError):
            act()
    with pytest.raises(OSError), endpoint.open("d/f"):
        pass
    assert endpoint.stat("d/f") is None
    assert read_tree(outside) == before
    assert (root / "d").is_symlink()
    assert (root / "g").read_text() == "1"


# Directories, removals, renames


def test_a_move_keeps_the_file_and_returns_what_the_listing_shows(
    endpoint: LocalEndpoint, root: Path
) -> None:
    write_tree(root, {"a/f": "1", "b/": None})
    expect = entry(endpoint, "a/f")
    moved = endpoint.move("a/f", "b/g", expect=expect)
    assert moved == endpoint.list("b").entries["g"]
    assert isinstance(moved, Entry)
    assert moved[:6] == expect[:6]
    assert endpoint.move("a", "b/a", expect=DIRECTORY) is None
    assert read_tree(root) == {"b/a/": None, "b/g": "1"}


def test_a_move_never_overwrites(endpoint: LocalEndpoint, root: Path) -> None:
    tree = {"f": "1", "g": "2", "d/x": "3", "e/": None}
    write_tree(root, tree)
    f = entry(endpoint, "f")
    for path, to, expect in (
        ("f", "g", f),
        ("f", "e", f),
        ("d", "e", DIRECTORY),
        ("d", "g", DIRECTORY),
        ("d", "d2", f),
        ("f", "h", DIRECTORY),
        ("g", "h", f),
        ("gone", "h", f),
    ):
        with pytest.raises(StaleEntryError):
            endpoint.move(path, to, expect=expect)
    assert read_tree(root) == tree


def test_flushing_works_after_the_written_is_gone_again(endpoint: LocalEndpoint, root: Path) -> None:
    endpoint.flush()
    endpoint.make_directory("d")
    written = endpoint.write("d/f", content(b"x"), expect=None, token=TOKEN)
    endpoint.flush()
    assert isinstance(written, Entry)
    endpoint.write("d/f", content(b"y"), expect=written, token=TOKEN)
    shutil.rmtree(root / "d")
    endpoint.flush()


# The root


def test_the_root_is_told_from_another_one_in_its_place(endpoint: LocalEndpoint, root: Path) -> None:
    first = endpoint.check_root()
    assert first == endpoint.check_root() == LocalEndpoint(str(root)).check_root()
    root.rename(root.parent / "kept")
    root.mkdir()
    assert endpoint.check_root() != first


def test_a_root_that_is_exchanged_during_the_run_ends_it(endpoint: LocalEndpoint, root: Path) -> None:
    write_tree(root, {"d/f": "1"})
    root.rename(root.parent / "kept")
    with pytest.raises(EndpointUnavailableError):
        endpoint.list("d")
    root.mkdir()
    with pytest.raises(EndpointUnavailableError, match="exchanged"):
        endpoint.list("d")
    with pytest.raises(EndpointUnavailableError):
        endpoint.write("f", content(b"x"), expect=None, token=TOKEN)
    assert read_tree(root) == {}


def test_a_missing_root_and_a_file_in_its_place_say_why(tmp_path: Path) -> None:
    with pytest.raises(EndpointUnavailableError) as caught:
        LocalEndpoint(str(tmp_path / "gone")).check_root()
    assert isinstance(caught.value.__cause__, FileNotFoundError)
    (tmp_path / "f").write_text("")
    with pytest.raises(EndpointUnavailableError) as caught:
        LocalEndpoint(str(tmp_path / "f")).check_root()
    assert isinstance(caught.value.__cause__, NotADirectoryError)


def test_a_root_that_may_not_be_listed_says_so(shared: Path) -> None:
    write_tree(shared, {"closed/f": "", "dark/in/": None})
    (shared / "closed").chmod(0o111)
    (shared / "dark").chmod(0)

    def body() -> None:
        for path in ("closed", "dark/in"):
            with pytest.raises(EndpointUnavailableError) as caught:
                LocalEndpoint(str(shared / path)).check_root()
            assert isinstance(caught.value.__cause__, PermissionError)

    as_nobody(body)


def test_a_root_is_made_only_where_its_parent_exists(tmp_path: Path) -> None:
    endpoint = LocalEndpoint(str(tmp_path / "new"))
    endpoint.make_root()
    endpoint.make_root()
    endpoint.check_root()
    with pytest.raises(EndpointUnavailableError, match="parent"):
        LocalEndpoint(str(tmp_path / "no" / "new")).make_root()


def test_every_spelling_of_a_root_has_one_identity(root: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(root)
    spellings = [str(root), f"{root}/", f"{root}/../root", str(tmp_path / "link")]
    assert len({LocalEndpoint(spelling).identity for spelling in spellings}) == 1
    made = LocalEndpoint(str(tmp_path / "link"))
    made.check_root()
    made.write("f", content(b"x"), expect=None, token=TOKEN)
    assert read_tree(root) == {"f": "x"}


def test_a_stranger_s_edit_between_publishing_and_looking_is_not_taken_for_ours(root: Path) -> None:
    from syncfs.endpoint.beneath import Root
    from syncfs.endpoint.stage import read_back

    (root / "f").write_text("ours")
    staged = os.lstat(root / "f")
    (root / "f").write_text("longer")
    with Root(str(root)).enter("") as place:
        assert read_back(place, "f", staged) == Written(4)
        (root / "f").unlink()
        assert read_back(place, "f", staged) == Written(4)


@pytest.mark.parametrize(
    "name",
    ["a:b", "a\\b", "q?", "st*r", "trail.", "trail ", "CON", "nul.txt", "COM1", "a\tb", 'dq"', "<", "|"],
)
def test_names_that_windows_would_change_are_known(name: str) -> None:
    assert windows_name_problem(name) is not None


@pytest.mark.parametrize(
    "name", ["plain name", ".hidden", "..dots", "CONSOLE", "com10", "日本語", "a.b.c", "con1"]
)
def test_names_that_windows_keeps_are_known(name: str) -> None:
    assert windows_name_problem(name) is None
