"""Ctrl-C."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import IO

import pytest

from syncfs.testing import read_tree

if os.name != "posix":
    pytest.skip("Windows has no SIGINT to send to one process", allow_module_level=True)

FILE_BYTES = 2 * 1024**2
FILES = 12


@pytest.fixture
def push(tmp_path: Path, environment: dict[str, str]) -> subprocess.Popen[str]:
    """A push that would take a minute, at the moment when its first file has arrived."""
    (tmp_path / "a").mkdir()
    for number in range(FILES):
        (tmp_path / "a" / f"{number:02}").write_bytes(os.urandom(FILE_BYTES))
    process = subprocess.Popen(
        [sys.executable, "-m", "syncfs", "push", "a", "b", "--jsonl", "--jobs", "2", "--bwlimit", "3M"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        cwd=tmp_path,
        env=environment,
    )
    for line in _stream(process.stdout):
        if json.loads(line).get("action") == "copy":
            break
    return process


def _stream(stream: IO[str] | None) -> IO[str]:
    assert stream is not None
    return stream


def test_the_first_one_lets_running_copies_finish_and_says_how_far_it_came(
    push: subprocess.Popen[str], tmp_path: Path, environment: dict[str, str]
) -> None:
    push.send_signal(signal.SIGINT)
    out, err = push.communicate(timeout=60)
    assert push.returncode == 130
    assert "Traceback" not in err
    assert "syncfs: interrupted; running copies finish" in err
    report = json.loads(out.splitlines()[-1])
    arrived = read_tree(tmp_path / "b")
    assert (report["ok"], report["error"]["kind"]) == (False, "CancelledSyncError")
    assert 0 < report["copied"] == len(arrived) < FILES
    assert all((tmp_path / "b" / name).stat().st_size == FILE_BYTES for name in arrived)
    again = subprocess.run(
        [sys.executable, "-m", "syncfs", "push", "a", "b", "--json"],
        capture_output=True,
        cwd=tmp_path,
        env=environment,
        timeout=60,
    )
    assert json.loads(again.stdout)["copied"] == FILES - len(arrived)


def test_the_second_one_ends_it_at_once(push: subprocess.Popen[str], tmp_path: Path) -> None:
    push.send_signal(signal.SIGINT)
    for line in _stream(push.stderr):
        if "interrupted" in line:
            break
    push.send_signal(signal.SIGINT)
    out, err = push.communicate(timeout=60)
    assert push.returncode == 130
    assert "Traceback" not in err
    assert '"event": "report"' not in out
    arrived = [name for name in os.listdir(tmp_path / "b") if not name.startswith(".syncfs")]
    assert all((tmp_path / "b" / name).stat().st_size == FILE_BYTES for name in arrived)
