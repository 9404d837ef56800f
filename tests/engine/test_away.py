"""Copies that other processes do: the same as at home, also where they are done twice, or never told of."""

from __future__ import annotations

import os
import pickle
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest
from fsspec.implementations.memory import MemoryFileSystem

from syncfs import ConfigError, SyncAbortedError, Syncer
from syncfs.engine.errand import Errand
from syncfs.testing import Tree, read_tree, write_tree
from syncfs.testing.executors import facts_of
from tests.servers.server import Folder

TREE: Tree = {
    **{f"d{number % 3}/f{number}": f"{number}" * (number + 1) for number in range(30)},
    "empty/": None,
    "large": "x" * (3 << 20),
}


class Inline(Executor):
    """Runs what it is given after a journey through pickle; a test's subclass does worse."""

    shares_files = True
    processes = 1

    def __init__(self) -> None:
        self.errands: list[Errand] = []

    def submit(self, fn: Callable[..., Any], /, *args: Any, **_: Any) -> Future[Any]:
        self.errands.extend(args)
        future: Future[Any] = Future()
        try:
            future.set_result(self.run(pickle.dumps((fn, args))))
        except Exception as error:
            future.set_exception(error)
        return future

    def run(self, packed: bytes) -> Any:
        fn, args = pickle.loads(packed)
        return pickle.loads(pickle.dumps(fn(*args)))


class Twice(Inline):
    """Loses the first answer, so that everything is done a second time; something may happen in between."""

    def __init__(self, between: Callable[[], object] = lambda: None) -> None:
        super().__init__()
        self.between = between

    def run(self, packed: bytes) -> Any:
        super().run(packed)
        self.between()
        return super().run(packed)


class Lost(Inline):
    """Does everything, and never tells of it."""

    def run(self, packed: bytes) -> Any:
        super().run(packed)
        raise BrokenExecutor("it died")


class Closed(Inline):
    """Takes nothing any more."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **_: Any) -> Future[Any]:
        raise BrokenExecutor("it is closed")


class Processes(Executor):
    """Two processes, each of which does everything, at the same time; who comes last is heard."""

    shares_files = True
    processes = 2

    def __init__(self) -> None:
        self.pools = [ProcessPoolExecutor(1, get_context("spawn")) for _ in range(2)]

    def submit(self, fn: Callable[..., Any], /, *args: Any, **_: Any) -> Future[Any]:
        both = [pool.submit(fn, *args) for pool in self.pools]
        told: Future[Any] = Future()

        def tell(_: object) -> None:
            if all(each.done() for each in both) and not told.done():
                told.set_result(both[-1].result())

        for each in both:
            each.add_done_callback(tell)
        return told


@pytest.fixture(scope="module")
def processes() -> Iterator[Processes]:
    made = Processes()
    yield made
    for pool in made.pools:
        pool.shutdown()


def places(tmp_path: Path, folder: Folder, to: str) -> tuple[Any, Any, Path]:
    """A source with `TREE`, a target that is another directory or a server's, and where that is on disk."""
    write_tree(tmp_path / "a", TREE)
    if to == "local":
        (tmp_path / "b").mkdir()
        return tmp_path / "a", tmp_path / "b", tmp_path / "b"
    return tmp_path / "a", folder.url.replace("http", "webdav", 1), folder.root


@pytest.mark.parametrize("to", ["local", "apache"])
@pytest.mark.parametrize("kind", [Inline, Twice])
def test_a_run_reports_and_leaves_what_a_run_in_threads_does(
    kind: type[Inline], to: str, tmp_path: Path, apache_folder: Folder
) -> None:
    src, dst, root = places(tmp_path, apache_folder, to)
    executor = kind()
    away = Syncer(src, dst, state=tmp_path / "away", executor=executor)
    first = away.push()
    assert executor.errands
    assert read_tree(root) == TREE
    assert away.push().changed == 0

    other = Path(f"{root}-here")
    other.mkdir()
    if to == "apache":
        apache_folder.server.adopt(other)
    here = Syncer(src, other if to == "local" else f"{str(dst).rstrip('/')}-here", state=tmp_path / "here")
    assert facts_of(first) == facts_of(here.push())

    os.utime(tmp_path / "a" / "d1" / "f1", ns=(1, 1))
    write_tree(tmp_path / "a", {"d0/f0": "edited", "large": "y" * (3 << 20)})
    (tmp_path / "a" / "d2" / "f2").unlink()
    assert facts_of(away.push()) == facts_of(here.push())
    assert away.push().changed == 0
    assert read_tree(root) == read_tree(other)


def test_a_process_costs_one_request_more_in_a_run(tmp_path: Path, apache_folder: Folder) -> None:
    write_tree(tmp_path / "a", {f"f{number}": "f" for number in range(20)})
    counts = []
    for executor in (None, Inline()):
        apache_folder.server.clear_requests()
        url = apache_folder.url.replace("http", "webdav", 1)
        assert Syncer(tmp_path / "a", url, state=None, executor=executor).push().copied == 20
        counts.append(Counter(request.method for request in apache_folder.server.requests()))
        for number in range(20):
            (apache_folder.root / f"f{number}").unlink()
    assert counts[1] - counts[0] == {"PROPFIND": 1}
    assert counts[0]["PUT"] == counts[1]["PUT"] == 20


@pytest.mark.parametrize("to", ["local", "apache"])
def test_a_pull_that_is_done_twice_is_one(to: str, tmp_path: Path, apache_folder: Folder) -> None:
    src, dst, root = places(tmp_path, apache_folder, to)
    Syncer(src, dst, state=None).push()
    (tmp_path / "c").mkdir()
    syncer = Syncer(tmp_path / "c", dst, state=tmp_path / "state", executor=Twice())
    report = syncer.pull()
    assert (report.copied, report.conflicts, report.problems) == (31, (), ())
    assert read_tree(tmp_path / "c") == read_tree(root) == TREE
    assert syncer.sync().changed == 0


def test_two_processes_at_the_same_copies_spoil_nothing(tmp_path: Path, processes: Processes) -> None:
    write_tree(tmp_path / "a", TREE)
    (tmp_path / "b").mkdir()
    syncer = Syncer(tmp_path / "a", tmp_path / "b", state=tmp_path / "state", executor=processes)
    report = syncer.push()
    assert (report.copied, report.conflicts, report.problems) == (31, (), ())
    assert read_tree(tmp_path / "b") == TREE
    assert syncer.sync().changed == 0


@pytest.mark.parametrize("to", ["local", "apache"])
def test_an_edit_between_both_tries_is_kept_and_told(to: str, tmp_path: Path, apache_folder: Folder) -> None:
    write_tree(tmp_path / "a", {"f": "ours"})
    (tmp_path / "b").mkdir()
    dst: Any = tmp_path / "b"
    root = tmp_path / "b"
    if to == "apache":
        dst, root = apache_folder.url.replace("http", "webdav", 1), apache_folder.root
    executor = Twice(lambda: (root / "f").write_text("hers"))
    syncer = Syncer(tmp_path / "a", dst, state=tmp_path / "state", executor=executor, on_conflict="keep-both")
    report = syncer.sync()
    assert [problem.kind for problem in report.problems] == ["stale"]
    assert read_tree(root) == {"f": "hers"}
    executor.between = lambda: None
    assert syncer.sync().ok
    assert sorted(map(str, read_tree(root).values())) == ["hers", "ours"]
    assert read_tree(root) == read_tree(tmp_path / "a")
    assert syncer.sync().changed == 0


def test_what_is_never_told_of_is_a_problem_and_the_next_run_finds_it_done(tmp_path: Path) -> None:
    write_tree(tmp_path / "a", TREE)
    (tmp_path / "b").mkdir()
    syncer = Syncer(tmp_path / "a", tmp_path / "b", state=tmp_path / "state", executor=Lost())
    report = syncer.sync()
    assert report.copied == 0
    assert len(report.problems) == 31
    assert all(problem.retryable for problem in report.problems)
    again = Syncer(tmp_path / "a", tmp_path / "b", state=tmp_path / "state").sync()
    assert (again.copied, again.conflicts, again.problems) == (0, (), ())
    assert read_tree(tmp_path / "a") == read_tree(tmp_path / "b") == TREE


def test_an_executor_that_takes_nothing_more_ends_the_run(tmp_path: Path) -> None:
    write_tree(tmp_path / "a", {"f": "f"})
    (tmp_path / "b").mkdir()
    with pytest.raises(SyncAbortedError, match="no more work can be sent") as caught:
        Syncer(tmp_path / "a", tmp_path / "b", state=tmp_path / "state", executor=Closed()).push()
    assert caught.value.report.copied == 0


def test_what_only_this_process_has_is_refused_before_anything_is_done(tmp_path: Path) -> None:
    write_tree(tmp_path / "a", {"f": "f"})

    class Apart(Inline):
        shares_files = False

    class Unsendable(MemoryFileSystem):
        protocol = "unsendable"
        cachable = False

        def __reduce__(self) -> Any:
            raise TypeError("no")

    refused: tuple[tuple[Any, str, Inline, str], ...] = (
        (tmp_path / "b", "", Apart(), "src: .*a is a directory of this machine"),
        (MemoryFileSystem(), "/x", Inline(), "dst: memory://.* cannot be found from another process"),
        (Unsendable(), "/x", Inline(), "dst: this Unsendable cannot be sent to another process"),
    )
    for dst, path, executor, said in refused:
        with pytest.raises(ConfigError, match=said):
            Syncer(tmp_path / "a", dst, dst_path=path, state=None, executor=executor).push()
        assert executor.errands == []
    assert not (tmp_path / "b").exists()


def test_a_named_secret_does_not_travel_and_no_repr_shows_any(
    tmp_path: Path, apache_folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SYNCFS_TEST_SECRET", "s3cret")
    write_tree(tmp_path / "a", {"f": "f"})
    url = apache_folder.url.replace("http", "webdav", 1)
    named, given = Inline(), Inline()
    options = {"username": "ann", "password": "env:SYNCFS_TEST_SECRET"}
    assert Syncer(tmp_path / "a", url, dst_options=options, state=None, executor=named).push().copied == 1
    (apache_folder.root / "f").unlink()
    outright = url.replace("://", "://ann:s3cret@")
    assert Syncer(tmp_path / "a", outright, state=None, executor=given).push().copied == 1
    assert b"s3cret" not in pickle.dumps(named.errands)
    assert b"s3cret" in pickle.dumps(given.errands)
    for errand in (*named.errands, *given.errands):
        assert "s3cret" not in repr(errand) + repr(pickle.loads(errand.seat))


def test_a_worker_that_finds_another_place_does_nothing(tmp_path: Path) -> None:
    write_tree(tmp_path / "a", {"f": "f"})
    (tmp_path / "b").mkdir()

    class Astray(Inline):
        def run(self, packed: bytes) -> Any:
            fn, (errand,) = pickle.loads(packed)
            seat = pickle.loads(errand.seat)
            left, right = seat.ways
            moved = replace(seat, run="elsewhere", ways=(left, replace(right, root="0:1")))
            return fn(replace(errand, run=f"{errand.run}x", seat=pickle.dumps(moved)))

    with pytest.raises(SyncAbortedError, match="dst: a worker finds another directory under"):
        Syncer(tmp_path / "a", tmp_path / "b", state=None, executor=Astray()).push()
    assert read_tree(tmp_path / "b") == {}


def test_the_processes_share_a_rate(tmp_path: Path) -> None:
    write_tree(tmp_path / "a", {"f": b"x" * 50_000})
    (tmp_path / "b").mkdir()
    executor = Inline()
    executor.processes = 4
    begun_s = time.monotonic()
    Syncer(tmp_path / "a", tmp_path / "b", state=None, executor=executor, bwlimit=400_000).push()
    assert [errand.bytes_per_s for errand in executor.errands] == [100_000]
    assert time.monotonic() - begun_s > 0.4, "it is held below it there"
