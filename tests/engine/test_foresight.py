"""In a large tree, processes of their own recognise what has not changed."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from syncfs import Syncer
from syncfs.core.entry import Side
from syncfs.core.seal import Seal
from syncfs.endpoint import scan
from syncfs.endpoint.beneath import HAS_DESCRIPTORS
from syncfs.endpoint.glance import Rows, glance
from syncfs.endpoint.local import LocalEndpoint
from syncfs.endpoint.recogniser import ProcessRecogniser
from syncfs.engine import foresight
from syncfs.engine.foresight import Foresight
from syncfs.store import MemoryStore

LONG_AGO_NS = 1_700_000_000_123_456_789
DIRECTORIES = ("docs", "docs-old", "docs/x", "docs/x/y", "docs-old/z", "e", "é/ü")

pytestmark = pytest.mark.skipif(not HAS_DESCRIPTORS, reason="there is no such process here")


@pytest.fixture(autouse=True)
def large(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Every tree is a large one, and is asked about in many pieces."""
    monkeypatch.setenv("SYNCFS_STATE_DIR", str(tmp_path / "states"))
    monkeypatch.setattr(foresight, "WORTH_NAMES", 1)
    monkeypatch.setattr(foresight, "ASKED_NAMES", 12)


@pytest.fixture
def looked(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Rows]]:
    """Every directory that this process itself looks at."""
    found: list[Rows] = []

    def look(listable: int | str) -> Rows:
        found.append(glance(listable))
        return found[-1]

    monkeypatch.setattr(scan, "glance", look)
    yield found


def write(path: Path, text: str) -> None:
    path.write_text(text)
    os.utime(path, ns=(LONG_AGO_NS, LONG_AGO_NS))


@pytest.fixture
def pair(tmp_path: Path) -> Syncer:
    """Two directories in step, of which the state knows that they are."""
    for directory in DIRECTORIES:
        here = tmp_path / "a" / directory
        here.mkdir(parents=True)
        for number in range(3):
            write(here / f"f{number}", f"{directory}/{number}")
    pair = Syncer(tmp_path / "a", tmp_path / "b", max_delete=15)
    for _ in range(3):
        pair.sync()
    return pair


def contents(root: Path) -> dict[str, str]:
    return {
        str(path.relative_to(root)): path.read_text()
        for path in root.rglob("*")
        if path.is_file() and ".syncfs" not in path.parts
    }


def test_nothing_is_looked_at_twice_where_nothing_changed(pair: Syncer, looked: list[Rows]) -> None:
    report = pair.sync()
    assert (report.ok, report.copied, report.removed) == (True, 0, 0)
    assert looked == []


def test_every_change_is_seen(pair: Syncer, tmp_path: Path, looked: list[Rows]) -> None:
    write(tmp_path / "a" / "docs" / "x" / "y" / "f1", "edited")
    write(tmp_path / "b" / "docs-old" / "new", "new")
    (tmp_path / "b" / "e" / "f2").unlink()
    (tmp_path / "a" / "docs-old" / "z" / "deep").mkdir()
    report = pair.sync()
    assert report.ok and not report.conflicts
    assert (report.copied, report.removed, report.made_directories) == (2, 1, 1)
    assert contents(tmp_path / "a") == contents(tmp_path / "b")
    assert contents(tmp_path / "a")["docs/x/y/f1"] == "edited"
    assert (tmp_path / "b" / "docs-old" / "z" / "deep").is_dir()


def test_a_tree_that_is_gone_on_one_side_is_removed_on_the_other(pair: Syncer, tmp_path: Path) -> None:
    for path in sorted((tmp_path / "a" / "docs").rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    (tmp_path / "a" / "docs").rmdir()
    assert pair.sync().ok
    assert not (tmp_path / "b" / "docs").exists()
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


def test_a_process_that_is_killed_costs_only_time(
    pair: Syncer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, looked: list[Rows]
) -> None:
    bears_mark, killed = ProcessRecogniser.bears_mark, set()

    def kill(self: ProcessRecogniser, directory: str) -> bool:
        if self._pid > 0 and directory == "docs/x":
            killed.add(self._pid)
            os.kill(self._pid, signal.SIGKILL)
        return bears_mark(self, directory)

    monkeypatch.setattr(ProcessRecogniser, "bears_mark", kill)
    write(tmp_path / "a" / "e" / "f1", "edited")
    report = pair.sync()
    assert (report.ok, report.copied, report.removed) == (True, 1, 0)
    assert len(killed) == 2
    assert looked
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


def test_seals_are_told_whatever_order_they_are_asked_for_in(tmp_path: Path) -> None:
    endpoint = LocalEndpoint(str(tmp_path))
    endpoint.check_root()
    store = MemoryStore()
    seals = {f"d{number:03}": Seal(b"l", b"r", 5) for number in range(50)} | {"": Seal(b"", b"", 1)}
    store.set_seals(seals.items())
    paths = sorted(seals)
    with Foresight(store, [endpoint, endpoint]) as ahead:
        for path in [*paths[:3], *paths[40:], "d020x", "e", *paths[3:40]]:
            assert ahead.seal(path) == seals.get(path)
            assert not ahead.bears_mark(Side.LEFT, path)
