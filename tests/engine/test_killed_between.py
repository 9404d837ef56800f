"""A run that dies between clearing a name and filling it again leaves no false deletion behind."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from syncfs import Syncer
from syncfs.endpoint.local import LocalEndpoint
from syncfs.testing import read_tree, write_tree


def _killed_while_writing(syncer: Syncer) -> None:
    """Push in a child that dies, as by kill -9, when it is about to write."""
    child = os.fork()
    if child == 0:
        setattr(LocalEndpoint, "write", lambda *_args, **_kwargs: os._exit(9))  # noqa: B010
        try:
            syncer.push()
        finally:
            os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_killed_push_is_not_taken_for_a_deletion_by_the_next_sync(tmp_path: Path) -> None:
    write_tree(tmp_path / "a", {"f": "agreed"})
    state = tmp_path / "state.sqlite"
    syncer = Syncer(tmp_path / "a", tmp_path / "b", state=state, on_conflict="src")
    assert syncer.push().ok
    write_tree(tmp_path / "b", {"f": "edited there"})
    _killed_while_writing(syncer)
    assert "f" not in read_tree(tmp_path / "b"), "the loser is aside, and nothing has taken its place"
    assert syncer.sync().ok
    for side in ("a", "b"):
        tree = read_tree(tmp_path / side)
        assert tree["f"] == "agreed"
        assert sorted(str(node) for node in tree.values()) == ["agreed", "edited there"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_name_that_could_not_be_cleared_keeps_its_record(tmp_path: Path) -> None:
    write_tree(tmp_path / "a", {"f": "agreed"})
    state = tmp_path / "state.sqlite"
    syncer = Syncer(tmp_path / "a", tmp_path / "b", state=state, on_conflict="src")
    assert syncer.push().ok
    write_tree(tmp_path / "b", {"f": "edited there"})
    plan = syncer.plan("push")
    write_tree(tmp_path / "b", {"f": "and once more"})
    report = syncer.apply(plan)
    assert [problem.kind for problem in report.problems] == ["stale", "stale"]
    assert read_tree(tmp_path / "b") == {"f": "and once more"}
    assert [conflict.path for conflict in syncer.plan("push").conflicts] == ["f"]
    (tmp_path / "a" / "f").unlink()
    deleting = Syncer(tmp_path / "a", tmp_path / "b", state=state, delete="synced")
    assert [conflict.kind.value for conflict in deleting.plan("push").conflicts] == ["edit against delete"]
