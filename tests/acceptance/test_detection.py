"""Every edit is seen, whatever the clocks say, and no server edit is overwritten unseen."""

import os
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from syncfs import Syncer
from syncfs.testing import Tree, write_tree
from tests.acceptance.support import dav, on, visible
from tests.servers.apache import Apache
from tests.servers.client import Client
from tests.servers.proxy import Fault, Meanwhile, Proxy
from tests.servers.server import Folder, wait_until

TREE: Tree = {"a.txt": "alpha-1", "docs/b.txt": "beta--1"}
OTHER = "alpha-2"


@pytest.fixture(autouse=True)
def own_state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SYNCFS_STATE_DIR", str(tmp_path / "state"))


@pytest.fixture
def pair(webdav_server: Folder, src: Path) -> Syncer:
    """A pair that was pushed once."""
    return pushed(src, webdav_server.url)


def pushed(src: Path, url: str) -> Syncer:
    write_tree(src, TREE)
    syncer = Syncer(src, dav(url))
    report = syncer.push()
    assert report.ok and report.copied == len(TREE)
    return syncer


def stranger_writes(folder: Folder, name: str, content: str, *, in_s: float | None = None) -> None:
    """Another client of the server replaces a file; as if so many seconds from now, None for now."""
    with Client(folder.url) as client:
        assert client.do("PUT", name, content.encode())[0] in (200, 201, 204)
    if in_s is not None:
        os.utime(folder.root / name, (time.time() + in_s,) * 2)


def a_second_passes(since_s: float) -> None:
    """Until the clock shows a second more than at `since_s`."""
    wait_until(lambda: time.time() >= since_s + 1.1, "a second of the clock")


def test_a_same_size_edit_is_pushed(webdav_server: Folder, src: Path, pair: Syncer) -> None:
    (src / "a.txt").write_text(OTHER)
    assert pair.push().copied == 1
    assert on(webdav_server) == TREE | {"a.txt": OTHER}
    assert pair.push().copied == 0


def test_an_edit_whose_mtime_was_set_backwards_is_pushed(
    webdav_server: Folder, src: Path, pair: Syncer
) -> None:
    (src / "a.txt").write_text(OTHER)
    os.utime(src / "a.txt", (10**9, 10**9))
    assert pair.push().copied == 1
    assert on(webdav_server) == TREE | {"a.txt": OTHER}


def test_an_edit_whose_mtime_was_set_back_to_what_it_was_is_pushed(
    webdav_server: Folder, src: Path, pair: Syncer
) -> None:
    before = (src / "a.txt").stat()
    (src / "a.txt").write_text(OTHER)
    os.utime(src / "a.txt", ns=(before.st_atime_ns, before.st_mtime_ns))
    assert pair.push().copied == 1
    assert on(webdav_server) == TREE | {"a.txt": OTHER}


def test_an_older_file_put_in_place_of_a_newer_one_is_pushed(
    webdav_server: Folder, src: Path, pair: Syncer
) -> None:
    restored = src.parent / "backup"
    restored.write_text(OTHER)
    os.utime(restored, (10**9, 10**9))
    os.replace(restored, src / "a.txt")
    assert pair.push().copied == 1
    assert on(webdav_server) == TREE | {"a.txt": OTHER}


def test_local_edits_in_the_same_second_as_the_last_run_are_pushed(
    webdav_server: Folder, src: Path, pair: Syncer
) -> None:
    in_the_same_second = 0
    for number in range(10):
        content = f"alpha{number:02}"
        (src / "a.txt").write_text(content)
        run_at = int(time.time())
        assert pair.push().copied == 1, number
        assert on(webdav_server)["a.txt"] == content
        in_the_same_second += int((src / "a.txt").stat().st_mtime) == run_at
    assert in_the_same_second
    assert pair.push().copied == 0


def test_local_edits_of_one_clock_tick_are_pushed(wsgidav_folder: Folder, src: Path) -> None:
    """The kernel stamps files with the time of its last tick: edits of one tick share an mtime."""
    pair = pushed(src, wsgidav_folder.url)
    for number in range(20):
        (src / "a.txt").write_text(f"alpha{number:02}")
        pair.push()
        stamp = (src / "a.txt").stat().st_mtime_ns
        (src / "a.txt").write_text(f"omega{number:02}")
        os.utime(src / "a.txt", ns=(stamp, stamp))
        assert pair.push().copied == 1
        assert on(wsgidav_folder)["a.txt"] == f"omega{number:02}"


def test_a_same_size_edit_on_the_server_a_second_later_is_pulled(
    webdav_server: Folder, src: Path, pair: Syncer
) -> None:
    a_second_passes((webdav_server.root / "a.txt").stat().st_mtime)
    stranger_writes(webdav_server, "a.txt", OTHER)
    assert pair.pull().copied == 1
    assert visible(src) == TREE | {"a.txt": OTHER}
    assert pair.push().copied == 0


def test_a_same_size_edit_on_the_server_a_second_later_is_a_conflict_for_a_push(
    webdav_server: Folder, src: Path, pair: Syncer
) -> None:
    a_second_passes((webdav_server.root / "a.txt").stat().st_mtime)
    stranger_writes(webdav_server, "a.txt", OTHER)
    os.utime(src / "a.txt", (10**9, 10**9))  # clearly older: `newer` would keep both otherwise
    for _ in range(3):
        report = pair.push()
        assert [(each.path, each.is_open) for each in report.conflicts] == [("a.txt", True)]
        assert not report.ok
        assert on(webdav_server) == TREE | {"a.txt": OTHER}
        assert visible(src) == TREE


def test_what_metadata_cannot_show_is_seen_with_verify(
    webdav_server: Folder, src: Path, pair: Syncer
) -> None:
    """An edit in place within the clock's grain: same size, same inode, same mtime."""
    target = webdav_server.root / "a.txt"
    before = target.stat()
    with target.open("r+") as file:
        file.write(OTHER)
    os.utime(target, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert pair.push().ok, "nothing can be seen without reading"
    checking = Syncer(src, dav(webdav_server.url), verify=True)
    assert [action.path for action in checking.plan("pull").changes] == ["a.txt"]
    report = checking.push()
    assert [each.path for each in report.conflicts] == ["a.txt"]
    contents = {node for node in on(webdav_server).values() if str(node).startswith("alpha")}
    assert contents == ({OTHER} if report.open_conflicts else {TREE["a.txt"], OTHER})


def test_an_edit_hidden_by_the_grain_is_not_overwritten_by_the_next_push(
    wsgidav_folder: Folder, src: Path
) -> None:
    """WsgiDAV shows whole seconds: a same-size edit in the second of our write is invisible to listings."""
    for _ in range(10):
        pair = pushed(src, wsgidav_folder.url)
        target = wsgidav_folder.root / "a.txt"
        before = target.stat()
        stranger_writes(wsgidav_folder, "a.txt", OTHER)
        after = target.stat()
        if (before.st_ino, int(before.st_mtime)) == (after.st_ino, int(after.st_mtime)):
            break
        wsgidav_folder = wsgidav_folder.server.folder()
    else:
        pytest.fail("never within one second")
    (src / "a.txt").write_text("alpha-3")
    report = pair.push()
    assert [each.path for each in report.conflicts] == ["a.txt"]
    assert OTHER in on(wsgidav_folder).values()


def test_newer_keeps_the_loser_beside_the_winner(webdav_server: Folder, src: Path, pair: Syncer) -> None:
    stranger_writes(webdav_server, "a.txt", OTHER, in_s=5)
    later = time.time() + 100
    (src / "a.txt").write_text("alpha-3")
    os.utime(src / "a.txt", (later, later))
    report = pair.push()
    assert [(each.path, each.is_open) for each in report.conflicts] == [("a.txt", False)]
    there = on(webdav_server)
    assert there.pop("a.txt") == "alpha-3"
    (kept,) = (name for name in there if name.startswith("a.conflict-"))
    assert kept.endswith("-dst.txt")
    assert there == {"docs/b.txt": TREE["docs/b.txt"], kept: OTHER}
    assert visible(src) == TREE | {"a.txt": "alpha-3"}
    again = pair.push()
    assert again.ok and not again.conflicts and again.copied == 0


def test_an_older_local_edit_does_not_overwrite_a_newer_one_on_the_server(
    webdav_server: Folder, src: Path, pair: Syncer
) -> None:
    (src / "a.txt").write_text("alpha-3")
    os.utime(src / "a.txt", (10**9, 10**9))
    stranger_writes(webdav_server, "a.txt", OTHER, in_s=5)
    report = pair.push()
    assert [(each.path, each.is_open) for each in report.conflicts] == [("a.txt", True)]
    assert on(webdav_server) == TREE | {"a.txt": OTHER}
    assert visible(src) == TREE | {"a.txt": "alpha-3"}


@pytest.mark.parametrize("policy", ["src", "dst", "skip"])
def test_a_chosen_policy_decides_and_nothing_is_lost(
    policy: str, webdav_server: Folder, src: Path, pair: Syncer
) -> None:
    stranger_writes(webdav_server, "a.txt", OTHER, in_s=5)
    (src / "a.txt").write_text("alpha-3")
    report = Syncer(src, dav(webdav_server.url), on_conflict=policy).push()
    assert [(each.path, each.is_open) for each in report.conflicts] == [("a.txt", policy != "src")]
    there = on(webdav_server)
    assert there["a.txt"] == ("alpha-3" if policy == "src" else OTHER)
    assert OTHER in there.values()
    assert visible(src) == TREE | {"a.txt": "alpha-3"}


class TestAnEditDuringTheRun:
    """A stranger writes after the listing and before the request that would overwrite it."""

    @pytest.fixture(params=["fresh", "settled"])
    def age(self, request: pytest.FixtureRequest) -> str:
        """Whether the server's file was written just now, or long ago."""
        return str(request.param)

    @pytest.mark.parametrize("size", [7, 3_000_000])
    def test_between_the_listing_and_the_put_is_not_overwritten(
        self, webdav_server: Folder, src: Path, age: str, size: int
    ) -> None:
        with Proxy(webdav_server.url) as proxy:
            pair = pushed(src, proxy.url)
            if age == "settled":
                os.utime(webdav_server.root / "a.txt", (10**9, 10**9))
                assert pair.pull().ok, "the agreement on the new mtime is recorded"
            content = "x" * size
            (src / "a.txt").write_text(content)
            edit = partial(stranger_writes, webdav_server, "a.txt", OTHER, in_s=5)
            fault = proxy.add(Fault(Meanwhile(edit), method="PUT"))
            report = pair.push()
            assert fault.fired == 1
            assert on(webdav_server) == TREE | {"a.txt": OTHER}
            assert [(each.path, each.kind) for each in report.problems] == [("a.txt", "stale")]
            # The next run sees both edits, and keeps both.
            again = pair.push()
            assert [each.path for each in again.conflicts] == ["a.txt"]
            assert OTHER in on(webdav_server).values()
            assert visible(src)["a.txt"] == content

    @pytest.mark.parametrize("is_new", [False, True])
    def test_while_a_large_file_is_on_its_way_is_not_overwritten(
        self, webdav_server: Folder, src: Path, is_new: bool
    ) -> None:
        pair = pushed(src, webdav_server.url)
        name = "new.txt" if is_new else "a.txt"
        (src / name).write_bytes(bytes(8 << 20))
        slow = Syncer(src, dav(webdav_server.url), bwlimit=16 << 20)
        before = set(webdav_server.root.iterdir())
        with ThreadPoolExecutor(1) as pool:
            run = pool.submit(slow.push)
            # Its temporary file, ours or the server's own.
            wait_until(lambda: len(set(webdav_server.root.iterdir()) - before) > 0, "the first bytes")
            stranger_writes(webdav_server, name, OTHER, in_s=5)
            assert not run.done()
            report = run.result()
        assert on(webdav_server) == TREE | {name: OTHER}
        assert [(each.path, each.kind) for each in report.problems] == [(name, "stale")]
        assert [each.path for each in pair.push().conflicts] == [name]
        assert OTHER in on(webdav_server).values()

    def test_of_a_new_name_is_not_overwritten(self, webdav_server: Folder, src: Path) -> None:
        with Proxy(webdav_server.url) as proxy:
            pair = pushed(src, proxy.url)
            (src / "new.txt").write_text("ours")
            proxy.add(
                Fault(Meanwhile(lambda: stranger_writes(webdav_server, "new.txt", "theirs")), method="PUT")
            )
            report = pair.push()
            assert on(webdav_server) == TREE | {"new.txt": "theirs"}
            assert [(each.path, each.kind) for each in report.problems] == [("new.txt", "stale")]
            assert [each.path for each in pair.push().conflicts] == ["new.txt"]
            assert "theirs" in on(webdav_server).values()

    def test_between_our_write_and_its_read_back_is_not_taken_for_ours(
        self, webdav_server: Folder, src: Path
    ) -> None:
        with Proxy(webdav_server.url) as proxy:
            pair = pushed(src, proxy.url)
            (src / "a.txt").write_text("alpha-3")
            edit = partial(stranger_writes, webdav_server, "a.txt", OTHER, in_s=5)
            last = "PUT" if isinstance(webdav_server.server, Apache) else "MOVE"
            proxy.add(Fault(Meanwhile(edit, after=True), method=last))
            pair.push()
            report = pair.push()
            assert [each.path for each in report.conflicts] == ["a.txt"]
            assert OTHER in on(webdav_server).values()

    def test_that_replaces_our_write_at_once_is_told_and_a_sync_keeps_both(
        self, webdav_server: Folder, src: Path
    ) -> None:
        """Whoever did that need not have seen ours: it is no edit of our version."""
        with Proxy(webdav_server.url) as proxy:
            pair = pushed(src, proxy.url)
            ours, theirs = "ours, edited", "theirs, and longer than ours"
            (src / "a.txt").write_text(ours)
            last = "PUT" if isinstance(webdav_server.server, Apache) else "MOVE"
            edit = partial(stranger_writes, webdav_server, "a.txt", theirs)
            proxy.add(Fault(Meanwhile(edit, after=True), method=last))
            report = pair.push()
            assert [(each.path, each.kind) for each in report.problems] == [("a.txt", "stale")]
            assert [each.path for each in pair.sync().conflicts] == ["a.txt"]
            assert {ours, theirs} <= set(visible(src).values())


def test_an_edit_while_a_pull_runs_is_not_overwritten(webdav_server: Folder, src: Path) -> None:
    with Proxy(webdav_server.url) as proxy:
        pair = pushed(src, proxy.url)
        stranger_writes(webdav_server, "a.txt", OTHER, in_s=5)
        proxy.add(Fault(Meanwhile(lambda: (src / "a.txt").write_text("alpha-3")), method="GET"))
        report = pair.pull()
        assert visible(src) == TREE | {"a.txt": "alpha-3"}
        assert [(each.path, each.kind) for each in report.problems] == [("a.txt", "stale")]
        assert [each.path for each in pair.pull().conflicts] == ["a.txt"]
        assert "alpha-3" in visible(src).values()


def test_what_was_read_to_be_the_same_needs_no_conflict_when_it_changes(
    webdav_server: Folder, src: Path
) -> None:
    """A run that was killed leaves files without a record; the next one reads them, and must remember."""
    write_tree(src, TREE)
    webdav_server.write(TREE)
    pair = Syncer(src, dav(webdav_server.url))
    first = pair.push()
    assert first.ok and first.copied == 0
    (src / "a.txt").write_text(OTHER)
    report = pair.push()
    assert report.ok and not report.conflicts
    assert on(webdav_server) == TREE | {"a.txt": OTHER}
