"""The progress bar, on a terminal that is one as far as the process can tell."""

import json
import os
import re
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest

from syncfs.testing import read_tree

pty = pytest.importorskip("pty", reason="pseudo-terminals are POSIX's")

MEGABYTE = 1024**2


def run_on_a_terminal(
    *words: str, cwd: Path, environment: dict[str, str], pipe_stdout: bool = False
) -> tuple[int, str, str]:
    """Run a command with a terminal as stderr; its code, what the terminal got, and what stdout got."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "syncfs", *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE if pipe_stdout else slave,
        stderr=slave,
        cwd=cwd,
        env={**environment, "TERM": environment.get("TERM", "xterm"), "COLUMNS": "120"},
    )
    os.close(slave)
    shown, printed = bytearray(), bytearray()
    sources = {master: shown}
    if process.stdout is not None:
        sources[process.stdout.fileno()] = printed
    deadline_s = time.monotonic() + 60
    while sources and time.monotonic() < deadline_s:
        for source in select.select(list(sources), [], [], 1)[0]:
            try:
                piece = os.read(source, 65536)
            except OSError:  # how Linux says that nobody holds the other end any more
                piece = b""
            if not piece:
                del sources[source]
            else:
                sources[source] += piece
    os.close(master)
    if process.stdout is not None:
        process.stdout.close()
    return process.wait(10), shown.decode(), printed.decode()


@pytest.fixture
def slow_push(tmp_path: Path) -> tuple[str, ...]:
    """A push that takes two seconds."""
    (tmp_path / "a").mkdir()
    for number in range(8):
        (tmp_path / "a" / str(number)).write_bytes(os.urandom(MEGABYTE))
    return ("push", "a", "b", "--bwlimit", "4M")


def test_a_terminal_sees_files_bytes_rate_and_time_left(
    slow_push: tuple[str, ...], tmp_path: Path, environment: dict[str, str]
) -> None:
    code, shown, _ = run_on_a_terminal(*slow_push, cwd=tmp_path, environment=environment)
    assert code == 0, shown
    plain = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", shown)
    assert re.search(r"[1-7]/8 files", plain)
    assert re.search(r"\d\.\d/8\.4 MB|\d\.\d/8\.0 MiB", plain)
    assert re.search(r"\d MB/s|\d MiB/s", plain)
    assert re.search(r"0:00:0[1-9]", plain)
    assert plain.rstrip().splitlines()[-1].startswith("push: 8 copied (8.0 MiB)")
    assert shown.count("\x1b[?25l") == shown.count("\x1b[?25h")
    assert len(read_tree(tmp_path / "b")) == 8


def test_a_bar_on_stderr_leaves_a_piped_stdout_to_programs(
    slow_push: tuple[str, ...], tmp_path: Path, environment: dict[str, str]
) -> None:
    code, shown, printed = run_on_a_terminal(
        *slow_push, "--jsonl", cwd=tmp_path, environment=environment, pipe_stdout=True
    )
    events = [json.loads(line) for line in printed.splitlines()]
    assert (code, events[-1]["copied"]) == (0, 8)
    assert "files" in shown


@pytest.mark.parametrize("words", [("-q",), ("-v",), ("--jsonl",)])
def test_there_is_no_bar_where_something_else_is_written_to_the_terminal(
    slow_push: tuple[str, ...], words: tuple[str, ...], tmp_path: Path, environment: dict[str, str]
) -> None:
    code, shown, _ = run_on_a_terminal(*slow_push[:3], *words, cwd=tmp_path, environment=environment)
    assert code == 0
    assert "\x1b" not in shown


def test_a_dumb_terminal_gets_no_bar(
    slow_push: tuple[str, ...], tmp_path: Path, environment: dict[str, str]
) -> None:
    dumb = {**environment, "TERM": "dumb"}
    code, shown, _ = run_on_a_terminal(*slow_push[:3], cwd=tmp_path, environment=dumb)
    assert code == 0
    assert "\x1b" not in shown
