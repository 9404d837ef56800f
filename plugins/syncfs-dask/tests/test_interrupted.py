"""Ctrl-C reaches every process of the command; what was under way is finished and recorded."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest

from syncfs import Syncer
from syncfs.testing import read_tree, write_tree

FILES = 200


def test_an_interrupted_run_ends_in_order(tmp_path: Path) -> None:
    try:
        distribution("syncfs-dask")
    except PackageNotFoundError:
        pytest.skip("a command finds installed plugins only")
    a, b, state = tmp_path / "a", tmp_path / "b", tmp_path / "state"
    write_tree(a, {f"f{number}": "x" * 1_000 for number in range(FILES)})
    b.mkdir()
    words = ["push", a, b, "--state", state, "--executor", "dask:workers=1", "--bwlimit", "50k", "-q"]
    process = subprocess.Popen(
        [sys.executable, "-m", "syncfs", *map(str, words)],
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    deadline_s = time.monotonic() + 60
    while len(list(b.iterdir())) < 20:
        assert process.poll() is None and time.monotonic() < deadline_s
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert b"Traceback" not in said
    there = len(list(b.iterdir()))
    assert there < FILES
    assert Syncer(a, b, state=state).push().copied == FILES - there
    assert read_tree(a) == read_tree(b)
