"""A state at a URL: exact on machines without a disk of their own, and never overwritten unseen."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import fsspec
import pytest

from syncfs import ConfigError, LockedError, Report, StoreError, Syncer
from syncfs.core.entry import Side
from syncfs.engine.remote_file import ABSENT, MovedError, RemoteFile, stamped
from syncfs.engine.remote_state import RemoteStore, open_remote
from syncfs.plugin import hookimpl
from syncfs.store import Run
from syncfs.store.store import Trashed
from syncfs.testing import read_tree, write_tree
from syncfs.testing.stores import StoreLaws, file_record
from tests.servers.proxy import Delay, DropAfter, Fault, Proxy, Reply
from tests.servers.server import Folder

LEFT, RIGHT = "webdav://one/a", "webdav://two/b"


@pytest.fixture(autouse=True)
def own_places(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SYNCFS_STATE_DIR", str(tmp_path / "locks"))


@pytest.fixture
def memory() -> Iterator[str]:
    """The URL of an empty directory."""
    fs = fsspec.filesystem("memory")
    fs.mkdirs("/states", exist_ok=True)
    yield "memory://states"
    fs.rm("/states", recursive=True)


def at(url: str, **options: Any) -> RemoteStore:
    return open_remote(url, left=LEFT, right=RIGHT, read_only=options.pop("read_only", False), **options)


def dav(folder: Folder) -> str:
    return folder.url.replace("http", "webdav", 1).rstrip("/")


class TestRemoteStore(StoreLaws):
    @pytest.fixture
    def store(self, memory: str) -> Iterator[RemoteStore]:
        with closing(at(f"{memory}/laws.sqlite")) as store:
            yield store


def test_what_one_worker_recorded_another_finds(webdav_server: Folder, tmp_path: Path) -> None:
    url = f"{dav(webdav_server)}/pair.sqlite"
    for number in range(3):
        store = at(url)
        assert store.count() == number
        store.record([(f"f{number}", file_record(number))])
        store.close()
    assert dict(at(url, read_only=True).load_tree("")) == {f"f{n}": file_record(n) for n in range(3)}
    assert [name for name in webdav_server.read() if not name.startswith("pair.sqlite")] == []


def test_what_changes_nothing_publishes_nothing(apache_folder: Folder) -> None:
    url = f"{dav(apache_folder)}/pair.sqlite"
    at(url).close()
    assert apache_folder.read() == {}
    with closing(at(url)) as store:
        store.record([("f", file_record())])
    apache_folder.clear_requests()
    for read_only in (True, False):
        with closing(at(url, read_only=read_only)) as store:
            assert store.count() == 1
    assert {request.method for request in apache_folder.requests()} <= {"PROPFIND", "GET", "OPTIONS"}


def test_its_copy_is_gone_when_it_is_closed(
    memory: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    store = at(f"{memory}/x.sqlite")
    store.record([("f", file_record())])
    assert list((tmp_path / "temporary").iterdir())
    store.close()
    assert not list((tmp_path / "temporary").iterdir())


def test_of_two_that_begin_with_one_version_the_second_is_locked_out(webdav_server: Folder) -> None:
    url = f"{dav(webdav_server)}/pair.sqlite"
    with closing(at(url)) as store:
        store.record([("f", file_record(1))])
    first, second = at(url), at(url)
    run = Run(id="r", mode="push", started_ns=1)
    for store in (first, second):
        store.start_run(run)
    first.checkpoint()
    with pytest.raises(LockedError, match="another run has moved the state") as caught:
        second.checkpoint()
    assert caught.value.retryable
    second.record([("mine", file_record())])
    second.close()
    first.record([("g", file_record(2))])
    first.close()
    with closing(at(url, read_only=True)) as store:
        assert set(store.load("")) == {"f", "g"}


def test_a_race_that_is_lost_later_forgets_what_was_changed_and_keeps_trash_and_history(
    memory: str,
) -> None:
    url = f"{memory}/pair.sqlite"
    kept = Trashed(run="r0", side=Side.LEFT, slot="s0", path="old")
    with closing(at(url)) as store:
        store.record((name, file_record(1)) for name in ("changed", "removed", "theirs", "same"))
        store.trash([kept])
    loser, winner = at(url), at(url)
    winner.record([("theirs", file_record(7)), ("added", file_record(8))])
    winner.forget_trash([kept])
    winner.close()
    run = Run(id="r1", mode="push", started_ns=1)
    mine = Trashed(run="r1", side=Side.RIGHT, slot="s1", path="removed")
    loser.start_run(run)
    loser.trash([mine])
    loser.record([("changed", file_record(2)), ("removed", None), ("new", file_record(3))])
    loser.finish_run(run)
    assert "another run has moved the state" in loser.notice
    assert "union, nothing is deleted" in loser.notice
    loser.close()
    with closing(at(url, read_only=True)) as store:
        assert dict(store.load_tree("")) == {
            "same": file_record(1),
            "theirs": file_record(7),
            "added": file_record(8),
        }
        assert store.trashed() == [mine]
        assert store.runs() == [run]
        assert store.generation > 2


def test_a_state_that_was_removed_meanwhile_stays_removed(memory: str) -> None:
    url = f"{memory}/pair.sqlite"
    with closing(at(url)) as store:
        store.record([("f", file_record())])
    store = at(url)
    fsspec.filesystem("memory").rm("/states/pair.sqlite")
    store.record([("g", file_record())])
    store.close()
    assert "another run has moved the state" in store.notice
    assert at(url, read_only=True).count() == 0


def test_a_published_version_of_the_same_size_and_second_is_another(memory: str, tmp_path: Path) -> None:
    remote = RemoteFile.at(f"{memory}/x.sqlite", None, None)
    paths = [tmp_path / f"{number}.sqlite" for number in range(3)]
    with closing(sqlite3.connect(":memory:")) as connection:
        for path in paths:
            stamped(connection, str(path))
    first = remote.publish(str(paths[0]), ABSENT)
    second = remote.publish(str(paths[1]), first)
    assert first != second
    with pytest.raises(MovedError):
        remote.publish(str(paths[2]), first)
    with pytest.raises(MovedError):
        remote.publish(str(paths[2]), ABSENT)
    assert remote.fetch(str(tmp_path / "fetched")) == second
    assert remote.publish(str(paths[1]), first) == second  # the answer to it was lost


def test_a_damaged_state_is_set_aside_where_it_is(webdav_server: Folder) -> None:
    webdav_server.write({"pair.sqlite": "no database" * 100})
    url = f"{dav(webdav_server)}/pair.sqlite"
    with closing(at(url, read_only=True)) as store:
        assert "is damaged" in store.notice
    assert set(webdav_server.read()) == {"pair.sqlite"}
    store = at(url)
    assert store.notice.startswith(f"the state {url} is damaged and was set aside as {url}.damaged-1")
    store.record([("f", file_record())])
    store.close()
    assert webdav_server.read()["pair.sqlite.damaged-1"] == "no database" * 100
    assert at(url, read_only=True).count() == 1


def test_a_newer_state_is_refused_and_named_by_its_url(memory: str, tmp_path: Path) -> None:
    url = f"{memory}/pair.sqlite"
    with closing(at(url)) as store:
        store.record([("f", file_record())])
        with store._transaction() as connection:
            connection.execute("UPDATE meta SET value = 99 WHERE key = 'format'")
    with pytest.raises(StoreError, match=rf"the state {url} was written by a newer syncfs") as caught:
        at(url)
    assert caught.value.is_newer


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("memory://x", "names no file in a directory"),
        ("memory://states/", "names no file"),
        ("nothing://a/b.sqlite", "state: nothing:// is not known"),
        ("webdav://ann:s3cret@h:x/b.sqlite", "the URL's host or port makes no sense"),
        ("zip://states/b.sqlite::/no.zip", "state: "),
    ],
)
def test_a_url_that_cannot_hold_a_state_is_refused_in_one_line(url: str, message: str) -> None:
    with pytest.raises((ConfigError, StoreError, OSError), match=message) as caught:
        at(url)
    assert "\n" not in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_a_state_of_a_server_that_is_away_may_be_tried_again() -> None:
    with pytest.raises(StoreError, match=r"the state webdav://127\.0\.0\.1:9/x\.sqlite: ") as caught:
        at("webdav://127.0.0.1:9/x.sqlite")
    assert caught.value.retryable


def test_an_answer_that_is_lost_is_no_lost_race(apache_folder: Folder) -> None:
    with Proxy(apache_folder.url, Fault(DropAfter(), method="PUT")) as proxy:
        url = proxy.url.replace("http", "webdav", 1) + "pair.sqlite"
        with closing(at(url)) as store:
            store.record([("f", file_record())])
        assert store.notice == ""
    assert at(f"{dav(apache_folder)}/pair.sqlite", read_only=True).count() == 1


# -- whole runs --------------------------------------------------------------------------------------


def pair(tmp_path: Path, folder: Folder) -> tuple[Path, str]:
    here = tmp_path / "here"
    write_tree(here, {"a.txt": "a", "b/c.txt": "c", "d.txt": "d"})
    folder.write({"data/": None, "states/": None})
    return here, f"{dav(folder)}/data"


def sync(here: Path, there: str, state: str, **more: Any) -> Report:
    return Syncer(here, there, state=state, **more).sync()


def test_deletions_are_known_to_a_worker_that_has_only_the_url(webdav_server: Folder, tmp_path: Path) -> None:
    here, there = pair(tmp_path, webdav_server)
    state = f"{dav(webdav_server)}/states/pair.sqlite"
    assert sync(here, there, state).copied == 3
    shutil.rmtree(tmp_path / "locks")
    (webdav_server.root / "data" / "a.txt").unlink()
    report = sync(here, there, state)
    assert (report.removed, report.copied) == (1, 0)
    webdav_server.clear_requests()
    again = sync(here, there, state)
    assert (again.ok, again.changed) == (True, 0)
    assert {request.method for request in webdav_server.requests()} <= {"PROPFIND", "GET", "OPTIONS", "HEAD"}
    history = Syncer(here, there, state=state).history()
    assert [run.mode for run in history] == ["sync", "sync"]
    assert Syncer(here, there, state=state).restore().renamed == 1


def test_a_state_may_lie_in_a_synced_root_under_a_reserved_name_only(
    apache_folder: Folder, tmp_path: Path
) -> None:
    here, there = pair(tmp_path, apache_folder)
    with pytest.raises(ConfigError, match=r"lies inside .* would be synced itself; put it into \.syncfs/"):
        sync(here, there, f"{there}/pair.sqlite")
    state = f"{there}/.syncfs/pair.sqlite"
    assert sync(here, there, state).copied == 3
    assert sync(here, there, state).changed == 0
    assert "pair.sqlite" not in {path.name for path in here.rglob("*")}


def test_a_state_in_a_root_that_is_made_in_the_same_run(apache_folder: Folder, tmp_path: Path) -> None:
    here, there = pair(tmp_path, apache_folder)
    state = f"{there}/new/.syncfs/pair.sqlite"
    assert Syncer(here, f"{there}/new", state=state).push().copied == 3
    assert Syncer(here, f"{there}/new", state=state).push().copied == 0


def test_the_state_holds_no_secret_and_neither_does_its_plan(apache_folder: Folder, tmp_path: Path) -> None:
    here, there = pair(tmp_path, apache_folder)
    there, state = (url.replace("://", "://ann:s3cret@") for url in (there, f"{dav(apache_folder)}/states/x"))
    assert sync(here, there, state).ok
    published = (apache_folder.root / "states" / "x").read_bytes()
    assert published.startswith(b"SQLite format 3")
    assert b"s3cret" not in published
    assert "s3cret" not in Syncer(here, there, state=state).plan("sync").to_json()


def test_a_run_killed_before_it_publishes_its_end_leads_to_no_deletion(
    apache_folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = pair(tmp_path, apache_folder)
    state = f"{dav(apache_folder)}/states/pair.sqlite"
    sync(here, there, state)
    apache_folder.write({"data/a.txt": "theirs, longer"})
    write_tree(here, {"a.txt": "mine"})
    published: list[bytes] = []
    finish = RemoteStore.finish_run

    def killed(store: RemoteStore, run: Run) -> None:
        published.append((apache_folder.root / "states" / "pair.sqlite").read_bytes())
        finish(store, run)

    monkeypatch.setattr(RemoteStore, "finish_run", killed)
    sync(here, there, state, on_conflict="keep-both")
    # What stood at the URL when the work was done and the end was not published yet.
    (apache_folder.root / "states" / "pair.sqlite").write_bytes(published[0])
    apache_folder.server.adopt(apache_folder.root)
    (apache_folder.root / "data" / "a.txt").unlink()
    report = sync(here, there, state)
    assert report.removed == 0
    assert "mine" in read_tree(here).values()
    assert "theirs, longer" in read_tree(here).values()


def test_a_state_that_cannot_be_published_at_the_end_is_told_with_the_report(
    apache_folder: Folder, tmp_path: Path
) -> None:
    here, there = pair(tmp_path, apache_folder)
    # The first PUT is the checkpoint; from the second on the server has no room.
    with Proxy(apache_folder.url, Fault(Reply(507), method="PUT", nth=2, every=True)) as proxy:
        state = proxy.url.replace("http", "webdav", 1) + "states/pair.sqlite"
        with pytest.raises(StoreError, match=r"the state .*/states/pair.sqlite: ") as caught:
            sync(here, there, state)
    assert caught.value.report.copied == 3
    assert sync(here, there, f"{dav(apache_folder)}/states/pair.sqlite").ok


def test_two_workers_at_once_lose_nothing_and_one_is_told(apache_folder: Folder, tmp_path: Path) -> None:
    """Two machines, no lease: the second fetched the state before the first moved it."""
    here, there = pair(tmp_path, apache_folder)
    state = f"{dav(apache_folder)}/states/pair.sqlite"
    sync(here, there, state)
    write_tree(here, {"new.txt": "n"})

    class Meanwhile:
        @hookimpl
        def syncfs_plan_ready(self) -> None:
            others.append(Syncer(here, there, state=state).sync())

    others: list[Report] = []
    slow = Syncer(here, there, state=state, plugins=[Meanwhile()])
    # The other "machine" has its own locks.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("syncfs.engine.opening.lock_path", lambda *_: None)
        with pytest.raises(LockedError, match="nothing was done, run again"):
            slow.sync()
    assert others[0].copied == 1
    assert sync(here, there, state).changed == 0


def test_a_slow_server_is_waited_for(apache_folder: Folder) -> None:
    with (
        Proxy(apache_folder.url, Fault(Delay(0.3), method="PUT")) as proxy,
        closing(at(proxy.url.replace("http", "webdav", 1) + "pair.sqlite")) as store,
    ):
        store.record([("f", file_record())])
        store.checkpoint()
    assert at(f"{dav(apache_folder)}/pair.sqlite", read_only=True).count() == 1
