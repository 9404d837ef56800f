"""What a command does not load, it does not wait for."""

import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import ROOT

HEAVY = {"fsspec", "rich", "httpx", "webdav4", "sqlite3", "pluggy", "platformdirs", "filelock", "pathspec"}


def loaded_by(*words: str) -> set[str]:
    """The top-level modules that a command imports."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "syncfs", *words],
        capture_output=True,
        encoding="utf-8",
        cwd=ROOT,
        timeout=60,
    )
    return {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}


@pytest.mark.parametrize("words", [("--version",), ("-V",)])
def test_the_version_loads_nothing_heavy(words: tuple[str, ...]) -> None:
    assert not loaded_by(*words) & (HEAVY | {"click", "importlib_metadata"})


@pytest.mark.parametrize("words", [("--help",), ("push", "--help"), ("push", "--frobnicate")])
def test_help_and_wrong_options_load_nothing_heavy(words: tuple[str, ...]) -> None:
    assert not loaded_by(*words) & HEAVY


@pytest.mark.usefixtures("environment")
def test_a_run_between_local_directories_loads_only_what_it_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SYNCFS_DISABLE_PLUGIN_AUTOLOAD", "1")  # whatever is installed beside us
    for side in ("a", "b"):
        (tmp_path / side).mkdir()
    loaded = loaded_by("push", str(tmp_path / "a"), str(tmp_path / "b"))
    assert "sqlite3" in loaded
    unneeded = {"email", "shutil", "socket", "ssl", "tempfile", "urllib", "zipfile"}
    assert not loaded & (HEAVY - {"sqlite3", "pluggy"} | unneeded)


@pytest.mark.usefixtures("environment")
def test_a_run_over_plain_http_loads_only_what_it_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SYNCFS_DISABLE_PLUGIN_AUTOLOAD", "1")
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    loaded = loaded_by("push", str(tmp_path), f"webdav://127.0.0.1:{port}/")
    assert {"socket", "pyexpat"} <= loaded
    unneeded = {"email", "http", "netrc", "shlex", "shutil", "ssl", "tempfile", "xml.sax"}
    assert not loaded & (HEAVY - {"sqlite3", "pluggy"} | unneeded)


@pytest.mark.usefixtures("environment")
def test_a_run_that_shows_no_bar_does_not_load_rich() -> None:
    assert "rich" not in loaded_by("push", "no-such-directory", "b")


def test_the_version_is_the_distribution_s_own() -> None:
    from syncfs._version import __version__

    done = subprocess.run(
        [sys.executable, "-m", "syncfs", "--version"], capture_output=True, encoding="utf-8", cwd=ROOT
    )
    assert done.stdout == f"syncfs {__version__}\n"
    assert re.fullmatch(r"\d+\.\d+\.\d+\S*", __version__)
