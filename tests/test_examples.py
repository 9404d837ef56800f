"""The examples run as they stand, against real servers."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers.server import Folder
from tests.trees import read_tree, write_tree

EXAMPLES = Path(__file__).parent.parent / "examples"
TREE = {"a.txt": "text\n", "deep/er/b.bin": b"\xff\x00", "empty/": None}


@pytest.fixture(autouse=True)
def own_state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SYNCFS_STATE_DIR", str(tmp_path / "state"))


def run(name: str, *words: object, expect: int = 0) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", EXAMPLES / name, *map(str, words)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONPATH": str(EXAMPLES.parent), "PYTHONIOENCODING": "utf-8"},
        timeout=120,
    )
    assert done.returncode == expect, done.stderr
    return done.stdout


def dav(folder: Folder) -> str:
    """A folder's address as syncfs writes it."""
    return folder.url.replace("http://", "webdav://")


def test_a_pushed_folder_can_be_pulled_elsewhere(webdav_server: Folder, tmp_path: Path) -> None:
    write_tree(tmp_path / "here", TREE)
    assert "2 copied" in run("push_folder.py", tmp_path / "here", dav(webdav_server))
    assert "0 copied" in run("push_folder.py", tmp_path / "here", dav(webdav_server))
    printed = run("pull_elsewhere.py", tmp_path / "there", dav(webdav_server))
    assert "copy a.txt" in printed
    assert "2 copied, 0 removed" in printed
    assert read_tree(tmp_path / "there") == TREE


def test_a_custom_comparator_decides_what_is_the_same(wsgidav_folder: Folder, tmp_path: Path) -> None:
    write_tree(tmp_path / "notes", {"same.txt": "one two\n", "other.txt": "three\n"})
    wsgidav_folder.write({"same.txt": "one\r\n  two\r\n", "other.txt": "four\r\n"})
    run("custom_comparator.py", tmp_path / "notes", dav(wsgidav_folder))
    on_server = read_tree(wsgidav_folder.root)
    assert on_server["same.txt"] == "one\r\n  two\r\n"
    assert "three\n" in on_server.values()
    assert "four\r\n" in on_server.values()


def test_a_pipeline_task_reports_in_json_and_keeps_its_state_where_it_is_told(
    wsgidav_folder: Folder, tmp_path: Path
) -> None:
    write_tree(tmp_path / "out", TREE)
    state = tmp_path / "volume" / "out.sqlite"
    state.parent.mkdir()
    words = ("push", tmp_path / "out", dav(wsgidav_folder), state)
    first = json.loads(run("pipeline_task.py", *words))
    assert (first["ok"], first["retryable"], first["copied"]) == (True, False, 2)
    assert state.exists()
    assert not (tmp_path / "state").exists() or not list((tmp_path / "state").glob("*.sqlite"))
    again = json.loads(run("pipeline_task.py", *words))
    assert (again["ok"], again["copied"]) == (True, 0)


def test_a_pipeline_task_tells_what_may_go_away_from_what_will_not(tmp_path: Path) -> None:
    write_tree(tmp_path / "out", TREE)
    state = tmp_path / "out.sqlite"
    nobody_there = "webdav://127.0.0.1:9/dav"
    printed = run("pipeline_task.py", "push", tmp_path / "out", nobody_there, state, expect=75)
    assert json.loads(printed)["retryable"] is True
    printed = run("pipeline_task.py", "push", tmp_path / "missing", tmp_path / "b", state, expect=1)
    assert json.loads(printed)["retryable"] is False
