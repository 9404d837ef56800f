"""The laws of observers.

::

    class TestCopyCounter(ObserverSuite):
        def observer(self):
            return CopyCounter()
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from syncfs.core.event import Event
from syncfs.core.report import Report
from syncfs.errors import CancelledSyncError, EndpointUnavailableError, UnsafePlanError
from syncfs.plugin import hookimpl
from syncfs.syncer import Syncer
from syncfs.testing.trees import Tree, read_tree, write_tree

__all__ = ["ObserverSuite"]

_TREE: Tree = {"a.txt": "a", "d/b.txt": "b", "d/e/c.txt": "c", "empty/": None}


class ObserverSuite:
    """Subclass it as `Test...` and give `observer`."""

    def observer(self) -> Any:
        """A new observer: the plugin, a module or an object."""
        raise NotImplementedError

    def _syncer(self, tmp_path: Path, **more: Any) -> Syncer:
        plugins = [self.observer(), *more.pop("plugins", ())]
        state = tmp_path / "state.sqlite"
        return Syncer(tmp_path / "a", tmp_path / "b", state=state, plugins=plugins, **more)

    def test_it_sees_a_push_and_a_dry_run_without_raising(self, tmp_path: Path) -> None:
        write_tree(tmp_path / "a", _TREE)
        for dry_run in (True, False, False):
            assert self._syncer(tmp_path).push(dry_run=dry_run).problems == ()
        assert read_tree(tmp_path / "b") == _TREE

    def test_it_sees_failures_and_runs_that_are_stopped_without_raising(self, tmp_path: Path) -> None:
        def problems(error: Any) -> list[str]:
            return [each.message for each in getattr(error.report, "problems", ()) if each.kind == "plugin"]

        with pytest.raises(EndpointUnavailableError) as missing:
            self._syncer(tmp_path).push()
        write_tree(tmp_path / "a", _TREE)
        assert self._syncer(tmp_path).push().problems == ()
        (tmp_path / "a" / "a.txt").unlink()
        with pytest.raises(UnsafePlanError) as refused:
            self._syncer(tmp_path, delete="synced", max_delete=0).push()
        (tmp_path / "a" / "new.txt").write_text("n")
        cancel = threading.Event()
        cancel.set()
        with pytest.raises(CancelledSyncError) as cancelled:
            self._syncer(tmp_path, cancel=cancel).push()
        assert not [said for error in (missing, refused, cancelled) for said in problems(error.value)]

    def test_a_run_does_the_same_with_it_and_without(self, tmp_path: Path) -> None:
        write_tree(tmp_path / "a", _TREE)
        plain = Syncer(tmp_path / "a", tmp_path / "b", state=tmp_path / "state.sqlite")
        assert self._syncer(tmp_path).plan("push").to_json() == plain.plan("push").to_json()

    def test_others_beside_it_are_told_everything_in_order(self, tmp_path: Path) -> None:
        write_tree(tmp_path / "a", _TREE)
        other = _Recorder()
        report = self._syncer(tmp_path, plugins=[other]).push()
        assert other.told[:1] == ["started"]
        assert other.told[-1:] == ["finished"]
        assert [word for word in other.told if word != "events"] == ["started", "planned", "finished"]
        assert sum(event.kind.value == "done" and event.action == "copy" for event in other.events) == 3
        assert other.reports == [report]


class _Recorder:
    """Notes what it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.events: list[Event] = []
        self.reports: list[Report] = []

    @hookimpl
    def syncfs_run_started(self) -> None:
        self.told.append("started")

    @hookimpl
    def syncfs_plan_ready(self) -> None:
        self.told.append("planned")

    @hookimpl
    def syncfs_events(self, events: Sequence[Event]) -> None:
        self.told.append("events")
        self.events.extend(events)

    @hookimpl
    def syncfs_run_finished(self, report: Report) -> None:
        self.told.append("finished")
        self.reports.append(report)
