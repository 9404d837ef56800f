"""The laws of executors.

::

    class TestFewThreads(ExecutorSuite):
        executor = FewThreads()
"""

from __future__ import annotations

import os
from concurrent.futures import wait
from pathlib import Path
from typing import Any

import pytest

from syncfs.core.report import Report
from syncfs.syncer import Syncer
from syncfs.testing.laws import StrategyLaws
from syncfs.testing.trees import Tree, read_tree, write_tree

__all__ = ["ExecutorSuite"]

_TIMEOUT_S = 120


class ExecutorSuite(StrategyLaws):
    """Subclass it as `Test...` and set `executor`.

    Attributes:
        executor: The executor strategy to test.
    """

    executor: Any

    def strategy(self) -> Any:
        """The strategy."""
        return self.executor

    def test_each_submit_runs_exactly_once_also_an_identical_one(self, tmp_path: Path) -> None:
        with self.executor.open(4) as executor:
            futures = [executor.submit(append_line, str(tmp_path / "log"), "same") for _ in range(50)]
            assert [future.result(_TIMEOUT_S) for future in futures] == ["same"] * 50
        assert (tmp_path / "log").read_text() == "same\n" * 50

    def test_more_may_be_submitted_than_can_run_and_each_has_its_own_outcome(self) -> None:
        with self.executor.open(1) as executor:
            futures = {executor.submit(double, number): number for number in range(200)}
            done, undone = wait(futures, timeout=_TIMEOUT_S)
            assert not undone
            assert {future.result() for future in done} == {2 * number for number in range(200)}
            assert all(future.result() == 2 * number for future, number in futures.items())

    def test_what_is_raised_there_is_raised_here(self) -> None:
        with self.executor.open(2) as executor:
            with pytest.raises(FileNotFoundError):
                executor.submit(os.stat, "/no such file").result(_TIMEOUT_S)
            assert executor.submit(double, 2).result(_TIMEOUT_S) == 4, "and it goes on"

    def test_it_opens_again_after_it_was_closed(self) -> None:
        for _ in range(2):
            with self.executor.open(2) as executor:
                assert executor.submit(double, 1).result(_TIMEOUT_S) == 2

    def test_a_run_on_it_does_what_a_run_on_threads_does(self, tmp_path: Path) -> None:
        tree: Tree = {f"d{number % 3}/f{number}": str(number) for number in range(30)}
        write_tree(tmp_path / "a", tree)
        (tmp_path / "b").mkdir()
        syncer = Syncer(tmp_path / "a", tmp_path / "b", state=tmp_path / "state", executor=self.executor)
        report = syncer.push()
        assert (report.copied, report.problems) == (30, ())
        assert read_tree(tmp_path / "b") == tree
        (tmp_path / "c").mkdir()
        here = Syncer(tmp_path / "a", tmp_path / "c", state=tmp_path / "state-here").push()
        assert facts_of(report) == facts_of(here)
        assert syncer.push().changed == 0

    def test_an_executor_of_the_caller_s_own_is_left_open(self, tmp_path: Path) -> None:
        write_tree(tmp_path / "a", {"f": "f"})
        with self.executor.open(2) as executor:
            assert Syncer(tmp_path / "a", tmp_path / "b", state=None, executor=executor).push().copied == 1
            assert executor.submit(double, 3).result(_TIMEOUT_S) == 6


def facts_of(report: Report) -> dict[str, Any]:
    """What the reports of two runs that did the same have in common."""
    return {name: fact for name, fact in report.to_dict().items() if name not in ("duration_s", "run")}


def double(number: int) -> int:
    """Twice the number; at module level, so that it can be sent to other processes."""
    return 2 * number


def append_line(path: str, line: str) -> str:
    """Append a line to a file, whole also when others do so at once; gives the line."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(descriptor, f"{line}\n".encode())
    finally:
        os.close(descriptor)
    return line
