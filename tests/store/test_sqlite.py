from __future__ import annotations

import os
import signal
import sqlite3
import stat
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from syncfs.core.base import directory_record
from syncfs.core.entry import Side
from syncfs.errors import StoreError
from syncfs.store import Run, SqliteStore
from syncfs.testing.stores import DIFFICULT_RECORDS, StoreLaws, file_record

LEFT, RIGHT = "file:///home/me/docs", "webdavs://me@nas:443/dav/docs"


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "state" / "pair.sqlite")


def open_store(path: str, *, read_only: bool = False) -> SqliteStore:
    return SqliteStore.open(path, left=LEFT, right=RIGHT, read_only=read_only)


def fill(path: str, directories: int = 1, files: int = 3) -> None:
    store = open_store(path)
    for directory in range(directories):
        store.record((f"d{directory}/f{number}", file_record(number)) for number in range(files))
    store.close()


def siblings(path: str) -> dict[str, bytes]:
    return {each.name: each.read_bytes() for each in Path(path).parent.iterdir()}


class TestSqliteStore(StoreLaws):
    @pytest.fixture
    def store(self, path: str) -> Iterator[SqliteStore]:
        store = open_store(path)
        yield store
        store.close()


def test_everything_outlives_the_store(path: str) -> None:
    store = open_store(path)
    assert store.is_durable
    store.record(DIFFICULT_RECORDS.items())
    store.set_roots("one", "two")
    store.start_run(Run(id="r", mode="pull", started_ns=1))
    store.close()
    store.close()
    store = open_store(path)
    assert store.notice == ""
    assert store.load("") == DIFFICULT_RECORDS
    assert store.generation == 1
    assert store.root_of(Side.RIGHT) == "two"
    assert store.runs() == [Run(id="r", mode="pull", started_ns=1)]
    store.close()


def test_a_state_at_rest_is_one_file(path: str) -> None:
    fill(path)
    assert list(siblings(path)) == ["pair.sqlite"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no permission bits")
def test_nobody_else_can_read_the_state(path: str) -> None:
    umask = os.umask(0)
    try:
        store = open_store(path)
        store.record([("a", file_record())])
        assert len(siblings(path)) == 3  # with the WAL and its index
        for each in Path(path).parent.iterdir():
            assert stat.S_IMODE(each.stat().st_mode) == 0o600, each
        assert stat.S_IMODE(Path(path).parent.stat().st_mode) == 0o700
        store.close()
        assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    finally:
        os.umask(umask)


def test_a_run_that_finds_nothing_new_leaves_the_file_as_it_is_to_the_byte(path: str) -> None:
    fill(path)
    before = Path(path).read_bytes()
    store = open_store(path)
    assert len(store.load("d0")) == 3
    store.set_roots(None, None)
    store.set_open_conflicts([])
    store.trash([])
    store.record([])
    store.close()
    assert Path(path).read_bytes() == before


def test_records_that_say_nothing_new_are_no_new_generation(path: str) -> None:
    fill(path)
    store = open_store(path)
    before = store.generation
    store.record((f"d0/f{number}", file_record(number)) for number in range(3))
    assert store.generation == before
    store.close()


def test_runs_of_long_ago_leave_the_history(path: str) -> None:
    store = open_store(path)
    day_ns = 24 * 3600 * 10**9
    for day in (0, 50, 100):
        store.start_run(Run(id=f"r{day}", mode="push", started_ns=day * day_ns))
    assert [run.id for run in store.runs()] == ["r100", "r50"]
    store.close()


# -- damage ------------------------------------------------------------------------------------------


def execute(path: str, statement: str) -> None:
    connection = sqlite3.connect(path)
    connection.execute(statement)
    connection.commit()
    connection.close()


def overwrite(path: str, offset: int, data: bytes) -> None:
    with open(path, "r+b") as file:
        file.seek(offset)
        file.write(data)


def replace_with_songs(path: str) -> None:
    os.remove(path)
    execute(path, "CREATE TABLE songs (title)")


DAMAGES: dict[str, Callable[[str], object]] = {
    "not a database": lambda path: Path(path).write_bytes(b"This is no state.\n"),
    "long and not a database": lambda path: Path(path).write_bytes(b"x" * 20_000),
    "zeros": lambda path: Path(path).write_bytes(bytes(8192)),
    "cut in the middle": lambda path: os.truncate(path, os.path.getsize(path) // 2),
    "cut within a page": lambda path: os.truncate(path, os.path.getsize(path) - 100),
    "cut within the header": lambda path: os.truncate(path, 50),
    "half of it zeros": lambda path: overwrite(path, os.path.getsize(path) // 2, bytes(8192)),
    "half of it noise": lambda path: overwrite(path, os.path.getsize(path) // 2, b"\xa5" * 8192),
    "no records": lambda path: execute(path, "DROP TABLE records"),
    "no meta": lambda path: execute(path, "DROP TABLE meta"),
    "no history": lambda path: execute(path, "DROP TABLE runs"),
    "no format": lambda path: execute(path, "DELETE FROM meta WHERE key = 'format'"),
    "no generation": lambda path: execute(path, "DELETE FROM meta WHERE key = 'generation'"),
    "another column": lambda path: execute(path, "ALTER TABLE records RENAME COLUMN digest TO hash"),
    "an older format": lambda path: execute(path, "UPDATE meta SET value = 0 WHERE key = 'format'"),
    "another pair": lambda path: execute(path, "UPDATE meta SET value = 'file:///x' WHERE key = 'left'"),
    "somebody else's database": replace_with_songs,
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_state_is_set_aside_and_a_fresh_one_begun(path: str, damage: str) -> None:
    fill(path, directories=20, files=50)
    DAMAGES[damage](path)
    damaged = Path(path).read_bytes()
    store = open_store(path)
    aside = f"{path}.damaged-1"
    assert path in store.notice
    assert aside in store.notice
    assert "union, nothing is deleted" in store.notice
    assert "\n" not in store.notice
    assert Path(aside).stat().st_size == len(damaged)
    assert list(store.load_tree("")) == []
    store.record([("a", file_record())])
    store.close()
    store = open_store(path)
    assert store.notice == ""
    assert store.load("") == {"a": file_record()}
    store.close()


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_reader_of_a_damaged_state_sees_a_first_run_and_changes_nothing(path: str, damage: str) -> None:
    fill(path, directories=20, files=50)
    DAMAGES[damage](path)
    before = siblings(path)
    store = open_store(path, read_only=True)
    assert "union, nothing is deleted" in store.notice
    assert list(store.load_tree("")) == []
    store.close()
    assert siblings(path) == before


def test_every_damaged_state_gets_a_name_of_its_own(path: str) -> None:
    for number in (1, 2, 3):
        fill(path)
        Path(path).write_bytes(b"damage %d" % number)
        open_store(path).close()
    aside = {name: data for name, data in siblings(path).items() if ".damaged-" in name}
    assert aside == {f"pair.sqlite.damaged-{number}": b"damage %d" % number for number in (1, 2, 3)}


def test_a_swapped_pair_is_named_as_what_it_is(path: str) -> None:
    fill(path)
    store = SqliteStore.open(path, left=RIGHT, right=LEFT)
    assert "swapped" in store.notice
    store.close()


def test_the_log_of_a_file_that_was_moved_away_is_not_replayed(path: str) -> None:
    store = open_store(path)
    store.record([("old", file_record())])
    for suffix in ("-wal", "-shm"):
        Path(f"{path}{suffix}.kept").write_bytes(Path(path + suffix).read_bytes())
    store.close()
    os.remove(path)
    for suffix in ("-wal", "-shm"):
        os.rename(f"{path}{suffix}.kept", path + suffix)
    store = open_store(path)
    assert (store.notice, store.load("")) == ("", {})
    store.close()


def test_an_empty_file_is_a_state_that_was_not_begun(path: str) -> None:
    os.makedirs(os.path.dirname(path))
    Path(path).touch()
    reader = open_store(path, read_only=True)
    store = open_store(path)
    assert store.notice == reader.notice == ""
    store.close()
    reader.close()


def test_damage_that_shows_while_running_ends_the_run_and_not_the_next_one(path: str) -> None:
    fill(path, directories=40, files=1_500)  # more than SQLite keeps in memory
    store = open_store(path)
    # Another program writes over the file behind our back, after it was checked.
    overwrite(path, 8192, b"\xa5" * (os.path.getsize(path) - 8192))
    with pytest.raises(StoreError, match=r"damaged and was set aside as .*damaged-1; run again: first run"):
        list(store.load_tree(""))
    store.close()
    store = open_store(path)
    assert (store.notice, store.count()) == ("", 0)
    store.close()


@pytest.mark.parametrize("statement", ["left_kind = 7", "digest = CAST(x'ff' AS TEXT)", "left_kind = 'x'"])
def test_a_row_that_no_version_wrote_is_damage(path: str, statement: str) -> None:
    fill(path)
    store = open_store(path)
    execute(path, f"UPDATE records SET {statement}")
    with pytest.raises(StoreError, match="damaged"):
        store.load("d0")
    store.close()


@pytest.mark.parametrize("read_only", [False, True])
def test_a_state_of_a_newer_version_is_refused_and_kept(path: str, read_only: bool) -> None:
    fill(path)
    execute(path, "UPDATE meta SET value = 99 WHERE key = 'format'")
    execute(path, "DROP TABLE records")
    before = siblings(path)
    with pytest.raises(StoreError, match=r"newer syncfs \(format 99, this one knows 2\).*upgrade"):
        open_store(path, read_only=read_only)
    kept = siblings(path)
    assert list(kept) == list(before)
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT value FROM meta WHERE key = 'format'").fetchone() == (99,)
    connection.close()


# -- readers -----------------------------------------------------------------------------------------


def test_a_reader_of_a_missing_state_makes_nothing(path: str, tmp_path: Path) -> None:
    store = open_store(path, read_only=True)
    assert (store.notice, store.count(), store.generation) == ("", 0, 0)
    store.close()
    assert list(tmp_path.iterdir()) == []


def test_a_reader_sees_everything_and_changes_nothing(path: str) -> None:
    fill(path, directories=30, files=60)
    before = siblings(path)
    stamp = os.stat(path).st_mtime_ns
    store = open_store(path, read_only=True)
    assert store.count() == len(list(store.load_tree(""))) == 1_800
    with pytest.raises(StoreError, match="read only"):
        store.record([("a", directory_record())])
    store.close()
    assert siblings(path) == before
    assert os.stat(path).st_mtime_ns == stamp


def test_a_reader_and_a_run_do_not_disturb_each_other(path: str) -> None:
    fill(path)
    reader = open_store(path, read_only=True)
    assert reader.count() == 3
    store = open_store(path)
    store.record([("new", file_record())])
    assert reader.count() == 4
    store.close()
    assert set(reader.load("")) == {"new"}
    reader.close()
    store = open_store(path)
    assert (store.notice, store.count()) == ("", 4)
    store.close()
    assert list(siblings(path)) == ["pair.sqlite"]


# -- crashes and full disks --------------------------------------------------------------------------

VICTIM = """
    import sys
    from syncfs.store import SqliteStore
    from syncfs.testing.stores import file_record

    store = SqliteStore.open(sys.argv[1], left=sys.argv[2], right=sys.argv[3])
    batch = 0
    while True:
        store.record((f"d{batch}/f{number}", file_record(batch)) for number in range(40))
        print(batch, flush=True)
        batch += 1
"""


@pytest.mark.skipif(os.name == "nt", reason="needs SIGKILL")
@pytest.mark.parametrize("after", [1, 7, 40])
def test_a_killed_run_loses_no_batch_that_was_committed(path: str, after: int) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(VICTIM), path, LEFT, RIGHT], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    with process.stdout:
        committed = [int(process.stdout.readline()) for _ in range(after)][-1]
        process.send_signal(signal.SIGKILL)
        committed = max([committed, *map(int, process.stdout.read().split())])
    assert process.wait() == -signal.SIGKILL
    for read_only in (True, False):
        store = open_store(path, read_only=read_only)
        assert store.notice == ""
        batches = list(store.directories()) or sorted(
            {record_path.partition("/")[0] for record_path, _ in store.load_tree("")}
        )
        # What was announced is there; at most the batch that was not yet announced is there besides.
        assert committed + 1 <= len(batches) <= committed + 2
        assert all(len(store.load(batch)) == 40 for batch in batches)
        assert store.generation == len(batches)
        store.close()
    assert list(siblings(path)) == ["pair.sqlite"]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A filesystem of its own, of 1 MiB; needs root."""
    point = tmp_path / "disk"
    point.mkdir()
    made = sys.platform == "linux" and os.geteuid() == 0
    made = (
        made
        and not subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", point], capture_output=True
        ).returncode
    )
    if not made:
        if os.environ.get("SYNCFS_CI"):
            pytest.fail("CI must be able to mount a tmpfs")
        pytest.skip("needs root on Linux")
    try:
        yield point
    finally:
        subprocess.run(["umount", "-l", point], check=True)


def test_a_full_disk_is_said_and_keeps_what_was_committed(small_disk: Path) -> None:
    path = str(small_disk / "pair.sqlite")
    store = open_store(path)
    written = 0
    with pytest.raises(StoreError, match=r"pair\.sqlite: the disk is full; make room"):
        while True:
            store.record((f"d{written}/f{number}", file_record(number)) for number in range(100))
            written += 1
    assert written > 3
    store.close()
    store = open_store(path, read_only=True)
    assert (store.notice, store.count()) == ("", written * 100)
    store.close()


def test_a_read_only_medium_can_be_planned_on_and_not_run_on(small_disk: Path) -> None:
    path = str(small_disk / "pair.sqlite")
    fill(path)
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    store = open_store(path, read_only=True)
    assert store.count() == 3
    store.close()
    store = open_store(path)
    with pytest.raises(StoreError, match=r"pair\.sqlite: it cannot be (written|opened)"):
        store.start_run(Run(id="r", mode="push", started_ns=1))
    store.close()
    with pytest.raises(StoreError, match="Read-only file system"):
        open_store(str(small_disk / "other.sqlite"))


def test_a_state_that_is_kept_busy_is_said_to_be_so(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(path)
    monkeypatch.setattr("syncfs.store.statefile._BUSY_S", 0.05)
    store = open_store(path)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="another program keeps it busy") as caught:
        store.record([("a", file_record())])
    assert caught.value.retryable
    other.execute("ROLLBACK")
    other.close()
    store.record([("a", file_record())])
    store.close()
