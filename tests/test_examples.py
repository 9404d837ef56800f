"""The examples run as they stand, against real servers."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from syncfs.testing import read_tree, write_tree
from tests.servers.proxy import Fault, Proxy, Reply
from tests.servers.server import Folder

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


def test_the_interface_of_webdavclient_moves_directories_and_then_nothing(
    webdav_server: Folder, tmp_path: Path
) -> None:
    write_tree(tmp_path / "site", TREE)
    webdav_server.write({"projects/site/there.txt": "x"})
    words = ("webdavclient_moves.py", webdav_server.url, "projects/site", tmp_path / "site")
    assert run(*words) == "projects/site is there: True\n"
    both = {**TREE, "there.txt": "x"}
    assert read_tree(tmp_path / "site") == read_tree(webdav_server.root / "projects" / "site") == both
    webdav_server.clear_requests()
    run(*words)
    assert not [each for each in webdav_server.requests() if each.method not in ("PROPFIND", "OPTIONS")]


def test_errors_of_webdavclient_are_told_apart(wsgidav_folder: Folder, tmp_path: Path) -> None:
    here, url = tmp_path / "here", wsgidav_folder.url
    write_tree(here, TREE)
    for verb, hostname, remote, local, said in (
        ("push", url, "site", here, "done"),
        ("push", url, "site", tmp_path / "no", "make the local directory first"),
        ("push", url, "no/site", here, "make the directory above it"),
        ("pull", url, "no", here, "nothing there to fetch"),
        ("sync", url, "no", here, "nothing there to fetch"),
        ("sync", "http://127.0.0.1:9/", "site", here, "try again later"),
    ):
        assert run("webdavclient_errors.py", verb, hostname, remote, local, expect=said != "done").startswith(
            said
        )
    with Proxy(url, Fault(Reply(507), method="PUT", every=True)) as proxy:
        write_tree(here, {"more.txt": "x"})
        said = run("webdavclient_errors.py", "push", proxy.url, "site", here, expect=1)
    assert said.startswith("make room")


def test_what_goes_wrong_is_told_apart(wsgidav_folder: Folder, tmp_path: Path) -> None:
    here, url = tmp_path / "here", dav(wsgidav_folder)
    write_tree(here, TREE)
    assert run("handle_errors.py", here, url) == "2 copied\n"
    assert "the call itself is wrong" in run("handle_errors.py", here, here / "deep", expect=2)
    assert "try again later" in run("handle_errors.py", here, "webdav://127.0.0.1:9/dav", expect=6)
    assert "look at it" in run("handle_errors.py", tmp_path / "no" / "docs", url, expect=6)
    shutil.rmtree(here)
    here.mkdir()
    assert "nothing was written" in run("handle_errors.py", here, url, expect=4)
    assert wsgidav_folder.read() == TREE


def test_a_periodic_sync_ends_after_its_rounds(webdav_server: Folder, tmp_path: Path) -> None:
    write_tree(tmp_path / "docs", TREE)
    lines = run("periodic_sync.py", tmp_path / "docs", dav(webdav_server), 3, 0.01).splitlines()
    assert [line.split(" ", 1)[1] for line in lines] == [
        "2 copied, 0 removed",
        "0 copied, 0 removed",
        "0 copied, 0 removed",
    ]
    assert webdav_server.read() == TREE


def test_a_periodic_sync_goes_on_when_a_server_is_away(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    lines = run(
        "periodic_sync.py", tmp_path / "docs", "webdav://127.0.0.1:9/dav", 2, 0.01, expect=1
    ).splitlines()
    assert len(lines) == 2


def test_a_backup_has_a_dated_directory_that_stays_and_one_that_is_current(
    webdav_server: Folder, tmp_path: Path
) -> None:
    project = tmp_path / "project"
    write_tree(project, {**TREE, "build/x.o": "x"})
    printed = run("project_backup.py", project, dav(webdav_server)).splitlines()
    assert [line.split(": ")[1] for line in printed] == ["2 copied, 0 removed"] * 2
    dated = printed[0].split(":")[0]
    (project / "a.txt").unlink()
    write_tree(project, {"new.txt": "n"})
    second = run("project_backup.py", project, dav(webdav_server)).splitlines()
    assert not second[0].startswith(dated)
    assert read_tree(webdav_server.root / dated) == TREE
    current = read_tree(webdav_server.root / "current")
    assert {name for name in current if not name.startswith(".syncfs")} == {
        "deep/er/b.bin",
        "empty/",
        "new.txt",
    }


def test_shared_files_are_edited_between_two_pulls_and_sent(webdav_server: Folder, tmp_path: Path) -> None:
    webdav_server.write({"plan.md": "old\n", "other.md": "x\n"})
    edit = (sys.executable, "-c", "import sys; open(sys.argv[1], 'a').write('mine\\n')", "plan.md")
    assert run("edit_together.py", tmp_path / "shared", dav(webdav_server), *edit) == "0 fetched, 1 sent\n"
    assert webdav_server.read() == {"plan.md": "old\nmine\n", "other.md": "x\n"}
    # Somebody changes the same file and adds another while it is edited here.
    there = webdav_server.root
    meanwhile = f"import pathlib; there = pathlib.Path({str(there)!r}); "
    meanwhile += "(there / 'plan.md').write_text('theirs, longer\\n'); (there / 'new.md').write_text('n')"
    both = (sys.executable, "-c", f"{meanwhile}; open('plan.md', 'a').write('again\\n')")
    printed = run("edit_together.py", tmp_path / "shared", dav(webdav_server), *both, expect=3)
    assert printed == "plan.md: somebody else has changed it too\n1 fetched, 0 sent\n"
    here = read_tree(tmp_path / "shared")
    assert here == {"plan.md": "old\nmine\nagain\n", "other.md": "x\n", "new.md": "n"}
    assert webdav_server.read() == {"plan.md": "theirs, longer\n", "other.md": "x\n", "new.md": "n"}


def test_a_selective_sync_leaves_the_rest_alone(webdav_server: Folder, tmp_path: Path) -> None:
    write_tree(tmp_path / "docs", {"a.md": "a", "b.txt": "b", "drafts/c.md": "c"})
    webdav_server.write({"d.md": "d", "e.txt": "e"})
    words = ("--include", "*.md", "--exclude", "drafts/")
    printed = run("selective_sync.py", tmp_path / "docs", dav(webdav_server), *words)
    assert printed == "2 copied, 0 removed, 0 no longer tracked\n"
    assert webdav_server.read() == {"a.md": "a", "d.md": "d", "e.txt": "e"}
    assert set(read_tree(tmp_path / "docs")) == {"a.md", "b.txt", "d.md", "drafts/c.md"}


def test_a_monitor_logs_every_run_and_sums_them_up(webdav_server: Folder, tmp_path: Path) -> None:
    write_tree(tmp_path / "docs", TREE)
    log = tmp_path / "runs.jsonl"
    for _ in range(2):
        run("monitor.py", log, tmp_path / "docs", dav(webdav_server))
    run("monitor.py", log, tmp_path / "docs", "webdav://127.0.0.1:9/dav", expect=1)
    lines = run("monitor.py", log).splitlines()
    assert lines[:3] == ["3 runs, 2 without trouble", "copied: 2", "removed: 0"]
    assert len(lines) == 5
    assert "dst: " in lines[4]
