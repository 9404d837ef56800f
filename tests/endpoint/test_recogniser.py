"""A process of its own tells which directories still bear their marks, and nothing depends on it."""

import os
import signal
import sys
from pathlib import Path

import pytest

from syncfs.endpoint.beneath import HAS_DESCRIPTORS
from syncfs.endpoint.local import LocalEndpoint
from syncfs.endpoint.recogniser import ProcessRecogniser

LONG_AGO_NS = 1_700_000_000_123_456_789

pytestmark = pytest.mark.skipif(not HAS_DESCRIPTORS, reason="there is no such process here")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for directory in ("", "a", "a/b", "ü", "\udcff", "empty"):
        here = tmp_path / "root" / directory
        here.mkdir()
        if directory != "empty":
            (here / "file").write_text(directory.encode("utf-8", "surrogateescape").hex())
            os.utime(here / "file", ns=(LONG_AGO_NS, LONG_AGO_NS))
    return tmp_path / "root"


@pytest.fixture
def endpoint(root: Path) -> LocalEndpoint:
    endpoint = LocalEndpoint(str(root))
    endpoint.check_root()
    return endpoint


def marks(endpoint: LocalEndpoint) -> list[tuple[str, bytes]]:
    found = []
    for directory in ("", "a", "a/b", "empty", "\udcff", "ü"):
        mark = endpoint.list_unless(directory, None).mark
        if mark is None:
            assert directory == ""  # a name in it is no text
            mark = b""
        found.append((directory, mark))
    return found


def started(endpoint: LocalEndpoint) -> ProcessRecogniser:
    recogniser = endpoint.recogniser()
    assert isinstance(recogniser, ProcessRecogniser)
    return recogniser


def told(recogniser: ProcessRecogniser, asked: list[tuple[str, bytes]]) -> set[str]:
    return {directory for directory, _ in asked if recogniser.bears_mark(directory)}


def test_what_bears_its_mark_is_recognised_each_time_it_is_asked(endpoint: LocalEndpoint) -> None:
    asked = marks(endpoint)
    with started(endpoint) as recogniser:
        for _ in range(2):
            recogniser.ask(asked[:2])
            recogniser.ask(asked[2:])
            assert recogniser.waiting == 2
            assert told(recogniser, asked[::-1]) == {"a", "a/b", "empty", "\udcff", "ü"}
            assert recogniser.waiting == 0
        assert told(recogniser, asked) == set()  # an answer is told once


def test_what_changed_is_not_recognised_nor_what_leads_elsewhere(
    endpoint: LocalEndpoint, root: Path, tmp_path: Path
) -> None:
    asked = marks(endpoint)
    (root / "a" / "b" / "new").touch()
    (root / "ü").rename(tmp_path / "moved")
    (root / "ü").symlink_to(tmp_path / "moved")
    (root / "empty").rmdir()
    with started(endpoint) as recogniser:
        recogniser.ask([*asked, ("../moved", asked[-1][1]), ("a/../\udcff", asked[-2][1])])
        assert told(recogniser, asked) == {"a", "\udcff"}
        assert not recogniser.bears_mark("../moved") and not recogniser.bears_mark("a/../\udcff")


def test_a_directory_in_the_root_s_place_is_not_taken_for_it(
    endpoint: LocalEndpoint, root: Path, tmp_path: Path
) -> None:
    asked = marks(endpoint)
    with started(endpoint) as recogniser:
        root.rename(tmp_path / "was")
        root.mkdir()
        for directory in ("a", "ü", "empty"):
            (tmp_path / "was" / directory).rename(root / directory)
        recogniser.ask(asked)
        assert told(recogniser, asked) == set()


def test_a_process_that_dies_leaves_what_it_told_and_recognises_nothing_more(endpoint: LocalEndpoint) -> None:
    asked = marks(endpoint)
    with started(endpoint) as recogniser:
        recogniser.ask(asked[:2])
        recogniser.ask(asked[2:])
        assert recogniser.bears_mark("a")
        os.kill(recogniser._pid, signal.SIGSTOP)
        recogniser.ask(asked)
        os.kill(recogniser._pid, signal.SIGKILL)
        assert told(recogniser, asked) <= {directory for directory, _ in asked[2:]}
        recogniser.ask(asked)
        assert told(recogniser, asked) == set()


@pytest.mark.parametrize("executable", ["", "/no/such/python", "/bin/false", os.__file__])
def test_where_it_cannot_be_started_nothing_is_recognised(
    endpoint: LocalEndpoint, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, executable: str
) -> None:
    asked = marks(endpoint)
    if executable == "/bin/false":  # one that ends at once, under a name that looks right
        executable = str(tmp_path / "python")
        Path(executable).symlink_to("/bin/false")
    monkeypatch.setattr(sys, "executable", executable)
    before = set(os.listdir("/dev/fd"))
    with started(endpoint) as recogniser:
        for _ in range(3):
            recogniser.ask(asked)
            assert told(recogniser, asked) == set()
    assert set(os.listdir("/dev/fd")) == before


def test_it_ends_with_the_block_and_leaves_no_process_and_no_descriptor(endpoint: LocalEndpoint) -> None:
    asked = marks(endpoint)
    before = set(os.listdir("/dev/fd"))
    with started(endpoint) as recogniser:
        recogniser.ask(asked)
        pid = recogniser._pid
        assert os.getpgid(pid) == pid  # a Ctrl-C in the terminal does not reach it
    assert set(os.listdir("/dev/fd")) == before
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
