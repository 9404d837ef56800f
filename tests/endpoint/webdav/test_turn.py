"""Turns: one writer at a time, nobody kept out by the dead, and no request where they are of no use."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from syncfs import Syncer
from syncfs.endpoint.webdav import turn as turns
from syncfs.testing import write_tree
from tests.acceptance.support import dav
from tests.endpoint.webdav.support import endpoint, methods
from tests.servers.proxy import Delay, Fault, Proxy
from tests.servers.server import Folder, Server

NAME = ".syncfs-turn"


@pytest.fixture
def src(tmp_path: Path) -> Path:
    write_tree(tmp_path / "src", {"f": "x"})
    return tmp_path / "src"


def taken(folder: Folder, seconds_ago: float = 0) -> None:
    """Let somebody else have the turn since then."""
    folder.write({f"{NAME}/": None})
    then = time.time() - seconds_ago
    os.utime(folder.root / NAME, (then, then))


def test_a_short_run_takes_one_turn_for_all_it_writes(apache_folder: Folder, src: Path) -> None:
    write_tree(src, {"g": "y", "h": "z"})
    assert Syncer(src, dav(apache_folder.url), state=None).push().copied == 3
    asked = methods(apache_folder)
    assert asked[:2] == ["PROPFIND1", "MKCOL"] and asked[-1] == "DELETE"
    assert sorted(asked[2:-1]) == ["PROPFIND1", "PUT", "PUT", "PUT"]
    assert NAME not in os.listdir(apache_folder.root)


def test_a_long_run_and_one_that_writes_nothing_take_none(
    apache_folder: Folder, src: Path, tmp_path: Path
) -> None:
    write_tree(tmp_path / "many", {str(number): "x" for number in range(20)})
    write_tree(tmp_path / "large", {"f": "x" * (1 << 20) + "y"})
    for place in ("many", "large"):
        assert Syncer(tmp_path / place, dav(apache_folder.url), state=None).push().ok
    assert Syncer(dav(apache_folder.url), tmp_path / "there", state=None).push().copied == 21
    assert "MKCOL" not in methods(apache_folder)


def test_none_is_asked_for_where_conditions_hold_or_mkcol_proves_nothing(
    server_named: Callable[[str], Server], rclone_folder: Folder, src: Path
) -> None:
    for folder in (server_named("lighttpd").folder(), rclone_folder):
        assert Syncer(src, dav(folder.url), state=None).push().copied == 1
        assert "MKCOL" not in methods(folder)


def test_whoever_has_the_turn_is_waited_for(apache_folder: Folder, src: Path) -> None:
    taken(apache_folder)
    push = threading.Thread(target=Syncer(src, dav(apache_folder.url), state=None).push)
    push.start()
    while "MKCOL" not in methods(apache_folder):
        assert push.is_alive()
    assert "f" not in apache_folder.read()
    (apache_folder.root / NAME).rmdir()
    push.join(20)
    assert apache_folder.read() == {"f": "x"}


def test_the_dead_keep_nobody_out(apache_folder: Folder, src: Path) -> None:
    taken(apache_folder, seconds_ago=60)
    assert Syncer(src, dav(apache_folder.url), state=None).push().copied == 1
    assert os.listdir(apache_folder.root) == ["f"]


def test_who_is_killed_while_it_has_the_turn_keeps_nobody_out(apache_folder: Folder, src: Path) -> None:
    with Proxy(apache_folder.url, Fault(Delay(60), method="PUT")) as proxy:
        command = [sys.executable, "-m", "syncfs", "push", str(src), dav(proxy.url), "--state", "none"]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as push:
            while not [each for each in proxy.requests() if each.method == "MKCOL"]:
                assert push.poll() is None
                time.sleep(0.01)
            push.kill()
        assert os.listdir(apache_folder.root) == [NAME]
        started_s = time.monotonic()
        assert Syncer(src, dav(apache_folder.url), state=None).push().copied == 1
        assert time.monotonic() - started_s < 20
    assert os.listdir(apache_folder.root) == ["f"] and apache_folder.read() == {"f": "x"}


def test_who_waits_in_vain_goes_on(apache_folder: Folder, src: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "_PATIENCE_S", 0.3)
    taken(apache_folder)
    assert Syncer(src, dav(apache_folder.url), state=None).push().copied == 1
    assert (apache_folder.root / NAME).is_dir(), "it was another's"


def test_where_no_collection_can_be_made_there_is_no_turn(apache_folder: Folder) -> None:
    side = endpoint(apache_folder.url)
    apache_folder.clear_requests()
    apache_folder.root.chmod(0o555)
    try:
        with side.turn(threading.Event()):
            asked = methods(apache_folder)
    finally:
        apache_folder.root.chmod(0o755)
    assert asked == ["MKCOL", "PROPFIND0"] * 3
    assert methods(apache_folder) == asked, "a turn was given up that nobody had"


def test_a_turn_that_took_too_long_is_left_to_whoever_has_it_now(
    apache_folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "_TURN_S", 0.0)
    with endpoint(apache_folder.url).turn(threading.Event()):
        pass
    assert (apache_folder.root / NAME).is_dir()


def test_a_wait_ends_when_the_run_is_cancelled(apache_folder: Folder) -> None:
    taken(apache_folder)
    cancel = threading.Event()
    cancel.set()
    with endpoint(apache_folder.url).turn(cancel):
        assert "MKCOL" not in methods(apache_folder)
