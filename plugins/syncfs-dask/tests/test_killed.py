"""Workers killed in the middle of a run: nothing is lost or told wrong, and the next run has no work."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from conftest import Doomed
from syncfs_dask import Dask

from syncfs import Report, Syncer
from syncfs.testing import Tree, read_tree, write_tree

Target = Callable[[str], tuple[Any, Path]]

FILES = 200
SIZE_BYTES = 2_000
BYTES_PER_S = 200_000
"""So that a run takes two seconds, and a batch is half done nearly always."""


def tree_of(mark: str) -> Tree:
    return {
        f"d{number % 5}/f{number}": (mark * SIZE_BYTES)[: SIZE_BYTES - number % 7] for number in range(FILES)
    }


def done_in(root: Path, mark: str) -> int:
    """How many files hold what the run brings."""
    return sum(path.read_bytes()[:1] == mark.encode() for path in root.glob("d*/f*"))


def run_and_kill(
    run: Callable[[], Report], doomed: Doomed, progress: Callable[[], int], times: int
) -> Report:
    """Run, and kill one worker after the other in its course."""
    until(doomed.is_complete)
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(run)
        for time_ in range(1, times + 1):
            at = FILES * time_ // (times + 1)
            until(lambda at=at: running.done() or progress() >= at)  # type: ignore[misc]
            assert not running.done(), f"it ended before anything was killed: {running.result()}"
            os.kill(doomed.nannies[time_ % 2].pid, signal.SIGKILL)
        return running.result(60)


def seen(root: Path) -> Tree:
    """What users see: what a killed process left half-written is ours to remove."""
    return {path: content for path, content in read_tree(root).items() if ".syncfs" not in path}


def until(is_so: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + 30
    while not is_so():
        assert time.monotonic() < deadline_s, "it took too long"
        time.sleep(0.002)


def test_a_push_goes_on_without_the_killed(target: Target, tmp_path: Path, doomed: Doomed) -> None:
    dst, root = target("b")
    dask = Dask(address=doomed.address, shared=True)
    syncer = Syncer(tmp_path / "a", dst, state=tmp_path / "state", executor=dask, bwlimit=BYTES_PER_S)
    for mark, times in (("x", 2), ("y", 1)):  # all new, then all replaced
        write_tree(tmp_path / "a", tree_of(mark))
        report = run_and_kill(syncer.push, doomed, lambda mark=mark: done_in(root, mark), times)  # type: ignore[misc]
        assert (report.copied, report.problems, report.conflicts) == (FILES, (), ())
        assert report.bytes_transferred == sum(len(str(text)) for text in tree_of(mark).values())
        assert seen(root) == read_tree(tmp_path / "a") == tree_of(mark)
        assert syncer.push().changed == 0
        assert read_tree(root) == tree_of(mark), "temporary files of the killed are gone"
    assert Syncer(tmp_path / "a", dst, state=tmp_path / "state").sync().changed == 0


def test_a_sync_both_ways_goes_on_without_the_killed(target: Target, tmp_path: Path, doomed: Doomed) -> None:
    dst, root = target("b")
    half = dict(list(tree_of("x").items())[::2])
    other = dict(list(tree_of("x").items())[1::2])
    write_tree(tmp_path / "a", half)
    first = Syncer(tmp_path / "other", dst, state=None)
    write_tree(tmp_path / "other", other)
    assert first.push().ok
    dask = Dask(address=doomed.address, shared=True)
    syncer = Syncer(tmp_path / "a", dst, state=tmp_path / "state", executor=dask, bwlimit=BYTES_PER_S)

    def progress() -> int:
        return done_in(root, "x") + done_in(tmp_path / "a", "x") - FILES

    report = run_and_kill(syncer.sync, doomed, progress, 2)
    assert (report.copied, report.problems, report.conflicts) == (FILES, (), ())
    assert seen(root) == seen(tmp_path / "a") == tree_of("x")
    assert syncer.sync().changed == 0
    assert read_tree(root) == read_tree(tmp_path / "a") == tree_of("x")
