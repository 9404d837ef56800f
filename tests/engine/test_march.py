"""What a run over trees in which nothing, or one thing, has changed looks at."""

from __future__ import annotations

import gc
import os
import re
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from syncfs import Syncer
from syncfs.core.scope import Directory
from syncfs.endpoint.webdav.multistatus import MultistatusParser
from syncfs.engine.march import _March
from syncfs.store.sqlite import SqliteStore
from tests.servers.server import Folder

DIRECTORIES, FILES = 20, 5
LONG_AGO_NS = 1_700_000_000_123_456_789


@pytest.fixture(autouse=True)
def states(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SYNCFS_STATE_DIR", str(tmp_path / "states"))
    return tmp_path / "states"


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter[str]]:
    """Counts bodies that are parsed and directories whose records are loaded."""
    found: Counter[str] = Counter()
    close, load = MultistatusParser.close, SqliteStore.load

    def counted_close(parser: MultistatusParser) -> object:
        found["parsed"] += 1
        return close(parser)

    def counted_load(store: SqliteStore, directory: str) -> object:
        found["loaded"] += 1
        return load(store, directory)

    monkeypatch.setattr(MultistatusParser, "close", counted_close)
    monkeypatch.setattr(SqliteStore, "load", counted_load)
    yield found


def plant(root: Path) -> Path:
    for directory in range(DIRECTORIES):
        here = root / f"d{directory:02}"
        here.mkdir(parents=True)
        for number in range(FILES):
            write(here / f"f{number}", f"{directory}/{number}")
    return root


def write(path: Path, text: str, mtime_ns: int = LONG_AGO_NS) -> None:
    path.write_text(text)
    os.utime(path, ns=(mtime_ns, mtime_ns))


def age(folder: Folder) -> None:
    """Let what is on the server be old: young files are looked at again, and Apache calls their tags weak."""
    for path in [folder.root, *folder.root.rglob("*")]:
        os.utime(path, ns=(LONG_AGO_NS, LONG_AGO_NS))


def state_of(states: Path) -> bytes:
    (state,) = states.glob("*.sqlite")
    return state.read_bytes()


def test_a_local_tree_that_is_recognised_costs_no_record_and_no_byte_of_the_state(
    tmp_path: Path, states: Path, looks: Counter[str]
) -> None:
    pair = Syncer(plant(tmp_path / "a"), tmp_path / "b")
    assert pair.sync().copied == DIRECTORIES * FILES
    assert not pair.sync().copied  # which seals what it finds unchanged
    before = state_of(states)
    looks.clear()
    for run in (pair.sync, pair.push, pair.pull):
        report = run()
        assert (report.ok, report.copied, report.removed) == (True, 0, 0)
    assert pair.plan("sync").facts[0].recorded == DIRECTORIES * FILES
    assert pair.plan("sync").facts[1].listed == DIRECTORIES * (FILES + 1)
    assert looks == {}
    assert state_of(states) == before


@pytest.mark.parametrize("side", ["a", "b"])
@pytest.mark.parametrize("what", ["edit", "same size", "new", "gone", "directory", "link", "temporary"])
def test_whatever_changes_in_a_recognised_directory_is_seen(tmp_path: Path, side: str, what: str) -> None:
    pair = Syncer(plant(tmp_path / "a"), tmp_path / "b", max_delete=1)
    for _ in range(3):
        pair.sync()
    here, there = tmp_path / side / "d07", tmp_path / ("b" if side == "a" else "a") / "d07"
    match what:
        case "edit":
            write(here / "f3", "another")
        case "same size":
            write(here / "f3", "X" * len("7/3"))
        case "new":
            write(here / "g", "new")
        case "gone":
            (here / "f3").unlink()
        case "directory":
            (here / "e").mkdir()
        case "link":
            (here / "f3").unlink()
            (here / "f3").symlink_to("f2")
        case "temporary":
            write(here / ".syncfs-tmp-R-1", "theirs")
    report = pair.sync()
    assert report.ok
    if what == "link":
        assert report.skipped == 1
        assert (there / "f3").read_text() == "7/3"
    elif what == "temporary":
        assert (here / ".syncfs-tmp-R-1").exists()
    else:
        assert sorted(each.name for each in here.iterdir()) == sorted(each.name for each in there.iterdir())
        assert (here / "f3").exists() == (what != "gone")
        assert what == "gone" or (there / "f3").read_text() == (here / "f3").read_text()
    for _ in range(2):
        again = pair.sync()
        assert (again.copied, again.removed, again.made_directories) == (0, 0, 0)


def test_a_tree_on_a_server_that_is_recognised_is_not_parsed(
    apache_folder: Folder, tmp_path: Path, states: Path, looks: Counter[str]
) -> None:
    pair = Syncer(plant(tmp_path / "a"), apache_folder.url.replace("http", "webdav", 1))
    assert pair.push().copied == DIRECTORIES * FILES
    age(apache_folder)
    for _ in range(2):
        pair.push()
    before = state_of(states)
    looks.clear()
    apache_folder.clear_requests()
    assert pair.push().copied == 0
    # The root is parsed in every run: that it is there, and what kind of server this is, comes first.
    assert looks == {"parsed": 1}
    assert Counter(request.method for request in apache_folder.requests()) == {"PROPFIND": 1 + DIRECTORIES}
    assert state_of(states) == before
    write(apache_folder.root / "d07" / "f3", "theirs")
    apache_folder.server.adopt(apache_folder.root)
    assert pair.sync().copied == 1
    assert (tmp_path / "a" / "d07" / "f3").read_text() == "theirs"


def test_what_is_asked_for_ahead_of_need_is_let_go_when_it_was_used(
    apache_folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for group in range(10):
        plant(tmp_path / "a" / f"g{group}")
    pair = Syncer(tmp_path / "a", apache_folder.url.replace("http", "webdav", 1), jobs=2)
    pair.push()
    held: list[int] = []
    proceed = _March._proceed

    def directories() -> int:
        return sum(isinstance(each, Directory) for each in gc.get_objects())

    gc.collect()
    before = directories()  # other tests' may still be held

    def counted(walk: _March, visit: object) -> None:
        held.append(directories() - before)
        proceed(walk, visit)  # type: ignore[arg-type]

    monkeypatch.setattr(_March, "_proceed", counted)
    assert not pair.plan("push").changes  # every directory is looked at: all is young, and nothing sealed
    assert len(held) > 10 * DIRECTORIES
    assert max(held) < 10


@pytest.mark.parametrize("where", ["local", "webdav"])
def test_a_tree_of_two_hundred_levels_goes_there_and_is_recognised(
    request: pytest.FixtureRequest, tmp_path: Path, where: str
) -> None:
    deep = tmp_path / "a"
    for _ in range(200):
        deep /= "d"
    deep.mkdir(parents=True)
    write(deep / "f", "at the bottom")
    place: str | Path = tmp_path / "b"
    root = tmp_path / "b"
    if where == "webdav":
        folder: Folder = request.getfixturevalue("apache_folder")
        place, root = folder.url.replace("http", "webdav", 1), folder.root
    pair = Syncer(tmp_path / "a", place)
    report = pair.sync()
    assert (report.ok, report.copied, report.made_directories) == (True, 1, 201 if where == "local" else 200)
    assert (root / "/".join(["d"] * 200) / "f").read_text() == "at the bottom"
    for _ in range(2):
        report = pair.sync()
        assert (report.ok, report.copied, report.made_directories) == (True, 0, 0)


@pytest.mark.parametrize("where", ["local", "webdav"])
def test_a_directory_of_twenty_thousand_entries_is_listed_and_recognised(
    request: pytest.FixtureRequest, tmp_path: Path, where: str
) -> None:
    roots = [tmp_path / "a", tmp_path / "b"]
    place: str | Path = tmp_path / "b"
    adopt: Callable[[Path], object] = Path.exists
    if where == "webdav":
        folder: Folder = request.getfixturevalue("apache_folder")
        place, roots[1] = folder.url.replace("http", "webdav", 1), folder.root
        adopt = folder.server.adopt
    for root in roots:
        (root / "wide").mkdir(parents=True)
        for number in range(20_000):
            write(root / "wide" / f"f{number:05}", "")
    adopt(roots[1])
    # The same on both sides beforehand: what is tested is listing, not copying.
    pair = Syncer(tmp_path / "a", place, compare="size")
    for _ in range(3):
        report = pair.sync()
        assert (report.ok, report.copied) == (True, 0)
    assert pair.plan("sync").facts[0].recorded == 20_000
    (tmp_path / "a" / "wide" / "f12345").unlink()
    assert pair.sync().removed == 1
    assert not (roots[1] / "wide" / "f12345").exists()


def test_a_state_of_the_first_format_is_taken_over(tmp_path: Path, states: Path) -> None:
    pair = Syncer(plant(tmp_path / "a"), tmp_path / "b")
    pair.sync()
    (state,) = states.glob("*.sqlite")
    with sqlite3.connect(state) as connection:
        connection.execute("DROP TABLE seals")
        connection.execute("UPDATE meta SET value = 1 WHERE key = 'format'")
    connection.close()
    (tmp_path / "a" / "d03" / "f1").unlink()
    plan = pair.plan("sync")  # reads it as it is
    assert [re.sub(r"\W", " ", action.path) for action in plan] == ["d03 f1"]
    report = pair.sync()
    assert (report.notices, report.removed) == ((), 1)
