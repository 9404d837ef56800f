"""What the README shows does what it says."""

from __future__ import annotations

import re
import subprocess
import sys
import types
from pathlib import Path

import pytest

from syncfs import Syncer
from syncfs.plugin import load
from syncfs.testing import read_tree, write_tree
from tests.servers.server import Folder

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


def block(marker: str) -> str:
    """The code block after a marker comment."""
    found = re.search(rf"<!-- {marker} -->\n```\w+\n(.*?)```", README, re.DOTALL)
    assert found, marker
    return found[1]


def test_the_first_example_pushes_a_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, webdav_server: Folder
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("SYNCFS_STATE_DIR", str(tmp_path / "state"))
    write_tree(tmp_path / "docs", {"a.txt": "one", "d/b.txt": "two"})
    url = webdav_server.url.rstrip("/").replace("http", "webdav", 1)
    code = block("example: first").replace("webdavs://ann@nas.example/docs", url)
    assert url in code
    exec(compile(code, "README.md", "exec"), {})
    assert read_tree(webdav_server.root) == read_tree(tmp_path / "docs")


def test_the_comparator_of_twenty_lines_is_chosen_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = block("example: comparator")
    assert len(code.strip().splitlines()) <= 21
    module = types.ModuleType("syncfs_size_parity")
    monkeypatch.setitem(sys.modules, module.__name__, module)  # dataclasses look it up
    exec(compile(code, "README.md", "exec"), module.__dict__)
    plugins = load([module])
    assert "size-parity" in plugins.comparators()
    write_tree(tmp_path / "a", {"even": "22", "odd": "1"})
    write_tree(tmp_path / "b", {"even": "4444", "odd": "22"})
    syncer = Syncer(
        tmp_path / "a", tmp_path / "b", plugins=plugins, compare="size-parity", on_conflict="src", state=None
    )
    assert syncer.push().copied == 1
    assert read_tree(tmp_path / "b")["even"] == "4444"
    assert read_tree(tmp_path / "b")["odd"] == "1"


def test_webdavclient_s_calls_work_on_a_real_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, webdav_server: Folder
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("SYNCFS_STATE_DIR", str(tmp_path / "state"))
    write_tree(tmp_path / "docs", {"a.txt": "one"})
    code = block("example: webdavclient").replace("https://nas.example/dav", webdav_server.url)
    code = code.replace(', "webdav_login": "ann", "webdav_password": "…"', "")
    exec(compile(code, "README.md", "exec"), {})
    assert read_tree(webdav_server.root) == {"docs/a.txt": "one"}


def test_a_pipeline_s_task_pushes_and_reports(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, webdav_server: Folder
) -> None:
    monkeypatch.setenv("SYNCFS_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("NAS_PASSWORD", "not asked for")
    write_tree(tmp_path / "out", {"a.txt": "one"})
    url = webdav_server.url.rstrip("/").replace("http://", "webdav://ann@", 1)
    code = block("example: pipeline").replace("webdavs://ann@nas.example/out", url)
    code = code.replace("s3://bucket/states/out.sqlite", str(tmp_path / "out.sqlite"))
    code = code.replace("s3://bucket/out", str(tmp_path / "out"))
    told: dict[str, object] = {}
    exec(compile(code, "README.md", "exec"), told)
    report = told["report"]
    assert isinstance(report, dict)
    assert (report["copied"], report["ok"]) == (1, True)
    assert (webdav_server.root / "a.txt").read_text() == "one"


def test_the_line_that_pushes_a_checkout_finds_no_difference(tmp_path: Path) -> None:
    """The line itself makes a virtual environment; here its script runs in this one, on a small folder."""
    assert block("demo-command").rstrip().endswith(" examples/first_push.py")
    write_tree(tmp_path / "folder", {"a.txt": "one", "d/b.txt": "two", "empty/": None, ".hidden": "h"})
    done = subprocess.run(
        [sys.executable, ROOT / "examples" / "first_push.py", tmp_path / "folder"],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert "3 copied" in done.stdout
    assert "nothing to do" in done.stdout
    assert "no difference" in done.stdout
