import logging
import os
import sqlite3
import stat
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from syncfs.store.cachefile import CacheFile, user_file

SCHEMA = """
    CREATE TABLE IF NOT EXISTS kept (name TEXT PRIMARY KEY, value TEXT);
    SELECT name, value FROM kept LIMIT 0;
"""


@pytest.fixture
def file(tmp_path: Path) -> Iterator[CacheFile]:
    file = CacheFile(str(tmp_path / "in" / "kept.sqlite"), SCHEMA, wait_s=0.05)
    yield file
    file.close()


def put(file: CacheFile, name: str) -> None:
    file.execute("INSERT OR REPLACE INTO kept VALUES (?, ?)", (name, f"of {name}"))


def names(file: CacheFile) -> list[str]:
    return [name for (name,) in file.execute("SELECT name FROM kept ORDER BY name")]


def test_what_was_put_is_there_after_a_reopening_and_nobody_else_s(file: CacheFile) -> None:
    assert not os.path.exists(os.path.dirname(file.path)), "nothing was asked yet"
    put(file, "a")
    file.close()
    assert names(file) == ["a"] and file.works()
    if os.name != "nt":
        assert {stat.S_IMODE(each.stat().st_mode) for each in Path(file.path).parent.iterdir()} == {0o600}
        assert stat.S_IMODE(Path(file.path).parent.stat().st_mode) == 0o700


def other_table(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE kept (something_else)")
    connection.close()


@pytest.mark.parametrize(
    "damage", [lambda path: path.write_bytes(b"no database " * 999), other_table], ids=["bytes", "table"]
)
def test_a_damaged_file_is_begun_again(
    file: CacheFile, damage: Callable[[Path], object], caplog: pytest.LogCaptureFixture
) -> None:
    Path(file.path).parent.mkdir()
    damage(Path(file.path))
    put(file, "a")
    assert names(file) == ["a"]
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert "damaged and begun again" in caplog.text


def test_without_its_file_it_forgets_and_says_so_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "no directory").touch()
    file = CacheFile(str(tmp_path / "no directory" / "kept.sqlite"), SCHEMA)
    for name in "abc":
        put(file, name)
    assert names(file) == [] and not file.works()
    assert caplog.text.count("cannot be used") == 1


def test_a_busy_file_is_asked_again_the_next_time(file: CacheFile, caplog: pytest.LogCaptureFixture) -> None:
    put(file, "a")
    other = sqlite3.connect(file.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    put(file, "b")
    other.execute("ROLLBACK")
    other.close()
    assert names(file) == ["a"]
    put(file, "c")
    assert names(file) == ["a", "c"] and not caplog.records


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_opens_the_file_for_itself(file: CacheFile) -> None:
    put(file, "a")
    before = file._connection
    child = os.fork()
    if child == 0:
        status = 1
        with suppress(BaseException):
            put(file, "b")
            status = int(names(file) != ["a", "b"] or file._connection is before)
        os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert names(file) == ["a", "b"] and file._connection is before


@pytest.mark.parametrize("kind", ["cache", "state"])
def test_the_environment_says_where_files_are(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"SYNCFS_{kind.upper()}_DIR", os.path.join("~", "mine"))
    assert user_file("x", kind) == os.path.join(os.path.expanduser("~"), "mine", "x")  # type: ignore[arg-type]
    monkeypatch.delenv(f"SYNCFS_{kind.upper()}_DIR")
    assert user_file("x", kind).endswith(os.path.join("syncfs", "x"))  # type: ignore[arg-type]
