"""A state at a URL, and strategies by name, as words of the command line."""

from __future__ import annotations

import json
from pathlib import Path

from syncfs.testing import read_tree, write_tree
from tests.cli.conftest import Run
from tests.servers.server import Folder


def test_machines_that_share_only_a_url_sync_exactly(
    syncfs: Run, tmp_path: Path, apache_folder: Folder
) -> None:
    write_tree(tmp_path / "a", {"f": "f", "g": "g"})
    apache_folder.write({"data/": None, "states/": None})
    url = apache_folder.url.replace("http", "webdav", 1)
    words = ("a", f"{url}data", "--state", f"{url}states/pair.sqlite", "-q")
    first = syncfs("sync", *words, "--executor", "threads", SYNCFS_STATE_DIR=str(tmp_path / "one"))
    assert (first.code, first.err) == (0, "")
    (apache_folder.root / "data" / "f").unlink()
    second = syncfs("sync", *words, "--json", SYNCFS_STATE_DIR=str(tmp_path / "two"))
    assert json.loads(second.out)["removed"] == 1
    assert "f" not in read_tree(tmp_path / "a")
    history = syncfs("history", *words, "--json", SYNCFS_STATE_DIR=str(tmp_path / "three"))
    assert [run["mode"] for run in json.loads(history.out)] == ["sync", "sync"]
    plan = syncfs("plan", "push", *words, "--state-option", "password=s3cret", "--json")
    assert "s3cret" not in plan.out
    assert f"{url}states/pair.sqlite" in plan.out


def test_what_is_no_name_is_told_in_one_line(syncfs: Run, tmp_path: Path) -> None:
    write_tree(tmp_path / "a", {"f": "f"})
    for words, said in (
        (("--executor", "dask"), "no executor is named 'dask'. Known executors: threads"),
        (("--state", "store:redis"), "no state store is named 'redis'"),
        (("--state-option", "a=1"), "state_options are for a state at a URL"),
        (("--state", "memory://x"), "state: memory://x names no file in a directory"),
        (("--on-conflict", "newer:by=1"), "the policy 'newer' has no option by; it has none"),
    ):
        done = syncfs("push", "a", "b", "-q", *words)
        assert (done.code, len(done.err.splitlines())) == (2, 1), done.err
        assert said in done.err
    assert not (tmp_path / "b").exists()
